/**
 * Answers that match a regular expression from their start to their end.
 *
 * @module
 */

import type { AnswerState } from "../json/answer_state.ts";
import { automatonOf, type TextState } from "./automaton.ts";
import { readExpression } from "./expression.ts";
import { refusedGrammar } from "../screen/grammar_bounds.ts";

/**
 * Before the first byte of an answer.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` for what no automaton can match.
 */
export function regexStart(pattern: string): AnswerState {
  const shown = JSON.stringify(pattern.slice(0, 100));
  const tree = readExpression(pattern);
  if (tree === undefined) {
    throw refusedGrammar(
      `${shown} looks around, refers back or names what is not there`,
    );
  }
  const start = automatonOf(tree);
  if (start === undefined) throw refusedGrammar(`${shown} matches no text`);
  return new RegexState(start);
}

class RegexState implements AnswerState {
  readonly #textState: TextState;
  readonly #nextRegexState = new Map<number, RegexState | undefined>();

  constructor(state: TextState) {
    this.#textState = state;
  }

  get whole(): boolean {
    return this.#textState.accepting;
  }

  step(byte: number): AnswerState | undefined {
    if (this.#nextRegexState.has(byte)) return this.#nextRegexState.get(byte);
    const state = this.#textState.step(byte);
    const next = state && new RegexState(state);
    this.#nextRegexState.set(byte, next);
    return next;
  }
}
