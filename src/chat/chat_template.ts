/**
 * How a model reads a chat: what its turns look like, whoever wrote the template.
 *
 * @module
 */

import type { ChatPhase } from "../state/save.ts";
import { type Message, type Prompt, renderChat, TURN_END } from "./template.ts";
import { type Effort, hinted, thinkOpening } from "./think.ts";

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
}

/** A prompt, and how the answer to it begins and ends. */
export interface ChatOpening extends Prompt {
  /** Whether the answer begins with a space that is no part of it. */
  readonly space: boolean;
  /** How much the prompt makes the model think. */
  readonly effort: Effort;
  /**
   * What ends the answer besides the end of the text; where it is kept, it ends the
   * turn as well.
   */
  readonly end?: { readonly text: string; readonly kept: boolean };
}

/** A way to write chats. */
export interface ChatTemplate {
  /** Whether the model can be asked to think; absent: its name tells. */
  readonly thinks?: boolean;
  /**
   * Writes messages.
   *
   * @param messages Only those that the conversation has not read yet.
   * @throws {RequestError} `ERR_REQUEST_INVALID` if the template does not take them.
   */
  open(messages: readonly Message[], moment: Moment): Promise<ChatOpening>;
}

/** Thoughts hold empty lines, so only the next speaker ends a turn with one. */
const NEXT_TURN = `${TURN_END}User:`;

/** The template of the World and G1 models. */
export const WORLD: ChatTemplate = {
  open(messages, { phase, answer, effort }): Promise<ChatOpening> {
    const chat = renderChat(hinted(messages, effort), phase, answer);
    const plain = effort === "none";
    return Promise.resolve({
      ...chat,
      text: chat.text + (chat.phase.open ? thinkOpening(effort) : ""),
      space: plain && chat.phase.open,
      effort,
      end: plain
        ? { text: TURN_END, kept: true }
        : { text: NEXT_TURN, kept: false },
    });
  },
};
