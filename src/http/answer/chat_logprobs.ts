/**
 * How likely the tokens of an answer were, in the shape of chats.
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
