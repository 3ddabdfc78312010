/**
 * How likely tokens were, in the shape of OpenAI's completions.
 *
 * @module
 */

import type { ScoredToken } from "../../text/logprobs.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { MadeList } from "../answer/made_list.ts";

/** `logprobs` of a completion. */
export interface CompletionLogprobs {
  readonly tokens: MadeList<string>;
  /** `null` for a token that nothing comes before. */
  readonly token_logprobs: MadeList<number | null>;
  readonly top_logprobs: MadeList<Record<string, number> | null>;
  readonly text_offset: number[];
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
      return `bytes:${[...bytes].map(escapedByte).join("")}`;
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
    tokens: MadeList.of(tokens, ({ token }) => name(token)),
    token_logprobs: MadeList.of(
      tokens,
      ({ logprob }) => Number.isNaN(logprob) ? null : logprob,
    ),
    top_logprobs: MadeList.of(
      tokens,
      ({ logprob, top }) =>
        Number.isNaN(logprob) ? null : Object.fromEntries(
          top.map(({ token, logprob }) => [name(token), logprob]),
        ),
    ),
    text_offset: starts,
  };
}

/** The mean over the tokens; of none, 0. */
export function meanLogprob(tokens: readonly ScoredToken[]): number {
  const sum = tokens.reduce((sum, { logprob }) => sum + logprob, 0);
  return tokens.length === 0 ? 0 : sum / tokens.length;
}

function escapedByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
