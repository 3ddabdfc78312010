/**
 * Answers within an object. Names come in any order, and none comes twice.
 *
 * @module
 */

import type {
  AnswerState,
  StringState,
  ValueContext,
  ValueHolder,
  ValuePlan,
} from "./answer_state.ts";
import { verdictOf } from "./answer_state.ts";
import { PrefixTree, type TextState } from "./automaton.ts";
import type { Condition, ObjectCondition } from "./conditions.ts";
import { FAILED, type Formula, HELD, OPEN, type Truth } from "./formula.ts";
import type { SchemaNode } from "./schema_document.ts";
import {
  QUOTE,
  StringMachine,
  type StringPlace,
  textOf,
} from "./string_text.ts";

const COLON = 0x3a, COMMA = 0x2c, END = 0x7d, SPACE = 0x20;

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
  /** Which of the condition's patterns; absent: the schema of all names. */
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
  /** Characters of a name: a schema's own ones may be longer than others. */
  readonly #longest: number;
  readonly #rules: readonly NameRule[];
  /** What the rules ask of a name, as formulas of strings. */
  readonly #formulas: readonly Formula<Condition>[];
  readonly #machine: StringMachine;
  readonly #slots = new Map<string, PropertySlot>();

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
    this.#longest = [...known].reduce(
      (most, { length }) => Math.max(most, length),
      context.limits.characters,
    );
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
    this.#rules = rules;
    this.#formulas = formulas;
    this.#machine = new StringMachine(formulas, {
      longest: this.#longest,
    });
  }

  /** Whether something is asked of names that no condition names. */
  get ruled(): boolean {
    return this.#rules.length > 0;
  }

  /** Follows the name of one property. */
  names(viable: (place: StringPlace) => boolean, free: boolean): StringMachine {
    return new StringMachine(this.#formulas, {
      longest: this.#longest,
      track: this.tree,
      viable,
      ...(free && !this.ruled && { astray: this.context.names }),
    });
  }

  /** How the rules stand for a whole name. */
  #verdictOf(name: string): string {
    if (!this.ruled) return "";
    let place: StringPlace | undefined = this.#machine.start;
    for (
      const byte of new TextEncoder().encode(JSON.stringify(name).slice(1, -1))
    ) {
      place = place?.step(byte);
    }
    return place === undefined
      ? "0".repeat(this.#rules.length)
      : this.#machine.closing(place, () => name);
  }

  /**
   * What is asked of a property.
   *
   * @param name Its name, if a condition has it.
   * @param verdict How the rules of names stand, if it has none.
   */
  slot(name: string | undefined, verdict = ""): PropertySlot {
    const key = name === undefined ? `?${verdict}` : `=${name}`;
    let found = this.#slots.get(key);
    if (found === undefined) {
      const rules = name === undefined ? verdict : this.#verdictOf(name);
      this.#slots.set(key, found = this.#slot(name, rules));
    }
    return found;
  }

  #slot(name: string | undefined, verdict: string): PropertySlot {
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
          const rule = this.#rules.findIndex((rule) =>
            rule.condition === condition && rule.pattern === pattern
          );
          return verdict[rule] === String(standing);
        })
      );
    const matched = having(HELD), matching = having(OPEN);
    const misnamed = this.conditions.map((_, condition) =>
      this.#rules.some((rule, i) =>
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

function has(seen: NamesRead | undefined, name: string): boolean {
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

/** Where between properties an object stands. */
type Stage = "begun" | "property" | "comma";

/** Within an object, between its properties. */
export class ObjectState implements AnswerState {
  readonly whole = false;
  /** What the schema says of objects here. */
  readonly shape: ObjectShape;
  /** Where the value belongs. */
  readonly holder: ValueHolder;
  /** The properties so far. */
  readonly properties: PropertiesRead;
  readonly #stage: Stage;
  readonly #spaced: boolean;
  #names: Names | undefined;

  /** Begins at the start of a value. */
  constructor(
    shape: ObjectShape,
    holder: ValueHolder,
    properties: PropertiesRead = shape.blank,
    stage: Stage = "begun",
    spaced = false,
  ) {
    this.shape = shape;
    this.holder = holder;
    this.properties = properties;
    this.#stage = stage;
    this.#spaced = spaced;
  }

  step(byte: number): AnswerState | undefined {
    const { shape, holder, properties } = this;
    if (byte === SPACE) {
      const pointless = this.#stage === "begun"
        ? !this.#mayGoOn()
        : this.#stage === "property" && this.#ended() === undefined;
      if (this.#spaced || pointless) return undefined;
      return new ObjectState(shape, holder, properties, this.#stage, true);
    }
    if (byte === END) {
      return this.#stage === "comma" ? undefined : this.#ended();
    }
    if (this.#stage === "property") {
      return byte === COMMA && !this.#spaced && this.#mayGoOn()
        ? new ObjectState(shape, holder, properties, "comma")
        : undefined;
    }
    if (byte !== QUOTE || !this.#mayGoOn()) return undefined;
    const names = this.#names ??= new Names(this);
    return new NameState(names, names.machine.start);
  }

  #mayGoOn(): boolean {
    const names = this.#names ??= new Names(this);
    return names.allows(names.machine.start);
  }

  #ended(): AnswerState | undefined {
    const { shape, holder, properties } = this;
    const verdict = shape.verdict(properties, true);
    if (!holder.allows(verdict)) return undefined;
    return holder.accept(verdict, `{${properties.texts.toSorted().join()}}`);
  }
}

/** The names that may come next in an object. */
class Names {
  readonly object: ObjectState;
  readonly machine: StringMachine;
  readonly #below = new Map<PrefixTree, boolean>();
  readonly #others = new Map<string, boolean>();

  constructor(object: ObjectState) {
    this.object = object;
    const { shape } = object;
    const free = !shape.ruled && this.#anyOther("");
    this.machine = shape.names((place) => this.allows(place), free);
  }

  /** Whether some name that may come goes on from a place. */
  allows({ track, verdict }: StringPlace): boolean {
    if (track instanceof PrefixTree && this.#anyBelow(track)) return true;
    return this.#anyOther(verdict);
  }

  /** What a whole name asks for; nothing if it may not come. */
  slot(
    name: string,
    verdict: string,
    track: TextState | undefined,
  ): PropertySlot | undefined {
    const { shape, properties } = this.object;
    const known = track?.accepting === true ? name : undefined;
    if (has(properties.seen, name)) return undefined;
    const slot = shape.slot(known, verdict);
    return this.#fits(slot, name, known) ? slot : undefined;
  }

  #anyBelow(node: PrefixTree): boolean {
    const known = this.#below.get(node);
    if (known !== undefined) return known;
    const { text } = node;
    const { properties, shape } = this.object;
    const own = text !== undefined && !has(properties.seen, text) &&
      this.#fits(shape.slot(text), text, text);
    const found = own ||
      node.next.values().some((next) => this.#anyBelow(next));
    this.#below.set(node, found);
    return found;
  }

  /** Whether a name that no condition has may come. */
  #anyOther(verdict: string): boolean {
    let found = this.#others.get(verdict);
    if (found === undefined) {
      found = this.#fits(
        this.object.shape.slot(undefined, verdict),
        "",
        undefined,
      );
      this.#others.set(verdict, found);
    }
    return found;
  }

  #fits(slot: PropertySlot, name: string, known: string | undefined): boolean {
    const { shape, holder, properties } = this.object;
    if (!shape.inOrder(known, properties.seen)) return false;
    const after = shape.after(properties, slot, name, "");
    if (!holder.allows(shape.verdict(after, false))) return false;
    const property = new PropertyHolder(this.object, slot, name);
    return shape.context.startable(property, slot.schemas);
  }
}

/** Within the name of a property. */
class NameState implements StringState {
  readonly whole = false;
  readonly #names: Names;
  readonly place: StringPlace;
  readonly #written: string;

  constructor(names: Names, place: StringPlace, written = "") {
    this.#names = names;
    this.place = place;
    this.#written = written;
  }

  get policy(): string | undefined {
    const { machine } = this.place;
    return machine === this.#names.machine ? undefined : "all";
  }

  allows(place: StringPlace): boolean {
    return place.machine !== this.#names.machine ||
      place.leadsTo((end) => this.#names.allows(end));
  }

  step(byte: number): AnswerState | undefined {
    if (byte === QUOTE && this.place.between) {
      return this.closed(this.place, "");
    }
    const next = this.place.step(byte);
    if (next === undefined || !this.allows(next)) return undefined;
    return this.moved(next, String.fromCharCode(byte));
  }

  moved(place: StringPlace, written: string): NameState {
    return new NameState(this.#names, place, this.#written + written);
  }

  closed(place: StringPlace, written: string): AnswerState | undefined {
    const name = textOf(this.#written + written);
    const verdict = place.machine.closing(place, () => name);
    const slot = this.#names.slot(name, verdict, place.track);
    if (slot === undefined) return undefined;
    const { object } = this.#names;
    return new ColonState(new PropertyHolder(object, slot, name), slot, object);
  }
}

/** Between a name and its value. */
class ColonState implements AnswerState {
  readonly whole = false;
  readonly #property: PropertyHolder;
  readonly #slot: PropertySlot;
  readonly #object: ObjectState;
  readonly #stage: "name" | "colon" | "space";

  constructor(
    property: PropertyHolder,
    slot: PropertySlot,
    object: ObjectState,
    stage: "name" | "colon" | "space" = "name",
  ) {
    this.#property = property;
    this.#slot = slot;
    this.#object = object;
    this.#stage = stage;
  }

  step(byte: number): AnswerState | undefined {
    const next = (stage: "colon" | "space") =>
      new ColonState(this.#property, this.#slot, this.#object, stage);
    if (this.#stage === "name") {
      return byte === COLON ? next("colon") : undefined;
    }
    if (byte === SPACE) {
      return this.#stage === "colon" ? next("space") : undefined;
    }
    const { context } = this.#object.shape;
    return context.begin(this.#property, this.#slot.schemas, byte);
  }
}

class PropertyHolder implements ValueHolder {
  readonly #object: ObjectState;
  readonly #slot: PropertySlot;
  readonly #name: string;
  readonly recording: boolean;
  readonly depth: number;
  readonly #allowed = new Map<string, boolean>();

  constructor(object: ObjectState, slot: PropertySlot, name: string) {
    this.#object = object;
    this.#slot = slot;
    this.#name = name;
    this.recording = object.holder.recording;
    this.depth = object.holder.depth + 1;
  }

  allows(verdict: string): boolean {
    let allowed = this.#allowed.get(verdict);
    if (allowed === undefined) {
      const { shape, holder, properties } = this.#object;
      const after = shape.after(properties, this.#slot, this.#name, verdict);
      allowed = holder.allows(shape.verdict(after, false));
      this.#allowed.set(verdict, allowed);
    }
    return allowed;
  }

  accept(verdict: string, text: string): AnswerState {
    const { shape, holder, properties } = this.#object;
    const pair = this.recording
      ? `${JSON.stringify(this.#name)}:${text}`
      : undefined;
    const after = shape.after(
      properties,
      this.#slot,
      this.#name,
      verdict,
      pair,
    );
    return new ObjectState(shape, holder, after, "property");
  }
}
