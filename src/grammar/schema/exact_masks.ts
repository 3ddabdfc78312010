/**
 * Whether masks keep an answer to its schema token by token, or may lead it to where
 * no token may come.
 *
 * An answer goes on as long as each condition, by itself, can still hold. That is
 * enough where conditions that have to hold together leave each other alone. So every
 * set of schemas that one value may have to match is written as alternatives, each a
 * list of conditions, and for each alternative it is shown that some value matches,
 * and that what can be written for each condition can be for all. What is not shown
 * counts as a dead end.
 *
 * @module
 */

import { RequestError } from "../../errors.ts";
import { haveCommonEnds } from "../regex/common_ends.ts";
import type { NumberCondition } from "../json/number_text.ts";
import { allowWork, spendWork, workLeft } from "../work_bound.ts";
import {
  type Alternative,
  alternativesOf,
  DeadEndFound,
} from "./alternatives.ts";
import {
  type ArrayCondition,
  type Kind,
  KINDS,
  type ObjectCondition,
  type StringCondition,
} from "./condition.ts";
import { all } from "./condition_formula.ts";
import { ObjectNeeds, type ValueNeeds } from "./object_needs.ts";
import { joined } from "./scalar_conditions.ts";
import type { SchemaNode } from "./schema_document.ts";
import {
  type ConditionSource,
  isMet,
  type Needs,
  needsOf,
  type SchemaSet,
} from "./schema_sets.ts";

/** Units of work. */
const MOST_MASK_WORK = 400_000;

/** Where masks may lead nowhere, and why. */
export interface DeadEnd {
  /** The schema. */
  readonly node: SchemaNode;
  /** What it has, as the end of a sentence. */
  readonly why: string;
}

/**
 * Finds where masks may lead nowhere; nothing if that is nowhere. What it costs does
 * not count as work of the schema.
 */
export function deadEndOf(
  source: ConditionSource,
  root: SchemaNode,
): DeadEnd | undefined {
  const left = workLeft();
  allowWork(MOST_MASK_WORK);
  try {
    return findExactMask(source, root);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { node: root, why: "too much to look at" };
  } finally {
    allowWork(left);
  }
}

function findExactMask(
  source: ConditionSource,
  root: SchemaNode,
): DeadEnd | undefined {
  const sets = new SchemaSets(source);
  sets.of([root]);
  for (const set of sets.all) {
    try {
      sets.read(set);
    } catch (error) {
      if (!(error instanceof DeadEndFound)) throw error;
      return { node: set.nodes[0] ?? root, why: error.why };
    }
  }
  sets.match();
  for (const { nodes, branches, startable } of sets.all) {
    const futile = branches.some((needs) =>
      !isMet(needs) || needs.named.some(({ matched }) => !matched) ||
      needs.may.some(({ matched, startable }) => startable && !matched)
    );
    if (startable && futile) {
      return { node: nodes[0] ?? root, why: "what no value can be" };
    }
  }
  return undefined;
}

class SchemaSets implements ValueNeeds {
  readonly #schemaSource: ConditionSource;
  readonly #objects: ObjectNeeds;
  readonly #knownPlans = new Map<string, SchemaSet>();
  readonly #strings = new Map<string, boolean>();

  constructor(source: ConditionSource) {
    this.#schemaSource = source;
    this.#objects = new ObjectNeeds(source, this);
  }

  get all(): Iterable<SchemaSet> {
    return this.#knownPlans.values();
  }

  /** The set of some schemas. */
  of(nodes: readonly SchemaNode[]): SchemaSet {
    const own = [...new Set(nodes)].filter(({ value }) => value !== true)
      .sort((a, b) => a.id - b.id);
    const key = own.map(({ id }) => id).join();
    let found = this.#knownPlans.get(key);
    if (found === undefined) {
      found = { nodes: own, branches: [], startable: false, matched: false };
      this.#knownPlans.set(key, found);
    }
    return found;
  }

  /** Writes a set as its alternatives. */
  read(set: SchemaSet): void {
    for (const kind of KINDS) {
      const parts = set.nodes.map((node) => this.#schemaSource.of(node, kind));
      const formula = joined(all(parts));
      if (formula.kind === "constant" && !formula.value) {
        // Each by itself may be begun all the same.
        if (parts.some((part) => part.kind === "constant" && !part.value)) {
          continue;
        }
        throw new DeadEndFound("schemas that exclude each other");
      }
      set.startable = true;
      for (const branch of alternativesOf(all(parts))) {
        set.branches.push(this.#needs(branch, kind));
      }
    }
  }

  /** Finds out which sets some value matches. */
  match(): void {
    for (let more = true; more;) {
      more = false;
      for (const set of this.#knownPlans.values()) {
        spendWork(1 + set.branches.length);
        const found = set.branches.some(isMet);
        if (set.matched || !found) continue;
        set.matched = true;
        more = true;
      }
    }
  }

  #needs({ conditions, absent }: Alternative, kind: Kind): Needs {
    spendWork(2 + conditions.length);
    switch (kind) {
      case "string":
        this.expectStrings(conditions as readonly StringCondition[]);
        return needsOf();
      case "number":
        expectNumbers(conditions as readonly NumberCondition[]);
        return needsOf();
      case "array":
        return this.#items(conditions as readonly ArrayCondition[]);
      case "object":
        return this.#objects.of(
          conditions as readonly ObjectCondition[],
          absent,
        );
    }
    return needsOf();
  }

  /** Makes sure that texts that keep to all of them are within reach. */
  expectStrings(conditions: readonly StringCondition[]): void {
    if (conditions.some(({ checks }) => checks.length > 0)) {
      throw new DeadEndFound("a format or pattern that only whole texts show");
    }
    const least = Math.max(0, ...conditions.map(({ least }) => least));
    const most = Math.min(...conditions.map(({ most }) => most));
    const automata = [
      ...new Set(conditions.flatMap(({ automata }) => automata)),
    ];
    if (least > most || automata.includes(undefined)) {
      throw new DeadEndFound("lengths that exclude each other");
    }
    const starts = automata.filter((state) => state !== undefined);
    if (starts.some(({ missing }) => missing > most)) {
      throw new DeadEndFound("a length too small for its pattern");
    }
    if (starts.length === 0 || starts.length === 1 && least === 0) return;
    const bounded = conditions.some(({ most, values }) =>
      most !== Infinity || values !== undefined
    );
    const key = `${starts.map(({ id }) => id)} ${least} ${most} ${bounded}`;
    let found = this.#strings.get(key);
    if (found === undefined) {
      found = haveCommonEnds(starts, least, most, bounded);
      this.#strings.set(key, found);
    }
    if (found) return;
    throw new DeadEndFound("a pattern or format beside others or a length");
  }

  #items(conditions: readonly ArrayCondition[]): Needs {
    if (conditions.some(({ unique }) => unique)) {
      throw new DeadEndFound("uniqueItems");
    }
    if (conditions.some(({ contains }) => contains !== undefined)) {
      throw new DeadEndFound("contains");
    }
    const longest = Math.max(0, ...conditions.map(({ first }) => first.length));
    const least = Math.max(0, ...conditions.map(({ least }) => least));
    const most = Math.min(
      ...conditions.map(({ most, rest, first }) =>
        rest?.value === false ? Math.min(most, first.length) : most
      ),
    );
    if (least > most) throw new DeadEndFound("lengths that exclude each other");
    const needs = needsOf();
    for (let i = 0; i <= longest && i < most; i++) {
      const set = this.of(conditions.flatMap(({ first, rest }) => {
        const own = i < first.length ? first[i] : rest;
        return own === undefined ? [] : [own];
      }));
      if (set.nodes.some(({ value }) => value === false)) {
        if (i < least) throw new DeadEndFound("items that may not be there");
        break;
      }
      (i < least ? needs.must : needs.may).push(set);
    }
    return needs;
  }
}

function expectNumbers(conditions: readonly NumberCondition[]): void {
  const asking = conditions.filter((one) => !isPlain(one));
  const integers = conditions.some(({ integer }) => integer);
  if (asking.length === 0) return;
  const [one, ...others] = asking;
  if (one.integer ? !hasExponents(one) || conditions.length === 1 : !integers) {
    if (others.length === 0) return;
  }
  throw new DeadEndFound("several bounds of a number");
}

/** Whether a condition says of a number at most that it is an integer. */
function isPlain(
  { low, high, multiples, values }: NumberCondition,
): boolean {
  return low === -Infinity && high === Infinity && multiples.length === 0 &&
    values === undefined;
}

/** Whether a condition names a value that is written with an exponent. */
function hasExponents({ values = [] }: NumberCondition): boolean {
  return values.some((value) => JSON.stringify(value).includes("e"));
}
