/**
 * Calls of functions in an answer, as they are written down.
 *
 * @module
 */

import { type Draft, newCallId } from "./answer_draft.ts";

/** A call, in the shape that most dialects share with OpenAI. */
export interface WrittenCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A draft's calls, under ids of their own. */
export function writtenCalls({ calls, callId }: Draft): WrittenCall[] {
  return calls.map(({ name, arguments: given, json }, i) => ({
    id: i === 0 ? callId : newCallId(),
    type: "function",
    function: { name, arguments: json ?? JSON.stringify(given) },
  }));
}

/** Whether the answer ended in the midst of a call. */
export function isCut({ calls }: Draft): boolean {
  return calls.some(({ cut }) => cut === true);
}
