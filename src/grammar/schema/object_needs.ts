/**
 * What objects need that keep to several conditions at once: which properties, and
 * which schemas each of those has to match together.
 *
 * @module
 */

import { accepts } from "../regex/automaton.ts";
import { leadsOn } from "../regex/common_ends.ts";
import { spendWork } from "../work_bound.ts";
import {
  type Alternative,
  alternativesOf,
  DeadEndFound,
} from "./alternatives.ts";
import type {
  Condition,
  ObjectCondition,
  StringCondition,
} from "./condition.ts";
import { FAILED, HELD, standing, type Truth } from "./condition_formula.ts";
import type { SchemaNode } from "./schema_document.ts";
import {
  type ConditionSource,
  type Needs,
  needsOf,
  type SchemaSet,
} from "./schema_sets.ts";

/** Patterns of names of one object that are looked at. */
const MOST_PATTERNS = 4;

/** Who knows the other values. */
export interface ValueNeeds {
  /** The set of some schemas. */
  of(nodes: readonly SchemaNode[]): SchemaSet;
  /** Makes sure that texts lead nowhere. */
  expectStrings(conditions: readonly StringCondition[]): void;
}

/** Finds what objects need. */
export class ObjectNeeds {
  readonly #needSource: ConditionSource;
  readonly #valueNeeds: ValueNeeds;

  /** Reads schemas from `source`. */
  constructor(source: ConditionSource, values: ValueNeeds) {
    this.#needSource = source;
    this.#valueNeeds = values;
  }

  /**
   * What an object needs.
   *
   * @param absent Names that may not be there.
   * @throws {DeadEndFound} Where masks may lead nowhere.
   */
  of(
    conditions: readonly ObjectCondition[],
    absent: readonly string[],
  ): Needs {
    const patterns = conditions.flatMap(({ patterns }) => patterns);
    if (patterns.length > MOST_PATTERNS) {
      throw new DeadEndFound("many patternProperties");
    }
    if (
      patterns.some(({ check, schema }) =>
        check !== undefined || schema.value === false
      )
    ) throw new DeadEndFound("patternProperties that forbid names");
    const ruled = conditions.some(({ names }) => names !== undefined);
    if (ruled && patterns.length > 0) {
      throw new DeadEndFound("patternProperties beside propertyNames");
    }
    if (conditions.filter(({ order }) => order.length > 0).length > 1) {
      throw new DeadEndFound("more than one propertyOrdering");
    }
    const names = new Set(conditions.flatMap(({ properties, required }) => [
      ...properties.keys(),
      ...required,
    ]));
    const required = new Set(conditions.flatMap(({ required }) => required));
    this.#expectCounts(conditions, required);
    const needs = needsOf();
    for (const name of names) {
      spendWork(1 + conditions.length);
      const nodes = this.#nodesOf(conditions, name, absent);
      if (nodes === undefined) {
        if (required.has(name)) {
          throw new DeadEndFound(
            `the required property ${
              JSON.stringify(name)
            }, which may not be there`,
          );
        }
        continue;
      }
      (required.has(name) ? needs.must : needs.may).push(
        this.#valueNeeds.of(nodes),
      );
    }
    const open = conditions.every(({ additional, closed, patterns }) =>
      patterns.length > 0 || !closed && additional?.value !== false
    );
    const least = Math.max(0, ...conditions.map(({ least }) => least));
    if (least > 0 && absent.length > 0) {
      throw new DeadEndFound("minProperties beside dependent ones");
    }
    if (!open) needs.least = least;
    if (!open && patterns.length === 0) return needs;
    this.#otherNeeds(conditions, patterns, needs);
    for (const { names: node } of conditions) {
      if (node === undefined) continue;
      const formula = this.#needSource.of(node, "string");
      for (const one of alternativesOf(formula)) {
        this.#expectName(one);
        if (!one.conditions.every(leadsToMore)) {
          throw new DeadEndFound("propertyNames of few names");
        }
      }
    }
    return needs;
  }

  #expectName({ conditions }: Alternative): void {
    spendWork(2 + conditions.length);
    this.#valueNeeds.expectStrings(conditions as readonly StringCondition[]);
  }

  #expectCounts(
    conditions: readonly ObjectCondition[],
    required: ReadonlySet<string>,
  ): void {
    for (const { most, required: own, least } of conditions) {
      if (most === Infinity) continue;
      const fewest = Math.max(...conditions.map(({ least }) => least));
      if (required.size > own.length || fewest > Math.max(least, 0)) {
        throw new DeadEndFound("maxProperties beside what others require");
      }
      if (Math.max(fewest, required.size) > most) {
        throw new DeadEndFound("more required properties than maxProperties");
      }
    }
  }

  /** What a named property has to match; nothing if it may not be there. */
  #nodesOf(
    conditions: readonly ObjectCondition[],
    name: string,
    absent: readonly string[],
  ): SchemaNode[] | undefined {
    if (absent.includes(name)) return undefined;
    const nodes: SchemaNode[] = [];
    const somewhere = conditions.some(({ properties, required, patterns }) =>
      properties.has(name) || required.includes(name) ||
      patterns.some(({ automaton }) => accepts(automaton, name))
    );
    for (const condition of conditions) {
      const { properties, patterns, additional, closed, names } = condition;
      if (names !== undefined && !this.#isName(names, name)) return undefined;
      const own = properties.get(name);
      const found = [
        ...(own === undefined ? [] : [own]),
        ...patterns.filter(({ automaton }) => accepts(automaton, name))
          .map(({ schema }) => schema),
      ];
      if (found.length === 0) {
        if (closed && !somewhere) return undefined;
        if (additional !== undefined) found.push(additional);
      }
      nodes.push(...found);
    }
    return nodes.some(({ value }) => value === false) ? undefined : nodes;
  }

  #isName(node: SchemaNode, name: string): boolean {
    const formula = this.#needSource.of(node, "string");
    const of = (condition: Condition): Truth =>
      condition.kind === "string" && holds(condition, name) ? HELD : FAILED;
    return standing(formula, of) === HELD;
  }

  /** What properties have to match that no condition names. */
  #otherNeeds(
    conditions: readonly ObjectCondition[],
    patterns: ObjectCondition["patterns"],
    { may, named }: Needs,
  ): void {
    const closed = conditions.filter(({ patterns, additional }) =>
      patterns.length > 0 && additional?.value === false
    );
    if (
      patterns.some(({ automaton }) =>
        automaton !== undefined && !leadsOn(automaton)
      )
    ) throw new DeadEndFound("patternProperties of few names");
    if (closed.length > 1) {
      throw new DeadEndFound("patternProperties that exclude others twice");
    }
    for (let chosen = 0; chosen < 1 << patterns.length; chosen++) {
      const matched = new Set(
        patterns.filter((_, i) => ((chosen >>> i) & 1) === 1),
      );
      let barred = false;
      const nodes = conditions.flatMap(({ patterns, additional, closed }) => {
        const own = patterns.filter((pattern) => matched.has(pattern));
        if (own.length > 0) return own.map(({ schema }) => schema);
        barred ||= additional?.value === false || closed && matched.size === 0;
        return additional === undefined ? [] : [additional];
      });
      if (!barred) {
        (matched.size > 0 ? named : may).push(this.#valueNeeds.of(nodes));
      }
    }
  }
}

/** Whether there are texts without end that keep to a condition of names. */
function leadsToMore(condition: Condition): boolean {
  if (condition.kind !== "string") return true;
  return condition.most === Infinity &&
    condition.automata.every((state) => state !== undefined && leadsOn(state));
}

function holds(
  { least, most, automata, checks }: StringCondition,
  text: string,
): boolean {
  const { length } = [...text];
  return length >= least && length <= most &&
    automata.every((automaton) => accepts(automaton, text)) &&
    checks.every((check) => check(text));
}
