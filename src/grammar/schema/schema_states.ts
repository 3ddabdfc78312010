/**
 * Answers that keep to a JSON schema, from their first byte.
 *
 * @module
 */

import type {
  AnswerLimits,
  AnswerState,
  ValueContext,
  ValueHolder,
  ValuePlan,
} from "../json/answer_state.ts";
import { verdictOf } from "../json/answer_state.ts";
import { ArrayShape, ArrayState } from "../json/array_state.ts";
import { type Kind, KINDS } from "./condition.ts";
import type { Conditions } from "./schema_conditions.ts";
import { conditionsOf, FAILED, OPEN } from "./condition_formula.ts";
import { ObjectShape } from "./object_shape.ts";
import { ObjectState } from "../json/object_state.ts";
import { NumberValue, TextValue, WordValue } from "../json/scalar_states.ts";
import type { SchemaNode } from "./schema_document.ts";
import { QUOTE } from "../json/string_escapes.ts";
import { StringMachine } from "../json/string_text.ts";

/** Kinds by the first byte of their values. */
const KIND_BY_FIRST_BYTE = new Map<number, Kind>([
  ...[..."-0123456789"].map((digit): [number, Kind] => [
    digit.charCodeAt(0),
    "number",
  ]),
  [QUOTE, "string"],
  [0x7b, "object"],
  [0x5b, "array"],
  [0x74, "true"],
  [0x66, "false"],
  [0x6e, "null"],
]);

/** What may be remembered of the plans of one schema. */
const REMEMBERED_PLANS = 20_000;

/** Everything that an answer in a schema needs. */
export class SchemaStates implements ValueContext {
  /** How long and how deep an answer may be. */
  readonly limits: AnswerLimits;
  readonly names: StringMachine;
  readonly #schemaConditions: Conditions;
  readonly #valuePlans = new Map<string, ValuePlan>();
  readonly #nameMachines = new Map<ValuePlan, StringMachine>();
  readonly #arrayPlans = new Map<ValuePlan, ArrayShape>();
  readonly #objectPlans = new Map<ValuePlan, ObjectShape>();
  /** Before the first byte. */
  readonly start: AnswerState;

  /**
   * Reads a schema.
   *
   * @throws {RequestError} `ERR_REQUEST_INVALID` naming what cannot be kept to.
   */
  constructor(conditions: Conditions, limits: AnswerLimits) {
    this.limits = limits;
    this.names = new StringMachine([], { longest: limits.characters });
    this.#schemaConditions = conditions;
    this.start = new Start(this, [conditions.document.root]);
  }

  plan(schemas: readonly SchemaNode[], kind: Kind): ValuePlan {
    const key = `${kind} ${schemas.map(({ id }) => id)}`;
    let found = this.#valuePlans.get(key);
    if (found === undefined) {
      const formulas = schemas.map((schema) =>
        this.#schemaConditions.of(schema, kind)
      );
      const plan = { formulas, conditions: conditionsOf(formulas), start: "" };
      found = { ...plan, start: verdictOf(plan, () => OPEN) };
      if (this.#valuePlans.size >= REMEMBERED_PLANS) this.#forgetPlans();
      this.#valuePlans.set(key, found);
    }
    return found;
  }

  #forgetPlans(): void {
    this.#valuePlans.clear();
    this.#nameMachines.clear();
    this.#arrayPlans.clear();
    this.#objectPlans.clear();
  }

  strings(schemas: readonly SchemaNode[]): StringMachine {
    const plan = this.plan(schemas, "string");
    return madeOnce(
      this.#nameMachines,
      plan,
      () =>
        new StringMachine(plan.formulas, { longest: this.limits.characters }),
    );
  }

  begin(
    holder: ValueHolder,
    schemas: readonly SchemaNode[],
    byte: number,
  ): AnswerState | undefined {
    const kind = KIND_BY_FIRST_BYTE.get(byte);
    if (kind === undefined) return undefined;
    const plan = this.plan(schemas, kind);
    switch (kind) {
      case "string": {
        const { start } = this.strings(schemas);
        return holder.allows(start.verdict)
          ? new TextValue(holder, start)
          : undefined;
      }
      case "number":
        return new NumberValue(this, holder, plan).step(byte);
      case "array": {
        if (holder.depth >= this.limits.depth) return undefined;
        const shape = madeOnce(
          this.#arrayPlans,
          plan,
          () => new ArrayShape(this, plan),
        );
        const state = new ArrayState(shape, holder);
        return holder.allows(shape.verdict(state.items, false))
          ? state
          : undefined;
      }
      case "object": {
        if (holder.depth >= this.limits.depth) return undefined;
        const shape = madeOnce(
          this.#objectPlans,
          plan,
          () => new ObjectShape(this, plan),
        );
        return holder.allows(shape.verdict(shape.blank, false))
          ? new ObjectState(shape, holder)
          : undefined;
      }
    }
    return holder.allows(plan.start)
      ? new WordValue(holder, plan.start, kind)
      : undefined;
  }

  startable(holder: ValueHolder, schemas: readonly SchemaNode[]): boolean {
    return KINDS.some((kind) => {
      const deep = kind === "object" || kind === "array";
      if (deep && holder.depth >= this.limits.depth) return false;
      return holder.allows(this.plan(schemas, kind).start);
    });
  }
}

function madeOnce<K, T>(known: Map<K, T>, key: K, make: () => T): T {
  let found = known.get(key);
  if (found === undefined) known.set(key, found = make());
  return found;
}

/** Before the first byte. */
class Start implements AnswerState, ValueHolder {
  readonly whole = false;
  readonly recording = false;
  readonly depth = 0;
  readonly #context: ValueContext;
  readonly #schemas: readonly SchemaNode[];

  constructor(context: ValueContext, schemas: readonly SchemaNode[]) {
    this.#context = context;
    this.#schemas = schemas;
  }

  step(byte: number): AnswerState | undefined {
    return this.#context.begin(this, this.#schemas, byte);
  }

  allows(verdict: string): boolean {
    return !verdict.includes(String(FAILED));
  }

  accept(): AnswerState {
    return END;
  }
}

/** After the last byte. */
const END: AnswerState = { whole: true, step: () => undefined };
