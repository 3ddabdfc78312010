/**
 * Schemas that one value has to match together, and what such a value needs.
 *
 * @module
 */

import type { Condition, Kind } from "./condition.ts";
import type { Formula } from "./condition_formula.ts";
import type { SchemaNode } from "./schema_document.ts";

/** What schemas ask of values of a kind. */
export interface ConditionSource {
  /** What a value of this kind has to keep to under a node. */
  of(node: SchemaNode, kind: Kind): Formula<Condition>;
}

/** Schemas that one value has to match. */
export interface SchemaSet {
  /** Each once, in order of id. */
  readonly nodes: readonly SchemaNode[];
  /** For each alternative, what it needs. */
  readonly branches: Needs[];
  /** Whether some kind of value can be begun. */
  startable: boolean;
  /** Whether it is known that some value matches. */
  matched: boolean;
}

/** What an alternative needs. */
export interface Needs {
  /** Sets of which a value has to be there. */
  readonly must: SchemaSet[];
  /** Sets of which one may. */
  readonly may: SchemaSet[];
  /** Sets that names lead to before it is known whether they have a value. */
  readonly named: SchemaSet[];
  /** How many of the sets have to have a value. */
  least: number;
}

/** Nothing yet. */
export function needsOf(): Needs {
  return { must: [], may: [], named: [], least: 0 };
}

/** Whether some value is there for all that an alternative needs. */
export function isMet({ must, may, least }: Needs): boolean {
  if (must.some(({ matched }) => !matched)) return false;
  return must.length + may.filter(({ matched }) => matched).length >= least;
}
