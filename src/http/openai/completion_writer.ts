/**
 * Completions as OpenAI's older route writes them: whole, and in chunks. Source:
 * OpenAI's API reference, Completions.
 *
 * @module
 */

import type { AnswerEvent } from "../../chat/chat_turn.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import { type PromptPieces, promptText } from "../../text/prompt_pieces.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { type Draft, retriesOf } from "../answer/answer_draft.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import { type AnswerHead, endingOf } from "./chat_writer.ts";
import { openAiError } from "./openai_error.ts";
import {
  type CompletionLogprobs,
  completionLogprobs,
  meanLogprob,
} from "./completion_logprobs.ts";
import type { CompletionRequest } from "./chat_schema.ts";
import { finishReason, usageOf } from "./usage.ts";

/** What the answers are to, and what writing them takes. */
export interface CompletionParts {
  readonly request: CompletionRequest;
  readonly prompts: readonly PromptPieces[];
  readonly head: AnswerHead & { readonly object: string };
  readonly tokenizer: Tokenizer;
  /** How likely the tokens of a prompt are, for answers that repeat it. */
  readonly score: (prompt: PromptPieces) => Promise<readonly ScoredToken[]>;
}

/** What a chunk says besides its text. */
interface ChunkEnd {
  readonly finish?: string | null;
  readonly logprobs?: CompletionLogprobs | null;
  readonly state?: string | undefined;
  readonly retries?: number;
}

/** Writes the answers to one request. */
export class CompletionWriter implements AnswerWriter {
  readonly last = "[DONE]";
  readonly error = openAiError;
  readonly #completionParts: CompletionParts;
  /** Drafts that clients have heard of, in a stream. */
  readonly #choicesBegun: Draft[] = [];
  /** Characters sent of each, in a stream. */
  readonly #echoLengths: number[] = [];

  /** Writes to nobody yet. */
  constructor(parts: CompletionParts) {
    this.#completionParts = parts;
  }

  async text(
    draft: Draft,
    { text, tokens, rebase }: AnswerEvent,
  ): Promise<object[]> {
    const { tokenizer } = this.#completionParts;
    const begin = await this.#beginChoice(draft);
    const at = this.#echoLengths[draft.index] ?? 0;
    this.#echoLengths[draft.index] = at + text.length;
    const logprobs = tokens === undefined
      ? null
      : completionLogprobs(tokens, tokenizer, at);
    const piece = this.#chunkPiece(draft, text, { logprobs });
    return [...begin, { ...piece, ...(rebase && { rebase }) }];
  }

  async done(draft: Draft, last: boolean): Promise<object[]> {
    const { request: { n, stream_options }, prompts } = this.#completionParts;
    const chunks = await this.#beginChoice(draft);
    const states = last ? endingOf(this.#choicesBegun[0]) : {};
    const { end, state } = draft;
    chunks.push({
      ...this.#chunkPiece(draft, "", {
        finish: end === undefined ? null : finishReason(end),
        ...retriesOf(draft),
        ...(n * prompts.length > 1 && { state }),
      }),
      ...states,
    });
    if (last && stream_options?.include_usage) {
      const usage = usageOf(usagesOf(this.#choicesBegun), n);
      chunks.push(this.#completionChunk({ choices: [], usage, ...states }));
    }
    return chunks;
  }

  /** The `n` likeliest drafts of each prompt by their mean token, in that order. */
  pick(drafts: readonly Draft[]): readonly Draft[] {
    const { request: { n, best_of: each }, prompts } = this.#completionParts;
    if (each === n) return drafts;
    return prompts.flatMap((_, i) =>
      drafts.slice(i * each, (i + 1) * each)
        .toSorted((a, b) =>
          meanLogprob(b.tokens ?? []) - meanLogprob(a.tokens ?? [])
        )
        .slice(0, n)
    );
  }

  async whole(
    shown: readonly Draft[],
    all: readonly Draft[],
  ): Promise<object> {
    const { request: { best_of: each, echo }, head, tokenizer } =
      this.#completionParts;
    const choices = await Promise.all(
      shown.map(async (draft, index) => ({
        text: echo
          ? promptText(this.#promptOf(draft, each), tokenizer) + draft.text
          : draft.text,
        index,
        logprobs: await this.#logprobs(draft, each, draft.tokens ?? []),
        finish_reason: draft.end === undefined ? null : finishReason(draft.end),
        ...retriesOf(draft),
        ...(shown.length > 1 && { state: draft.state }),
      })),
    );
    return {
      ...head,
      choices,
      usage: usageOf(usagesOf(all), each),
      ...endingOf(shown[0]),
    };
  }

  /** The chunk that a choice begins with, once: its prompt, where that is repeated. */
  async #beginChoice(draft: Draft): Promise<object[]> {
    const { request: { echo, n }, tokenizer } = this.#completionParts;
    if (this.#choicesBegun[draft.index] !== undefined) return [];
    this.#choicesBegun[draft.index] = draft;
    if (!echo) return [];
    const text = promptText(this.#promptOf(draft, n), tokenizer);
    this.#echoLengths[draft.index] = text.length;
    const logprobs = await this.#logprobs(draft, n, []);
    return [this.#chunkPiece(draft, text, { logprobs })];
  }

  #promptOf({ index }: Draft, each: number): PromptPieces {
    return this.#completionParts.prompts[Math.floor(index / each)] ?? "";
  }

  /** What `logprobs` of a choice says: its prompt's tokens where that is repeated. */
  async #logprobs(
    draft: Draft,
    each: number,
    tokens: readonly ScoredToken[],
  ): Promise<CompletionLogprobs | null> {
    const { request: { echo, logprobs }, tokenizer, score } =
      this.#completionParts;
    if (logprobs === undefined) return null;
    const read = echo ? await score(this.#promptOf(draft, each)) : [];
    return completionLogprobs([...read, ...tokens], tokenizer, 0);
  }

  #chunkPiece(
    { index }: Draft,
    text: string,
    { finish = null, logprobs = null, ...rest }: ChunkEnd = {},
  ): object {
    return this.#completionChunk({
      choices: [{ text, index, logprobs, finish_reason: finish, ...rest }],
    });
  }

  #completionChunk(body: object): object {
    const { request: { stream_options }, head } = this.#completionParts;
    return {
      ...head,
      ...(stream_options?.include_usage && { usage: null }),
      ...body,
    };
  }
}

function usagesOf(drafts: readonly Draft[]) {
  return drafts.flatMap(({ end }) => end ? [end.usage] : []);
}
