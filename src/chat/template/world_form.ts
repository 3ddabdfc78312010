/**
 * Messages of a chat, and the form in which the World and G1 models read them,
 * which the embedded model shares:
 *
 * ```text
 * System: …⏎⏎User: …⏎⏎Assistant: …⏎⏎User: …⏎⏎Assistant:
 * ```
 *
 * An empty line separates turns, so no message may contain one. The prompt ends
 * right after `Assistant:`; the space that follows is the model's to write, and
 * no part of its answer. Source: the model cards of BlinkDL's rwkv7-g1.
 *
 * @module
 */

import type { ChatPhase } from "../../state/save.ts";

/** Who speaks; `tool` is a function that answers a call. */
export type Role = "system" | "user" | "assistant" | "tool";

/** One message of a conversation. */
export interface Message {
  /** Who speaks. */
  readonly role: Role;
  /** What they say. */
  readonly content: string;
  /** What the assistant thought before it said that. */
  readonly reasoning?: string;
  /** Functions that the assistant called. */
  readonly calls?: readonly PastCall[];
  /** Which call a function answers. */
  readonly callId?: string;
  /** The name of the function that answers. */
  readonly name?: string;
}

/** A call of a conversation's past: its arguments may be anything. */
export interface PastCall {
  /** Names the call. */
  readonly id?: string | undefined;
  /** The function's name. */
  readonly name: string;
  /** An object as a rule; text that is no JSON as it is. */
  readonly arguments: unknown;
}

/** Messages as text, and where the chat stands once the text is read. */
export interface Prompt {
  /** What the model reads. */
  readonly text: string;
  /** Where that leaves the chat. */
  readonly phase: ChatPhase;
}

/** The text that ends every turn, and belongs to the conversation. */
export const TURN_END = "\n\n";

/** The text that ends a thought at the start of an answer. */
export const THINK_END = "</think>";

/** Where a chat begins. */
export const BLANK_PHASE: ChatPhase = { open: false, thinking: false };

const SPEAKER_NAMES = {
  system: "System",
  user: "User",
  assistant: "Assistant",
  tool: "User",
} satisfies Record<Role, string>;

/**
 * Writes messages as the model was trained to read them.
 *
 * @param messages Only those that the conversation has not read yet.
 * @param phase Where the conversation stands: an answer that was cut off is
 * ended first.
 * @param answer Whether the model is to answer. Where it is not, and nobody has
 * asked anything, its turn is not begun: the messages are history.
 */
export function renderChat(
  messages: readonly Message[],
  phase: ChatPhase,
  answer: boolean,
): Prompt {
  const turns = messages.map(({ role, content, reasoning = "" }) => {
    const thought = reasoning === ""
      ? ""
      : `<think>\n${reasoning}\n${THINK_END}\n`;
    const text = clean(thought + content);
    return `${SPEAKER_NAMES[role]}:${text === "" ? "" : ` ${text}`}${TURN_END}`;
  });
  const open = answer || asks(messages);
  return {
    text: ending(phase, TURN_END) + turns.join("") +
      (open ? `${SPEAKER_NAMES.assistant}:` : ""),
    phase: { open, thinking: false },
  };
}

/** Whether somebody waits for the assistant's answer. */
export function asks(messages: readonly Message[]): boolean {
  const last = messages.at(-1)?.role;
  return last === "user" || last === "tool";
}

/** What ends a turn that was cut off, inside its thought or after. */
export function ending({ open, thinking }: ChatPhase, end: string): string {
  return (thinking ? `\n${THINK_END}` : "") + (open ? end : "");
}

/**
 * Where a chat stands after text that came past the template. Whatever does not
 * end like a turn is ended before the next message.
 *
 * @param end What ends a turn.
 */
export function phaseAfterText(
  phase: ChatPhase,
  text: string,
  end = TURN_END,
): ChatPhase {
  return text === "" ? phase : {
    open: end.trim() === ""
      ? !text.endsWith(end)
      : !text.trimEnd().endsWith(end.trim()),
    thinking: phase.thinking && !text.includes(THINK_END),
  };
}

/** A message without anything that reads as the end of its turn. */
export function clean(content: string): string {
  return content.replaceAll("\r\n", "\n").replaceAll(/\n{2,}/g, "\n").trim();
}

/** Takes the space after `Assistant:` off an answer that comes in pieces. */
export class AnswerStart {
  #chatBegun: boolean;

  /**
   * Expects the space or not.
   *
   * @param expected Whether the prompt ended with `Assistant:`.
   */
  constructor(expected: boolean) {
    this.#chatBegun = !expected;
  }

  /** The next piece, without that space. */
  trim(piece: string): string {
    if (this.#chatBegun || piece === "") return piece;
    this.#chatBegun = true;
    return piece.startsWith(" ") ? piece.slice(1) : piece;
  }
}
