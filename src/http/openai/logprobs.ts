/**
 * How likely tokens were, in the two shapes that OpenAI has for it.
 *
 * @module
 */

import type { ScoredToken, TokenLogprob } from "../../text/logprobs.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";

/** One token of a chat completion's `logprobs.content`. */
export interface ChatLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: number[];
  readonly top_logprobs?: ChatLogprob[];
}

/** `logprobs` of a chat completion. */
export interface ChatLogprobs {
  readonly content: ChatLogprob[];
  readonly refusal: null;
}

/** `logprobs` of a completion. */
export interface CompletionLogprobs {
  readonly tokens: string[];
  /** `null` for a token that nothing comes before. */
  readonly token_logprobs: (number | null)[];
  readonly top_logprobs: (Record<string, number> | null)[];
  readonly text_offset: number[];
}

/** Tokens as a chat completion shows them. */
export function chatLogprobs(
  tokens: readonly ScoredToken[],
  tokenizer: Tokenizer,
): ChatLogprobs {
  const show = (scored: TokenLogprob): ChatLogprob => {
    const bytes = tokenizer.bytes(scored.token);
    return {
      token: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
      logprob: scored.logprob,
      bytes: [...bytes],
    };
  };
  return {
    content: tokens.map((scored) => ({
      ...show(scored),
      top_logprobs: scored.top.map(show),
    })),
    refusal: null,
  };
}

/**
 * Tokens as a completion shows them.
 *
 * @param offset Characters of the choice's text before the first of them.
 */
export function completionLogprobs(
  tokens: readonly ScoredToken[],
  tokenizer: Tokenizer,
  offset: number,
): CompletionLogprobs {
  const name = (token: number) => {
    const bytes = tokenizer.bytes(token);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
        .decode(bytes);
    } catch {
      return `bytes:${[...bytes].map(escaped).join("")}`;
    }
  };
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  let at = offset;
  const starts = tokens.map(({ token }) => {
    const start = at;
    at += utf8.decode(tokenizer.bytes(token), { stream: true }).length;
    return start;
  });
  return {
    tokens: tokens.map(({ token }) => name(token)),
    token_logprobs: tokens.map(({ logprob }) =>
      Number.isNaN(logprob) ? null : logprob
    ),
    top_logprobs: tokens.map(({ logprob, top }) =>
      Number.isNaN(logprob) ? null : Object.fromEntries(
        top.map(({ token, logprob }) => [name(token), logprob]),
      )
    ),
    text_offset: starts,
  };
}

/** The mean over the tokens; of none, 0. */
export function meanLogprob(tokens: readonly ScoredToken[]): number {
  const sum = tokens.reduce((sum, { logprob }) => sum + logprob, 0);
  return tokens.length === 0 ? 0 : sum / tokens.length;
}

function escaped(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
