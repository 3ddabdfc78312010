/**
 * What replies of the thread that knows grammars mean.
 *
 * @module
 */

import { RequestError } from "../../errors.ts";
import type { Grammar } from "../grammar.ts";
import type { GrammarReply } from "./thread_messages.ts";
import { refusedGrammar } from "../screen/grammar_bounds.ts";
import type { Failure } from "./grammar_thread.ts";

/** No token may come. */
export class DeadEndError extends RequestError {}

/** Whether a mask has no token. */
export function isEmptyMask(mask: Uint32Array): boolean {
  return mask.every((word) => word === 0);
}

/** Whether the thread, or all that was asked of it, has failed. */
export function failed(replies: readonly GrammarReply[] | Failure): boolean {
  return failureOf(replies) !== undefined;
}

/** Why the thread, or the first that failed of what was asked of it, has failed. */
export function failureOf(
  replies: readonly GrammarReply[] | Failure,
): Failure | undefined {
  return "failure" in replies
    ? replies
    : replies.find((reply) => "failure" in reply);
}

/** The mask of a reply to what was asked of an answer, or what is wrong with it. */
export function maskOf(
  reply: GrammarReply,
  { grammar, tokens }: {
    readonly grammar: Grammar;
    readonly tokens: readonly number[];
  },
): Uint32Array<ArrayBuffer> | RequestError {
  if ("failure" in reply) return unfollowed(grammar, reply);
  if ("refused" in reply) return refusedGrammar(reply.refused);
  if ("misfit" in reply) {
    return refusedAnswer(
      tokens.length === 0
        ? "the grammar takes no text"
        : "what is written already does not fit the grammar",
    );
  }
  if (isEmptyMask(reply.mask)) {
    return new DeadEndError(
      "ERR_REQUEST_INVALID",
      "Cannot take request: the grammar allows no token here",
    );
  }
  return reply.mask;
}

/** The error of a grammar that a thread has failed with. */
export function unfollowed(
  { type }: Grammar,
  failure: Failure,
): RequestError {
  if (failure.refused === true) return refusedGrammar(failure.failure);
  return refusedAnswer(`its ${type} grammar cannot be followed`, failure);
}

function refusedAnswer(
  found: string,
  reply?: { failure: string },
): RequestError {
  const [line = ""] = reply?.failure.split("\n") ?? [];
  return refusedGrammar(
    found + (line === "" ? "" : `: ${line.slice(0, 300)}`),
  );
}
