/**
 * How likely the tokens of an answer were, in the shape of chats.
 *
 * @module
 */

import type { ScoredToken, TokenLogprob } from "../../text/logprobs.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { MadeList } from "./made_list.ts";

/** One token of a chat completion's `logprobs.content`. */
export interface ChatLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: number[];
  readonly top_logprobs?: ChatLogprob[];
}

/** Tokens in a row; those of a whole answer are made as they are written. */
export type ListedLogprobs = readonly ChatLogprob[] | MadeList<ChatLogprob>;

/** `logprobs` of a chat completion. */
export interface ChatLogprobs {
  readonly content: ListedLogprobs;
  readonly refusal: null;
}

/** Tokens as a chat completion shows them. */
export function chatLogprobs(
  tokens: readonly ScoredToken[],
  tokenizer: Tokenizer,
): ChatLogprobs {
  const content = MadeList.of(tokens, (scored) => shown(scored, tokenizer));
  return { content, refusal: null };
}

/** A token as a chat completion shows it. */
export function shown(
  scored: ScoredToken,
  tokenizer: Tokenizer,
): Required<ChatLogprob> {
  const show = ({ token, logprob }: TokenLogprob): ChatLogprob => {
    const bytes = tokenizer.bytes(token);
    return {
      token: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
      logprob,
      bytes: [...bytes],
    };
  };
  return { ...show(scored), top_logprobs: scored.top.map(show) };
}
