/**
 * How a model reads a chat: what its turns look like in any template.
 *
 * @module
 */

import type { StopSequence } from "../../engine/engine.ts";
import type { ChatPhase } from "../../state/save.ts";
import type { PromptPieces } from "../../text/prompt_pieces.ts";
import type { Message } from "./world_form.ts";
import type { Effort, ThoughtStart } from "../thought/thinking.ts";
import type { CallFrame, Tool } from "../tools/tool_calls.ts";

/** Where a chat stands, and what is to be done. */
export interface Moment {
  /** Where it stands. */
  readonly phase: ChatPhase;
  /** Whether a state has read anything before. */
  readonly begun: boolean;
  /** Whether the model is to answer. */
  readonly answer: boolean;
  /** How much to think; models that cannot do not. */
  readonly effort: Effort;
  /** Functions that may be called; a state that has begun knows them. */
  readonly tools?: readonly Tool[];
  /**
   * Whether a state that has begun is told the system's words among the messages,
   * and the tools, for it knows none or others.
   */
  readonly tell?: boolean;
  /**
   * Whether a last message of the assistant's is gone on with, or an answer that was
   * cut off where there is no message. Otherwise it has ended, and another begins.
   */
  readonly goOn?: boolean;
  /** Variables for the model's own template. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** A prompt, and how the answer to it begins and ends. */
export interface ChatOpening {
  /** What the model reads. */
  readonly prompt: PromptPieces;
  /** Where that leaves the chat. */
  readonly phase: ChatPhase;
  /** Whether the answer begins with a space that is no part of it. */
  readonly space: boolean;
  /** How the answer begins. */
  readonly thought: ThoughtStart;
  /**
   * What ends the answer besides the end of the text, the first of them before all
   * others; those that are kept end the turn as well.
   */
  readonly ends: readonly StopSequence[];
  /** Whether the end-of-text token ends the turn, and belongs to it. */
  readonly endsWithToken?: boolean;
  /** Whether a text that begins here begins with the end-of-text token; by default as
   * the model's texts do. */
  readonly bos?: boolean;
}

/** A way to write chats. */
export interface ChatTemplate {
  /** What people call it. */
  readonly name: string;
  /** Whether the model can be asked to think; by default its name tells. */
  readonly thinks?: boolean;
  /** What ends a turn, in texts that come past the template. */
  readonly end: string;
  /** What stands before and after a call of a function. */
  readonly calls: CallFrame;
  /**
   * Writes messages.
   *
   * @param messages Only those that the conversation has not read yet.
   * @throws {RequestError} `ERR_REQUEST_INVALID` if the template does not take them.
   */
  open(messages: readonly Message[], moment: Moment): Promise<ChatOpening>;
}

/** Whether messages end with an answer of the assistant's that is gone on with. */
export function goesOn(
  messages: readonly Message[],
  { begun, answer, phase, goOn = true }: Moment,
): boolean {
  if (!answer || !goOn) return false;
  const last = messages.at(-1);
  return last === undefined
    ? begun && phase.open
    : last.role === "assistant" && !last.calls?.length && last.content !== "";
}
