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

import { accepts } from "../regex/automaton.ts";
import { RequestError } from "../../errors.ts";
import { haveCommonEnds, leadsOn } from "../regex/common_ends.ts";
import type { NumberCondition } from "../json/number_text.ts";
import { allowWork, spendWork, workLeft } from "../work_bound.ts";
import {
  type ArrayCondition,
  type Condition,
  type Kind,
  KINDS,
  type ObjectCondition,
  type StringCondition,
} from "./condition.ts";
import { all, type Formula, type Truth } from "./condition_formula.ts";
import { FAILED, HELD, standing } from "./condition_formula.ts";
import { joined } from "./scalar_conditions.ts";
import type { SchemaNode } from "./schema_document.ts";

/** Units of work, alternatives of one schema, patterns of names in one. */
const MOST = { work: 400_000, branches: 1024, patterns: 4 };

/** Where masks may lead nowhere, and why. */
export interface DeadEnd {
  /** The schema. */
  readonly node: SchemaNode;
  /** What it has, as the end of a sentence. */
  readonly why: string;
}

/** What schemas ask of values of a kind. */
export interface ConditionSource {
  /** What a value of this kind has to keep to under a node. */
  of(node: SchemaNode, kind: Kind): Formula<Condition>;
}

/** One way to match a set of schemas. */
interface Branch {
  readonly conditions: readonly Condition[];
  /** Names that may not be there. */
  readonly absent: readonly string[];
}

/** Schemas that one value has to match. */
interface SchemaSet {
  readonly nodes: readonly SchemaNode[];
  /** For each alternative, what it needs. */
  readonly branches: Needs[];
  /** Whether some kind of value can be begun. */
  startable: boolean;
  /** Whether it is known that some value matches. */
  matched: boolean;
}

/** What an alternative needs. */
interface Needs {
  /** Sets of which a value has to be there. */
  readonly must: SchemaSet[];
  /** Sets of which one may. */
  readonly may: SchemaSet[];
  /** Sets that names lead to before it is known whether they have a value. */
  readonly named: SchemaSet[];
  /** How many of the sets have to have a value. */
  least: number;
}

function needsOf(): Needs {
  return { must: [], may: [], named: [], least: 0 };
}

class DeadEndFound {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
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
  allowWork(MOST.work);
  try {
    return find(source, root);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { node: root, why: "too much to look at" };
  } finally {
    allowWork(left);
  }
}

function find(
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

class SchemaSets {
  readonly #source: ConditionSource;
  readonly #known = new Map<string, SchemaSet>();
  readonly #strings = new Map<string, boolean>();

  constructor(source: ConditionSource) {
    this.#source = source;
  }

  get all(): Iterable<SchemaSet> {
    return this.#known.values();
  }

  of(nodes: readonly SchemaNode[]): SchemaSet {
    const own = [...new Set(nodes)].filter(({ value }) => value !== true)
      .sort((a, b) => a.id - b.id);
    const key = own.map(({ id }) => id).join();
    let found = this.#known.get(key);
    if (found === undefined) {
      found = { nodes: own, branches: [], startable: false, matched: false };
      this.#known.set(key, found);
    }
    return found;
  }

  /** Writes a set as its alternatives. */
  read(set: SchemaSet): void {
    for (const kind of KINDS) {
      const parts = set.nodes.map((node) => this.#source.of(node, kind));
      const formula = joined(all(parts));
      if (formula.kind === "constant" && !formula.value) {
        // Each by itself may be begun all the same.
        if (parts.some((part) => part.kind === "constant" && !part.value)) {
          continue;
        }
        throw new DeadEndFound("schemas that exclude each other");
      }
      set.startable = true;
      for (const branch of branchesOf(all(parts))) {
        set.branches.push(this.#needs(branch, kind));
      }
    }
  }

  /** Finds out which sets some value matches. */
  match(): void {
    for (let more = true; more;) {
      more = false;
      for (const set of this.#known.values()) {
        spendWork(1 + set.branches.length);
        const found = set.branches.some(isMet);
        if (set.matched || !found) continue;
        set.matched = true;
        more = true;
      }
    }
  }

  #needs({ conditions, absent }: Branch, kind: Kind): Needs {
    spendWork(2 + conditions.length);
    switch (kind) {
      case "string":
        this.#expectStrings(conditions as readonly StringCondition[]);
        return needsOf();
      case "number":
        expectNumbers(conditions as readonly NumberCondition[]);
        return needsOf();
      case "array":
        return this.#items(conditions as readonly ArrayCondition[]);
      case "object":
        return this.#properties(
          conditions as readonly ObjectCondition[],
          absent,
        );
    }
    return needsOf();
  }

  #expectStrings(conditions: readonly StringCondition[]): void {
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

  #properties(
    conditions: readonly ObjectCondition[],
    absent: readonly string[],
  ): Needs {
    const patterns = conditions.flatMap(({ patterns }) => patterns);
    if (patterns.length > MOST.patterns) {
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
      (required.has(name) ? needs.must : needs.may).push(this.of(nodes));
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
    this.#others(conditions, patterns, needs);
    for (const { names: node } of conditions) {
      if (node === undefined) continue;
      const formula = this.#source.of(node, "string");
      for (const branch of branchesOf(formula)) {
        this.#needs(branch, "string");
        if (!branch.conditions.every(leadsToMore)) {
          throw new DeadEndFound("propertyNames of few names");
        }
      }
    }
    return needs;
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
    const formula = this.#source.of(node, "string");
    const of = (condition: Condition): Truth =>
      condition.kind === "string" && holds(condition, name) ? HELD : FAILED;
    return standing(formula, of) === HELD;
  }

  /** What properties have to match that no condition names. */
  #others(
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
      if (!barred) (matched.size > 0 ? named : may).push(this.of(nodes));
    }
  }
}

/** Whether some value is there for all that an alternative needs. */
function isMet({ must, may, least }: Needs): boolean {
  if (must.some(({ matched }) => !matched)) return false;
  return must.length + may.filter(({ matched }) => matched).length >= least;
}

/** The alternatives of a formula. */
function branchesOf(formula: Formula<Condition>): Branch[] {
  switch (formula.kind) {
    case "constant":
      return formula.value ? [{ conditions: [], absent: [] }] : [];
    case "condition":
      return [{ conditions: [formula.condition], absent: [] }];
    case "one":
      throw new DeadEndFound("a oneOf of schemas that overlap");
    case "not": {
      const { part } = formula;
      if (part.kind === "condition" && isRequirement(part.condition)) {
        const [name] = part.condition.required;
        return [{ conditions: [], absent: [name] }];
      }
      throw new DeadEndFound("what a value may not be");
    }
    case "any": {
      const found = formula.parts.flatMap(branchesOf);
      if (found.length <= MOST.branches) return found;
      throw new DeadEndFound("more alternatives than can be looked at");
    }
  }
  let found: Branch[] = [{ conditions: [], absent: [] }];
  for (const part of formula.parts) {
    const more = branchesOf(part);
    if (found.length * more.length > MOST.branches) {
      throw new DeadEndFound("more alternatives than can be looked at");
    }
    found = found.flatMap((one) =>
      more.map(({ conditions, absent }) => ({
        conditions: [...one.conditions, ...conditions],
        absent: [...one.absent, ...absent],
      }))
    );
  }
  return found;
}

/** Whether there are texts without end that keep to a condition of names. */
function leadsToMore(condition: Condition): boolean {
  if (condition.kind !== "string") return true;
  return condition.most === Infinity &&
    condition.automata.every((state) => state !== undefined && leadsOn(state));
}

/** Whether a condition asks for one name alone. */
function isRequirement(condition: Condition): condition is ObjectCondition {
  if (condition.kind !== "object") return false;
  const { properties, patterns, additional, required, least, most, names } =
    condition;
  return required.length === 1 && properties.size + patterns.length === 0 &&
    additional === undefined && least === 0 && most === Infinity &&
    names === undefined && !condition.closed && condition.order.length === 0;
}

function expectNumbers(conditions: readonly NumberCondition[]): void {
  const asking = conditions.filter((one) => !isPlain(one));
  const integers = conditions.some(({ integer }) => integer);
  if (asking.length === 0) return;
  if (asking.length === 1 && (asking[0].integer || !integers)) return;
  throw new DeadEndFound("several bounds of a number");
}

/** Whether a condition says of a number at most that it is an integer. */
function isPlain(
  { low, high, multiples, values }: NumberCondition,
): boolean {
  return low === -Infinity && high === Infinity && multiples.length === 0 &&
    values === undefined;
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
