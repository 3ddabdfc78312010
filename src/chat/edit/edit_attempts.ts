/**
 * Tries several ways to edit a state, one after another, and keeps the best: doing
 * nothing is one of them, so no edit leaves a state worse than it was, by its own
 * measure.
 *
 * @module
 */

import { RequestError } from "../../errors.ts";
import type { Save } from "../../state/save.ts";
import type { PromptPieces } from "../../text/prompt_pieces.ts";
import type { Input } from "../chat_turn.ts";
import {
  type Editor,
  type Fact,
  type Lesson,
  type Likelihood,
  LONGEST_REPLY,
} from "./state_editor.ts";
import { type Attempt, harmOf, meanOf } from "./edit_report.ts";

/** Tokens that one edit may read, draw and score. */
export const MOST_EDIT_TOKENS = 1 << 16;

/** Tokens that the frame of a message may have. */
const FRAME = 16;

/** What a way has to be better by, nats a token, than a plainer one before it. */
const LIKELIHOOD_MARGIN = 0.01;

/** One way to edit. */
export interface Way {
  /** In a few words. */
  readonly method: string;
  /** What it does. */
  readonly edit: () => Promise<Save | undefined>;
}

/** Facts and what they are measured against. */
export interface Aim {
  /** Facts that are to change. */
  readonly facts: readonly Fact[];
  /** Facts that are to stay. */
  readonly keep: readonly Fact[];
  /** How good facts of such likelihoods are: the more the better. */
  readonly value: (facts: readonly Likelihood[]) => number;
}

/** A state and how likely the facts are in it. */
export interface Measurement {
  /** The state. */
  readonly save: Save | undefined;
  /** Facts that are to change. */
  readonly facts: readonly Likelihood[];
  /** Facts that are to stay. */
  readonly keep: readonly Likelihood[];
}

/** The best of some ways. */
export interface Best extends Measurement {
  /** What was done; omitted if no attempt was better. */
  readonly method?: string;
  /** Everything that was tried. */
  readonly attempts: readonly Attempt[];
}

/** Measures the facts in a state. */
export async function measure(
  editor: Editor,
  save: Save | undefined,
  { facts, keep }: Pick<Aim, "facts" | "keep">,
): Promise<Measurement> {
  const all = await editor.likelihoods(save, [...facts, ...keep]);
  return {
    save,
    facts: all.slice(0, facts.length),
    keep: all.slice(facts.length),
  };
}

/** Tries every way from the same state, and gives what the best of them left. */
export async function tryAll(
  editor: Editor,
  before: Measurement,
  ways: readonly Way[],
  aim: Aim,
): Promise<Best> {
  const found = [{ method: NOTHING, measured: before }];
  for (const { method, edit } of ways) {
    found.push({ method, measured: await measure(editor, await edit(), aim) });
  }
  const values = found.map(({ measured }) =>
    aim.value(measured.facts) - harmOf(before.keep, measured.keep)
  );
  const best = values.reduce(
    (best, value, i) =>
      value > (values[best] ?? -Infinity) + LIKELIHOOD_MARGIN ? i : best,
    0,
  );
  const attempts = found.map(({ method, measured }, i) => ({
    method,
    facts: meanOf(measured.facts),
    ...(measured.keep.length > 0 && { kept: meanOf(measured.keep) }),
    chosen: i === best,
  }));
  const { [best]: chosen } = found;
  return {
    ...chosen?.measured ?? before,
    ...(best > 0 && chosen !== undefined && { method: chosen.method }),
    attempts,
  };
}

/** The name of the way that does nothing. */
export const NOTHING = "nothing";

/** Texts of lessons. */
export function lessonTexts(lessons: readonly Lesson[]): string[] {
  return lessons.flatMap(({ user, assistant }) =>
    assistant === undefined ? [user] : [user, assistant]
  );
}

/** Texts of facts. */
export function factTexts(facts: readonly Fact[]): string[] {
  return facts.flatMap(({ question, answer }) => [question, answer]);
}

/** Texts of what a state was told. */
export function toldTexts(told: readonly Input[]): string[] {
  return told.flatMap((input) =>
    "prompt" in input
      ? promptPieces(input.prompt).filter((piece) => typeof piece === "string")
      : input.messages.map(({ content }) => content)
  );
}

/** Tokens that lessons take at most. */
export function lessonTokens(
  editor: Editor,
  lessons: readonly Lesson[],
): number {
  return lessons.reduce(
    (sum, { user, assistant }) =>
      sum + editor.length(user) + FRAME +
      (assistant === undefined ? LONGEST_REPLY : editor.length(assistant)),
    0,
  );
}

/** Tokens of what a state was told, about. */
export function toldTokens(editor: Editor, told: readonly Input[]): number {
  return told.reduce(
    (sum, input) =>
      sum +
      ("prompt" in input
        ? promptPieces(input.prompt).reduce<number>((sum, piece) =>
          sum + (typeof piece === "number" ? 1 : editor.length(piece)), 0)
        : input.messages.reduce((sum, { content }) =>
          sum + editor.length(content) + FRAME, 0)),
    0,
  );
}

function promptPieces(prompt: PromptPieces): readonly (string | number)[] {
  return typeof prompt === "string" ? [prompt] : prompt;
}

/** Tokens that it takes to measure facts once. */
export function factTokens(editor: Editor, facts: readonly Fact[]): number {
  return facts.reduce(
    (sum, { question, answer }) =>
      sum + editor.length(question) + editor.length(answer) + FRAME,
    0,
  );
}

/**
 * Refuses an edit that takes too long, before any of it is done.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` naming what it would take.
 */
export function expectBounded(tokens: number): void {
  if (tokens <= MOST_EDIT_TOKENS) return;
  throw new RequestError(
    "ERR_REQUEST_INVALID",
    `Cannot edit state: it would take up to ${tokens} tokens, and the most is ` +
      `${MOST_EDIT_TOKENS}; send fewer facts and lessons, or ask for fewer ` +
      "candidates",
  );
}
