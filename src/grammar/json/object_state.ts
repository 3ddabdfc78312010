/**
 * Answers within an object. Names come in any order, and none comes twice.
 *
 * @module
 */

import type { AnswerState, StringState, ValueHolder } from "./answer_state.ts";
import { PrefixTree, type TextState } from "../regex/automaton.ts";
import {
  has,
  type ObjectShape,
  type PropertiesRead,
  type PropertySlot,
} from "../schema/object_shape.ts";
import { QUOTE, textOf } from "./string_escapes.ts";
import type { StringMachine, StringPlace } from "./string_text.ts";

const COLON = 0x3a, COMMA = 0x2c, END = 0x7d, SPACE = 0x20;

/** Where between properties an object stands. */
type ObjectStage = "begun" | "property" | "comma";

/** Within an object, between its properties. */
export class ObjectState implements AnswerState {
  readonly whole = false;
  /** What the schema says of objects here. */
  readonly shape: ObjectShape;
  /** Where the value belongs. */
  readonly holder: ValueHolder;
  /** The properties so far. */
  readonly properties: PropertiesRead;
  readonly #objectStage: ObjectStage;
  readonly #spacedProperties: boolean;
  #propertyNames: PropertyNames | undefined;

  /** Begins at the start of a value. */
  constructor(
    shape: ObjectShape,
    holder: ValueHolder,
    properties: PropertiesRead = shape.blank,
    stage: ObjectStage = "begun",
    spaced = false,
  ) {
    this.shape = shape;
    this.holder = holder;
    this.properties = properties;
    this.#objectStage = stage;
    this.#spacedProperties = spaced;
  }

  step(byte: number): AnswerState | undefined {
    const { shape, holder, properties } = this;
    if (byte === SPACE) {
      const pointless = this.#objectStage === "begun"
        ? !this.#mayGoOn()
        : this.#objectStage === "property" && this.#objectEnded() === undefined;
      if (this.#spacedProperties || pointless) return undefined;
      return new ObjectState(
        shape,
        holder,
        properties,
        this.#objectStage,
        true,
      );
    }
    if (byte === END) {
      return this.#objectStage === "comma" ? undefined : this.#objectEnded();
    }
    if (this.#objectStage === "property") {
      return byte === COMMA && !this.#spacedProperties && this.#mayGoOn()
        ? new ObjectState(shape, holder, properties, "comma")
        : undefined;
    }
    if (byte !== QUOTE || !this.#mayGoOn()) return undefined;
    const names = this.#propertyNames ??= new PropertyNames(this);
    return new NameState(names, names.machine.start);
  }

  #mayGoOn(): boolean {
    const long = this.properties.count >= this.shape.longest;
    if (long && this.#objectEnded() !== undefined) return false;
    const names = this.#propertyNames ??= new PropertyNames(this);
    return names.allows(names.machine.start);
  }

  #objectEnded(): AnswerState | undefined {
    const { shape, holder, properties } = this;
    const verdict = shape.verdict(properties, true);
    if (!holder.allows(verdict)) return undefined;
    return holder.accept(verdict, `{${properties.texts.toSorted().join()}}`);
  }
}

/** The names that may come next in an object. */
class PropertyNames {
  readonly object: ObjectState;
  readonly machine: StringMachine;
  readonly #below = new Map<PrefixTree, boolean>();
  readonly #otherProperties = new Map<string, boolean>();
  /** Whether there are so many properties that only those of the schema may come. */
  readonly #objectFull: boolean;

  constructor(object: ObjectState) {
    this.object = object;
    const { shape, properties: { count, seen } } = object;
    this.#objectFull = count >= shape.longest && this.#anyBelow(shape.tree);
    const free = !shape.ruled && this.#anyOther("");
    this.machine = shape.names((place) => this.allows(place), free, seen);
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
    if (known === undefined && this.#objectFull) return undefined;
    const slot = shape.slot(known, verdict);
    return this.#propertyFits(slot, name, known) ? slot : undefined;
  }

  #anyBelow(node: PrefixTree): boolean {
    const known = this.#below.get(node);
    if (known !== undefined) return known;
    const { text } = node;
    const { properties, shape } = this.object;
    const own = text !== undefined && !has(properties.seen, text) &&
      this.#propertyFits(shape.slot(text), text, text);
    const found = own ||
      node.next.values().some((next) => this.#anyBelow(next));
    this.#below.set(node, found);
    return found;
  }

  /** Whether a name that no condition has may come. */
  #anyOther(verdict: string): boolean {
    if (this.#objectFull) return false;
    let found = this.#otherProperties.get(verdict);
    if (found === undefined) {
      found = this.#propertyFits(
        this.object.shape.slot(undefined, verdict),
        "",
        undefined,
      );
      this.#otherProperties.set(verdict, found);
    }
    return found;
  }

  #propertyFits(
    slot: PropertySlot,
    name: string,
    known: string | undefined,
  ): boolean {
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
  readonly sequel = undefined;
  readonly #propertyNames: PropertyNames;
  readonly place: StringPlace;
  readonly #writtenProperties: string;

  constructor(names: PropertyNames, place: StringPlace, written = "") {
    this.#propertyNames = names;
    this.place = place;
    this.#writtenProperties = written;
  }

  get policy(): string | undefined {
    const { machine } = this.place;
    return machine === this.#propertyNames.machine ? undefined : "all";
  }

  allows(place: StringPlace): boolean {
    return place.machine !== this.#propertyNames.machine ||
      place.leadsTo((end) => this.#propertyNames.allows(end));
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
    return new NameState(
      this.#propertyNames,
      place,
      this.#writtenProperties + written,
    );
  }

  closed(place: StringPlace, written: string): AnswerState | undefined {
    const name = textOf(this.#writtenProperties + written);
    const verdict = place.machine.closing(place, () => name);
    const slot = this.#propertyNames.slot(name, verdict, place.track);
    if (slot === undefined) return undefined;
    const { object } = this.#propertyNames;
    return new ColonState(new PropertyHolder(object, slot, name), slot, object);
  }
}

/** Between a name and its value. */
class ColonState implements AnswerState {
  readonly whole = false;
  readonly #property: PropertyHolder;
  readonly #propertySlot: PropertySlot;
  readonly #object: ObjectState;
  readonly #objectStage: "name" | "colon" | "space";

  constructor(
    property: PropertyHolder,
    slot: PropertySlot,
    object: ObjectState,
    stage: "name" | "colon" | "space" = "name",
  ) {
    this.#property = property;
    this.#propertySlot = slot;
    this.#object = object;
    this.#objectStage = stage;
  }

  step(byte: number): AnswerState | undefined {
    const next = (stage: "colon" | "space") =>
      new ColonState(this.#property, this.#propertySlot, this.#object, stage);
    if (this.#objectStage === "name") {
      return byte === COLON ? next("colon") : undefined;
    }
    if (byte === SPACE) {
      return this.#objectStage === "colon" ? next("space") : undefined;
    }
    const { context } = this.#object.shape;
    return context.begin(this.#property, this.#propertySlot.schemas, byte);
  }
}

class PropertyHolder implements ValueHolder {
  readonly #object: ObjectState;
  readonly #propertySlot: PropertySlot;
  readonly #propertyName: string;
  readonly recording: boolean;
  readonly depth: number;
  readonly #allowedProperties = new Map<string, boolean>();

  constructor(object: ObjectState, slot: PropertySlot, name: string) {
    this.#object = object;
    this.#propertySlot = slot;
    this.#propertyName = name;
    this.recording = object.holder.recording;
    this.depth = object.holder.depth + 1;
  }

  allows(verdict: string): boolean {
    let allowed = this.#allowedProperties.get(verdict);
    if (allowed === undefined) {
      const { shape, holder, properties } = this.#object;
      const after = shape.after(
        properties,
        this.#propertySlot,
        this.#propertyName,
        verdict,
      );
      allowed = holder.allows(shape.verdict(after, false));
      this.#allowedProperties.set(verdict, allowed);
    }
    return allowed;
  }

  accept(verdict: string, text: string): AnswerState {
    const { shape, holder, properties } = this.#object;
    const pair = this.recording
      ? `${JSON.stringify(this.#propertyName)}:${text}`
      : undefined;
    const after = shape.after(
      properties,
      this.#propertySlot,
      this.#propertyName,
      verdict,
      pair,
    );
    return new ObjectState(shape, holder, after, "property");
  }
}
