/**
 * Answers within an array.
 *
 * @module
 */

import type {
  AnswerState,
  ValueContext,
  ValueHolder,
  ValuePlan,
} from "./answer_state.ts";
import { verdictOf } from "./answer_state.ts";
import type { ArrayCondition, Condition } from "../schema/condition.ts";
import { FAILED, HELD, OPEN, type Truth } from "../schema/condition_formula.ts";
import type { SchemaNode } from "../schema/schema_document.ts";

const COMMA = 0x2c, END = 0x5d, SPACE = 0x20;

/** How far one condition has come. */
export interface ItemProgress {
  /** Whether an item has broken it. */
  readonly failed: boolean;
  /** Items that `contains` has found. */
  readonly contained: number;
}

/** What is known of the items so far. */
export interface ItemsRead {
  /** How many there are. */
  readonly count: number;
  /** How far each condition has come. */
  readonly progress: readonly ItemProgress[];
  /** Texts of all items, where they are wanted. */
  readonly texts: readonly string[];
}

/** The array as a whole. */
export class ArrayShape {
  /** What the values of one answer share. */
  readonly context: ValueContext;
  /** Which conditions are to be watched. */
  readonly plan: ValuePlan;
  /** The conditions on arrays, in the order of their numbers. */
  readonly conditions: readonly ArrayCondition[];
  /** Whether items have to be compared with each other. */
  readonly unique: boolean;
  /** Items of an array that could end, where the schema does not bound them. */
  readonly longest: number;
  readonly #itemSlots = new Map<number, ItemSlot>();
  readonly #lastItem: number;

  /** Begins at the start of a value. */
  constructor(context: ValueContext, plan: ValuePlan) {
    this.context = context;
    this.plan = plan;
    this.conditions = plan.conditions.filter(({ kind }) =>
      kind === "array"
    ) as ArrayCondition[];
    this.unique = this.conditions.some(({ unique }) => unique);
    const bounded = this.conditions.some(({ most }) => most < Infinity);
    this.longest = bounded ? Infinity : context.limits.items;
    this.#lastItem = Math.max(
      0,
      ...this.conditions.map(({ first }) => first.length),
    );
  }

  /** Schemas of an item. */
  slot(index: number): ItemSlot {
    const at = Math.min(index, this.#lastItem);
    let found = this.#itemSlots.get(at);
    if (found === undefined) {
      this.#itemSlots.set(at, found = this.#itemSlot(at));
    }
    return found;
  }

  #itemSlot(index: number): ItemSlot {
    const schemas: SchemaNode[] = [];
    const place = (node: SchemaNode | undefined): number => {
      if (node === undefined) return -1;
      const known = schemas.indexOf(node);
      return known >= 0 ? known : schemas.push(node) - 1;
    };
    const asked = this.conditions.map(({ first, rest, contains }) => ({
      schema: place(index < first.length ? first[index] : rest),
      contains: place(contains),
    }));
    return { schemas, asked };
  }

  /** How the conditions stand; `whole` says whether the array has ended. */
  verdict({ count, progress }: ItemsRead, whole: boolean): string {
    return verdictOf(this.plan, (condition: Condition): Truth => {
      const i = this.conditions.indexOf(condition as ArrayCondition);
      const { failed, contained } = progress[i];
      const {
        first,
        rest,
        least,
        most,
        contains,
        leastContained,
        mostContained,
      } = this.conditions[i];
      if (failed || count > most) return FAILED;
      if (rest?.value === false && least > first.length) return FAILED;
      if (contains !== undefined) {
        if (contained > mostContained) return FAILED;
        if (contained + (most - count) < leastContained) return FAILED;
      }
      if (!whole) return OPEN;
      const enough = count >= least &&
        (contains === undefined || contained >= leastContained);
      return enough ? HELD : FAILED;
    });
  }
}

/** What an item at a place has to be. */
export interface ItemSlot {
  /** The schemas that it has to match. */
  readonly schemas: readonly SchemaNode[];
  /** Places in `schemas`, for each condition; -1 for none. */
  readonly asked: readonly {
    readonly schema: number;
    readonly contains: number;
  }[];
}

/** Where between items an array stands. */
type ArrayStage = "begun" | "item" | "comma";

/** Within an array, between its items. */
export class ArrayState implements AnswerState {
  readonly whole = false;
  /** What the schema says of arrays here. */
  readonly shape: ArrayShape;
  /** Where the value belongs. */
  readonly holder: ValueHolder;
  /** The items so far. */
  readonly items: ItemsRead;
  readonly #arrayStage: ArrayStage;
  readonly #spacedItems: boolean;

  /** Begins at the start of a value. */
  constructor(
    shape: ArrayShape,
    holder: ValueHolder,
    items?: ItemsRead,
    stage: ArrayStage = "begun",
    spaced = false,
  ) {
    this.shape = shape;
    this.holder = holder;
    this.items = items ?? {
      count: 0,
      progress: shape.conditions.map(() => ({ failed: false, contained: 0 })),
      texts: [],
    };
    this.#arrayStage = stage;
    this.#spacedItems = spaced;
  }

  step(byte: number): AnswerState | undefined {
    const { shape, holder, items } = this;
    if (byte === SPACE) {
      const pointless = this.#arrayStage === "begun"
        ? !this.#mayGoOn()
        : this.#arrayStage === "item" && this.#arrayEnded() === undefined;
      if (this.#spacedItems || pointless) return undefined;
      return new ArrayState(shape, holder, items, this.#arrayStage, true);
    }
    if (byte === END) {
      return this.#arrayStage === "comma" ? undefined : this.#arrayEnded();
    }
    if (this.#arrayStage === "item") {
      return byte === COMMA && !this.#spacedItems && this.#mayGoOn()
        ? new ArrayState(shape, holder, items, "comma")
        : undefined;
    }
    const item = new ItemHolder(this);
    return shape.context.begin(item, item.slot.schemas, byte);
  }

  #mayGoOn(): boolean {
    const long = this.items.count >= this.shape.longest;
    if (long && this.#arrayEnded() !== undefined) return false;
    const item = new ItemHolder(this);
    return this.shape.context.startable(item, item.slot.schemas);
  }

  #arrayEnded(): AnswerState | undefined {
    const { shape, holder, items } = this;
    const verdict = shape.verdict(items, true);
    if (!holder.allows(verdict)) return undefined;
    return holder.accept(verdict, `[${items.texts.join()}]`);
  }
}

class ItemHolder implements ValueHolder {
  readonly #array: ArrayState;
  readonly slot: ItemSlot;
  readonly recording: boolean;
  readonly depth: number;
  readonly #allowedItems = new Map<string, boolean>();

  constructor(array: ArrayState) {
    const { shape, holder, items } = array;
    this.#array = array;
    this.slot = shape.slot(items.count);
    this.recording = holder.recording || shape.unique;
    this.depth = holder.depth + 1;
  }

  allows(verdict: string): boolean {
    let allowed = this.#allowedItems.get(verdict);
    if (allowed === undefined) {
      const { shape, holder } = this.#array;
      const items = this.#afterItem(verdict, undefined);
      allowed = holder.allows(shape.verdict(items, false));
      this.#allowedItems.set(verdict, allowed);
    }
    return allowed;
  }

  accept(verdict: string, text: string): AnswerState | undefined {
    const { shape, holder } = this.#array;
    const items = this.#afterItem(verdict, text);
    if (shape.unique && !holder.allows(shape.verdict(items, false))) {
      return undefined;
    }
    return new ArrayState(shape, holder, items, "item");
  }

  /** The items with this one, open ones taken for held. */
  #afterItem(verdict: string, text: string | undefined): ItemsRead {
    const { shape, items } = this.#array;
    const again = text !== undefined && shape.unique &&
      items.texts.includes(text);
    return {
      count: items.count + 1,
      progress: items.progress.map(({ failed, contained }, i) => {
        const { schema, contains } = this.slot.asked[i];
        return {
          failed: failed || verdict[schema] === String(FAILED) ||
            again && shape.conditions[i].unique,
          contained: contained +
            (contains >= 0 && verdict[contains] !== String(FAILED) &&
                (text !== undefined || verdict[contains] === String(HELD) ||
                  this.#maybe(i))
              ? 1
              : 0),
        };
      }),
      texts: text === undefined || !this.recording
        ? items.texts
        : [...items.texts, text],
    };
  }

  /** Whether an item that may be contained is counted while it is open. */
  #maybe(condition: number): boolean {
    const { mostContained } = this.#array.shape.conditions[condition];
    return this.#array.items.progress[condition].contained < mostContained;
  }
}
