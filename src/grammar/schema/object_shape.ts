/**
 * What a schema says of an object as a whole, and of each of its properties.
 *
 * @module
 */

import type { ValueContext, ValuePlan } from "../json/answer_state.ts";
import { verdictOf } from "../json/answer_state.ts";
import { PrefixTree, type TextState } from "../regex/automaton.ts";
import type { Condition, ObjectCondition } from "./condition.ts";
import {
  FAILED,
  type Formula,
  HELD,
  OPEN,
  type Truth,
} from "./condition_formula.ts";
import type { SchemaNode } from "./schema_document.ts";
import { StringMachine, type StringPlace } from "../json/string_text.ts";

/** Which names are there already. */
export interface NamesRead {
  /** The newest name. */
  readonly name: string;
  /** Those before it. */
  readonly before: NamesRead | undefined;
}

/** What is known of the properties so far. */
export interface PropertiesRead {
  /** How many there are. */
  readonly count: number;
  /** Their names. */
  readonly seen: NamesRead | undefined;
  /** For each condition whether a property has failed it. */
  readonly failed: readonly boolean[];
  /** For each condition, names that it requires and that are missing. */
  readonly missing: readonly number[];
  /** Name and value of all properties, where they are wanted. */
  readonly texts: readonly string[];
}

/** What is asked of one property. */
export interface PropertySlot {
  /** The schemas that its value has to match. */
  readonly schemas: readonly SchemaNode[];
  /** For each condition, places in `schemas`. */
  readonly asked: readonly (readonly number[])[];
  /** For each condition, whether the name may not be there. */
  readonly forbidden: readonly boolean[];
  /** For each condition, whether it requires the name. */
  readonly required: readonly boolean[];
}

/** A condition of names: a pattern, or what a schema asks. */
interface NameRule {
  readonly condition: number;
  /** Which of the condition's patterns; by default the schema of all names. */
  readonly pattern?: number;
}

/** The object as a whole. */
export class ObjectShape {
  /** What the values of one answer share. */
  readonly context: ValueContext;
  /** Which conditions are to be watched. */
  readonly plan: ValuePlan;
  /** The conditions on objects, in the order of their numbers. */
  readonly conditions: readonly ObjectCondition[];
  /** All names that a condition has. */
  readonly tree: PrefixTree;
  /** Properties of an object that could end, where the schema does not bound them. */
  readonly longest: number;
  /** Characters of a name: a schema's own ones may be longer than others. */
  readonly #longestName: number;
  readonly #propertyRules: readonly NameRule[];
  /** What the rules ask of a name, as formulas of strings. */
  readonly #shapeFormulas: readonly Formula<Condition>[];
  readonly #namesMachine: StringMachine;
  readonly #propertySlots = new Map<string, PropertySlot>();

  /** Begins at the start of a value. */
  constructor(context: ValueContext, plan: ValuePlan) {
    this.context = context;
    this.plan = plan;
    this.conditions = plan.conditions.filter(({ kind }) =>
      kind === "object"
    ) as ObjectCondition[];
    const known = new Set(this.conditions.flatMap((condition) => [
      ...condition.properties.keys(),
      ...condition.required,
      ...condition.order,
    ]));
    this.tree = PrefixTree.of(known);
    this.#longestName = [...known].reduce(
      (most, { length }) => Math.max(most, length),
      context.limits.characters,
    );
    const bounded = this.conditions.some(({ most }) => most < Infinity);
    this.longest = bounded
      ? Infinity
      : Math.max(known.size, context.limits.items);
    const rules: NameRule[] = [];
    const formulas: Formula<Condition>[] = [];
    this.conditions.forEach(({ patterns, names }, condition) => {
      patterns.forEach(({ automaton, check }, pattern) => {
        rules.push({ condition, pattern });
        formulas.push(
          patternFormula(
            automaton,
            check === undefined ? [] : [(text) => check.test(text)],
          ),
        );
      });
      if (names === undefined) return;
      rules.push({ condition });
      formulas.push(...context.plan([names], "string").formulas);
    });
    this.#propertyRules = rules;
    this.#shapeFormulas = formulas;
    this.#namesMachine = new StringMachine(formulas, {
      longest: this.#longestName,
    });
  }

  /** Whether something is asked of names that no condition names. */
  get ruled(): boolean {
    return this.#propertyRules.length > 0;
  }

  /**
   * Follows the name of one property. A name that is as long as may be and there
   * already could not end, so after such names the next may be longer.
   */
  names(
    viable: (place: StringPlace) => boolean,
    free: boolean,
    seen: NamesRead | undefined,
  ): StringMachine {
    let longest = this.#longestName;
    for (let at = seen; at !== undefined; at = at.before) {
      if (at.name.length >= this.context.limits.characters) longest++;
    }
    const astray = longest === this.#longestName
      ? this.context.names
      : new StringMachine([], { longest });
    return new StringMachine(this.#shapeFormulas, {
      longest,
      track: this.tree,
      viable,
      ...(free && !this.ruled && { astray }),
    });
  }

  /** How the rules stand for a whole name. */
  #verdictOf(name: string): string {
    if (!this.ruled) return "";
    let place: StringPlace | undefined = this.#namesMachine.start;
    for (
      const byte of new TextEncoder().encode(JSON.stringify(name).slice(1, -1))
    ) {
      place = place?.step(byte);
    }
    return place === undefined
      ? "0".repeat(this.#propertyRules.length)
      : this.#namesMachine.closing(place, () => name);
  }

  /**
   * What is asked of a property.
   *
   * @param name Its name, if a condition has it.
   * @param verdict How the rules of names stand, if it has none.
   */
  slot(name: string | undefined, verdict = ""): PropertySlot {
    const key = name === undefined ? `?${verdict}` : `=${name}`;
    let found = this.#propertySlots.get(key);
    if (found === undefined) {
      const rules = name === undefined ? verdict : this.#verdictOf(name);
      this.#propertySlots.set(key, found = this.#propertySlot(name, rules));
    }
    return found;
  }

  #propertySlot(name: string | undefined, verdict: string): PropertySlot {
    const schemas: SchemaNode[] = [];
    const place = (node: SchemaNode): number => {
      const known = schemas.indexOf(node);
      return known >= 0 ? known : schemas.push(node) - 1;
    };
    const named = this.conditions.map(({ properties }) =>
      name === undefined ? undefined : properties.get(name)
    );
    const having = (standing: Truth) =>
      this.conditions.map(({ patterns }, condition) =>
        patterns.filter((_, pattern) => {
          const rule = this.#propertyRules.findIndex((rule) =>
            rule.condition === condition && rule.pattern === pattern
          );
          return verdict[rule] === String(standing);
        })
      );
    const matched = having(HELD), matching = having(OPEN);
    const misnamed = this.conditions.map((_, condition) =>
      this.#propertyRules.some((rule, i) =>
        rule.condition === condition && rule.pattern === undefined &&
        verdict[i] === String(FAILED)
      )
    );
    const anywhere =
      this.conditions.some((_, i) =>
        named[i] !== undefined || matched[i].length + matching[i].length > 0
      ) || name !== undefined &&
        this.conditions.some(({ required }) => required.includes(name));
    const forbidden: boolean[] = [];
    const asked = this.conditions.map(({ additional, closed, order }, i) => {
      const own = [
        ...(named[i] === undefined ? [] : [named[i]]),
        ...matched[i].map(({ schema }) => schema),
      ];
      const others = own.length + matching[i].length === 0;
      const other = others && additional !== undefined ? [additional] : [];
      forbidden.push(
        misnamed[i] || closed && !anywhere ||
          order.length > 0 && name === undefined &&
            additional?.value === false ||
          [...own, ...other].some(({ value }) => value === false),
      );
      return [...own, ...other].map(place);
    });
    const required = this.conditions.map(({ required }) =>
      name !== undefined && required.includes(name)
    );
    return { schemas, asked, forbidden, required };
  }

  /** No properties yet. */
  get blank(): PropertiesRead {
    return {
      count: 0,
      seen: undefined,
      failed: this.conditions.map(() => false),
      missing: this.conditions.map(({ required }) => required.length),
      texts: [],
    };
  }

  /** How the conditions stand; `whole` says whether the object has ended. */
  verdict({ count, failed, missing }: PropertiesRead, whole: boolean): string {
    return verdictOf(this.plan, (condition: Condition): Truth => {
      const i = this.conditions.indexOf(condition as ObjectCondition);
      const { least, most, properties, patterns, additional, names, closed } =
        this.conditions[i];
      if (failed[i] || count + missing[i] > most) return FAILED;
      if (
        additional?.value === false && patterns.length === 0 &&
        least > properties.size
      ) return FAILED;
      const enough = missing[i] === 0 && count >= least;
      if (whole) return enough ? HELD : FAILED;
      const asks = properties.size + patterns.length > 0 || closed ||
        additional !== undefined || names !== undefined || most !== Infinity;
      return enough && !asks ? HELD : OPEN;
    });
  }

  /** Properties with one more; `failed` tells what it has failed besides. */
  after(
    { count, seen, failed, missing, texts }: PropertiesRead,
    slot: PropertySlot,
    name: string,
    verdict: string,
    text?: string,
  ): PropertiesRead {
    return {
      count: count + 1,
      seen: { name, before: seen },
      failed: failed.map((already, i) =>
        already || slot.forbidden[i] ||
        slot.asked[i].some((place) => verdict[place] === String(FAILED))
      ),
      missing: missing.map((left, i) => slot.required[i] ? left - 1 : left),
      texts: text === undefined ? texts : [...texts, text],
    };
  }

  /** Whether a name may come after those that are there. */
  inOrder(name: string | undefined, seen: NamesRead | undefined): boolean {
    return this.conditions.every(({ order, required }) => {
      if (order.length === 0) return true;
      const at = name === undefined ? -1 : order.indexOf(name);
      if (at < 0) {
        return order.every((one) => !required.includes(one) || has(seen, one));
      }
      return order.every((one, i) =>
        i > at
          ? !has(seen, one)
          : i === at || !required.includes(one) || has(seen, one)
      );
    });
  }
}

/** Whether a name is there already. */
export function has(seen: NamesRead | undefined, name: string): boolean {
  for (let one = seen; one !== undefined; one = one.before) {
    if (one.name === name) return true;
  }
  return false;
}

function patternFormula(
  automaton: TextState | undefined,
  checks: readonly ((text: string) => boolean)[],
): Formula<Condition> {
  return {
    kind: "condition",
    condition: {
      kind: "string",
      least: 0,
      most: Infinity,
      automata: checks.length > 0 ? [] : [automaton],
      checks,
    },
  };
}
