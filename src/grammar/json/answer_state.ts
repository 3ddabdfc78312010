/**
 * Where an answer stands, and who holds the value that is being written.
 *
 * @module
 */

import type { Condition, Kind } from "../schema/condition.ts";
import type { Formula, Truth } from "../schema/condition_formula.ts";
import { standing } from "../schema/condition_formula.ts";
import type { NumberLimits } from "./number_text.ts";
import type { SchemaNode } from "../schema/schema_document.ts";
import type { StringMachine, StringPlace } from "./string_text.ts";

/** Where an answer stands. Never changed: each byte gives another one. */
export interface AnswerState {
  /** Whether the answer may end here. */
  readonly whole: boolean;
  /** After one more byte; nothing if it may not come. */
  step(byte: number): AnswerState | undefined;
}

/** A place within a string, whose bytes are followed faster than one by one. */
export interface StringState extends AnswerState {
  /** Where the string stands. */
  readonly place: StringPlace;
  /** Whether a place may be gone to. */
  allows(place: StringPlace): boolean;
  /** A name of what {@linkcode allows} allows, where others allow the same. */
  readonly policy: string | undefined;
  /**
   * What knows what follows the string, where that does not depend on its text. Other
   * places of the same string have the same.
   */
  readonly sequel: object | undefined;
  /** This string, at a place that `written` leads to. */
  moved(place: StringPlace, written: string): AnswerState;
  /** What follows the quote that ends the string at a place. */
  closed(place: StringPlace, written: string): AnswerState | undefined;
}

/** Whether a state is within a string. */
export function isStringState(state: AnswerState): state is StringState {
  return "place" in state;
}

/** What a value is part of. */
export interface ValueHolder {
  /** Whether the value's text is wanted when it is complete. */
  readonly recording: boolean;
  /** Values around it. */
  readonly depth: number;
  /**
   * Whether its schemas may stand so.
   *
   * @param verdict How each of its schemas stands, a digit each.
   */
  allows(verdict: string): boolean;
  /**
   * What follows the value; nothing if it may not end so. `text` is the same for
   * equal values.
   */
  accept(verdict: string, text: string): AnswerState | undefined;
}

/** How long answers may become where a schema does not say it. */
export interface AnswerLimits extends NumberLimits {
  /** Characters of a string. */
  readonly characters: number;
  /** Items of an array, and properties of an object. */
  readonly items: number;
  /** Values within values. */
  readonly depth: number;
}

/** What some schemas ask of values of one kind. */
export interface ValuePlan {
  /** What has to hold, by the numbers of the conditions. */
  readonly formulas: readonly Formula<Condition>[];
  /** The conditions, in the order of their numbers. */
  readonly conditions: readonly Condition[];
  /** How the formulas stand when a value begins. */
  readonly start: string;
}

/** How formulas stand, a digit each. */
export function verdictOf(
  { formulas }: ValuePlan,
  of: (condition: Condition) => Truth,
): string {
  let verdict = "";
  for (const formula of formulas) verdict += standing(formula, of);
  return verdict;
}

/** What all values of an answer share. */
export interface ValueContext {
  /** How long and how deep an answer may be. */
  readonly limits: AnswerLimits;
  /** What some schemas ask of values of a kind. */
  plan(schemas: readonly SchemaNode[], kind: Kind): ValuePlan;
  /** Follows strings of some schemas. */
  strings(schemas: readonly SchemaNode[]): StringMachine;
  /** Follows names that nothing is asked of. */
  readonly names: StringMachine;
  /** Begins a value with its first byte. */
  begin(
    holder: ValueHolder,
    schemas: readonly SchemaNode[],
    byte: number,
  ): AnswerState | undefined;
  /** Whether some value can begin. */
  startable(holder: ValueHolder, schemas: readonly SchemaNode[]): boolean;
}
