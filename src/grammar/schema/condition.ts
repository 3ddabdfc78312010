/**
 * What a schema asks of a value of one kind, as one condition.
 *
 * @module
 */

import { PrefixTree, type TextState } from "../regex/automaton.ts";
import type { Formula } from "./condition_formula.ts";
import type { NumberCondition } from "../json/number_text.ts";
import type { SchemaNode } from "./schema_document.ts";

/** What a value begins as. */
export const KINDS = [
  "string",
  "number",
  "object",
  "array",
  "true",
  "false",
  "null",
] as const;

/** One of them. */
export type Kind = typeof KINDS[number];

/** What a schema asks of a string. */
export interface StringCondition {
  /** Names the kind of value. */
  readonly kind: "string";
  /** Characters. */
  readonly least: number;
  /** The largest count; Infinity where there is none. */
  readonly most: number;
  /** All of them accept it; `undefined` accepts nothing. */
  readonly automata: readonly (TextState | undefined)[];
  /** What only a whole string shows. */
  readonly checks: readonly ((text: string) => boolean)[];
  /** It is one of them; any value by default. */
  readonly values?: readonly string[];
}

/** What a schema asks of an array. */
export interface ArrayCondition {
  /** Names the kind of value. */
  readonly kind: "array";
  /** Schemas of the first items. */
  readonly first: readonly SchemaNode[];
  /** Schema of the others. */
  readonly rest: SchemaNode | undefined;
  /** The smallest count. */
  readonly least: number;
  /** The largest count; Infinity where there is none. */
  readonly most: number;
  /** Whether no two are equal. */
  readonly unique: boolean;
  /** Schema that some items keep to. */
  readonly contains: SchemaNode | undefined;
  /** Items that have to match `contains` at least. */
  readonly leastContained: number;
  /** Items that may match `contains` at most. */
  readonly mostContained: number;
}

/** What a schema asks of an object. */
export interface ObjectCondition {
  /** Names the kind of value. */
  readonly kind: "object";
  /** The schemas of named properties. */
  readonly properties: ReadonlyMap<string, SchemaNode>;
  /** The schemas of properties by patterns of their names. */
  readonly patterns: readonly {
    readonly automaton: TextState | undefined;
    readonly check: RegExp | undefined;
    readonly schema: SchemaNode;
  }[];
  /** Schema of the properties that are in neither. */
  readonly additional: SchemaNode | undefined;
  /** Names that have to be there. */
  readonly required: readonly string[];
  /** The smallest count. */
  readonly least: number;
  /** The largest count; Infinity where there is none. */
  readonly most: number;
  /** Schema of the names. */
  readonly names: SchemaNode | undefined;
  /** Order of properties. */
  readonly order: readonly string[];
  /** Whether a property must be named by some condition of the value. */
  readonly closed: boolean;
}

/** What a schema asks of a value of one kind. */
export type Condition =
  | StringCondition
  | NumberCondition
  | ArrayCondition
  | ObjectCondition;

/** The kind of a value that is read. */
export function kindOf(value: unknown): Kind {
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (Array.isArray(value)) return "array";
  return typeof value === "object" ? "object" : typeof value as Kind;
}

/** A condition of strings that leaves the rest open. */
export function stringOf(given: Partial<StringCondition>): Formula<Condition> {
  const { values } = given;
  const condition: StringCondition = {
    kind: "string",
    least: 0,
    most: Infinity,
    checks: [],
    automata: values === undefined ? [] : [PrefixTree.of(values)],
    ...given,
  };
  return { kind: "condition", condition };
}

/** A condition of numbers that leaves the rest open. */
export function numberOf(given: Partial<NumberCondition>): Formula<Condition> {
  const condition: NumberCondition = {
    kind: "number",
    integer: false,
    low: -Infinity,
    lowOpen: false,
    high: Infinity,
    highOpen: false,
    multiples: [],
    ...given,
  };
  return { kind: "condition", condition };
}

/** A condition of objects that have some properties. */
export function requiring(required: readonly string[]): Formula<Condition> {
  const condition: ObjectCondition = {
    kind: "object",
    properties: new Map(),
    patterns: [],
    additional: undefined,
    required,
    least: 0,
    most: Infinity,
    names: undefined,
    order: [],
    closed: false,
  };
  return { kind: "condition", condition };
}

/** Schemas of values inside of what a formula asks for. */
export function innerNodes(formula: Formula<Condition>): SchemaNode[] {
  switch (formula.kind) {
    case "constant":
      return [];
    case "not":
      return innerNodes(formula.part);
    case "condition":
      return nodesOf(formula.condition);
  }
  return formula.parts.flatMap(innerNodes);
}

function nodesOf(condition: Condition): SchemaNode[] {
  const present = (node: SchemaNode | undefined) =>
    node === undefined ? [] : [node];
  if (condition.kind === "array") {
    const { first, rest, contains } = condition;
    return [...first, ...present(rest), ...present(contains)];
  }
  if (condition.kind !== "object") return [];
  const { properties, patterns, additional, names } = condition;
  return [
    ...properties.values(),
    ...patterns.map(({ schema }) => schema),
    ...present(additional),
    ...present(names),
  ];
}
