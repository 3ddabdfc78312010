/**
 * Answers as llama.cpp's `/completion` writes them: whole, and in events. Source:
 * `README.md` of llama.cpp's `tools/server`.
 *
 * @module
 */

import type { AnswerEvent } from "../../chat/chat_turn.ts";
import type { DoneEvent } from "../../engine/engine.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { type Draft, reportOf } from "../answer/answer_draft.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import { shown } from "../answer/chat_logprobs.ts";
import { MadeList } from "../answer/made_list.ts";
import { llamaError } from "./llama_error.ts";
import type { LlamaCompletionRequest } from "./llama_schema.ts";

/** What answers are to. */
export interface LlamaAsk {
  readonly request: LlamaCompletionRequest;
  readonly model: string;
  readonly tokenizer: Tokenizer;
}

/** Writes the answer to one request. */
export class LlamaWriter implements AnswerWriter {
  readonly error = llamaError;
  readonly #completionRequest: LlamaAsk;
  /** Tokens told of each draft. */
  readonly #drawnTokens: number[] = [];

  /** Writes to nobody yet. */
  constructor(ask: LlamaAsk) {
    this.#completionRequest = ask;
  }

  text({ index }: Draft, { text, tokens, rebase }: AnswerEvent): object[] {
    const { tokenizer } = this.#completionRequest;
    const drawn = (this.#drawnTokens[index] ?? 0) +
      (tokens?.length ?? tokenizer.encode(text).length);
    this.#drawnTokens[index] = drawn;
    return [{
      index,
      content: text,
      ...this.#tokensOfText(tokens),
      stop: false,
      id_slot: -1,
      tokens_predicted: drawn,
      tokens_evaluated: 0,
      ...this.#probabilities(tokens),
      ...(rebase && { rebase }),
    }];
  }

  done(draft: Draft): object[] {
    return [this.#lastCompletion(draft, "", undefined)];
  }

  /** One object, or a list of as many as were asked for. */
  whole(drafts: readonly Draft[]): object {
    const answers = drafts.map((draft) =>
      this.#lastCompletion(draft, draft.text, draft.tokens)
    );
    return answers.length === 1 ? answers[0] : answers;
  }

  #lastCompletion(
    draft: Draft,
    content: string,
    tokens: readonly ScoredToken[] | undefined,
  ): object {
    const { index, end, state } = draft;
    if (end === undefined) throw new Error("A turn had no end");
    const { request, model } = this.#completionRequest;
    const { usage, timings: { prefillMs, decodeMs } } = end;
    const read = usage.promptTokens;
    const written = usage.completionTokens;
    return {
      index,
      content,
      ...this.#tokensOfText(tokens),
      id_slot: -1,
      stop: true,
      model,
      tokens_predicted: written,
      tokens_evaluated: usage.prefillSavedTokens + read,
      generation_settings: generationSettings(request),
      prompt: typeof request.prompt === "string" ? request.prompt : "",
      has_new_line: content.includes("\n"),
      truncated: false,
      ...stopFields(end),
      tokens_cached: usage.position,
      timings: {
        cache_n: usage.prefillSavedTokens,
        ...timing("prompt", read, prefillMs),
        ...timing("predicted", written, decodeMs),
      },
      ...this.#probabilities(tokens),
      ...reportOf(draft),
      ...(state !== undefined && { state }),
    };
  }

  #tokensOfText(tokens: readonly ScoredToken[] = []): object {
    const { return_tokens } = this.#completionRequest.request;
    return { tokens: return_tokens ? tokens.map(({ token }) => token) : [] };
  }

  #probabilities(tokens: readonly ScoredToken[] | undefined): object {
    const { request, tokenizer } = this.#completionRequest;
    if (request.n_probs === 0 || tokens === undefined) return {};
    return {
      completion_probabilities: MadeList.of(tokens, (scored) => {
        const said = shown(scored, tokenizer);
        return {
          id: scored.token,
          ...said,
          top_logprobs: said.top_logprobs.map((other, j) => ({
            id: scored.top[j]?.token,
            ...other,
          })),
          // Older clients read probabilities by these names.
          content: said.token,
          probs: said.top_logprobs.map(({ token, logprob }) => ({
            tok_str: token,
            prob: Math.exp(logprob),
          })),
        };
      }),
    };
  }
}

function timing(name: string, count: number, ms: number): object {
  return {
    [`${name}_n`]: count,
    [`${name}_ms`]: ms,
    [`${name}_per_token_ms`]: count === 0 ? 0 : ms / count,
    [`${name}_per_second`]: ms === 0 ? 0 : 1000 * count / ms,
  };
}

/** What a request draws with, as far as it says so itself. */
function generationSettings(request: LlamaCompletionRequest): object {
  const { max_tokens, temperature, top_k, top_p, min_p, seed, stop, stream } =
    request;
  const { presence_penalty, frequency_penalty } = request;
  return {
    n_predict: max_tokens,
    temperature,
    top_k,
    top_p,
    min_p,
    presence_penalty,
    frequency_penalty,
    seed,
    stop,
    stream,
  };
}

function stopFields({ finish, stop }: DoneEvent): {
  readonly stop_type: "word" | "eos" | "limit";
  readonly stopping_word: string;
} {
  if (finish !== "stop") return { stop_type: "limit", stopping_word: "" };
  return stop === undefined || stop.kept
    ? { stop_type: "eos", stopping_word: "" }
    : { stop_type: "word", stopping_word: stop.text };
}
