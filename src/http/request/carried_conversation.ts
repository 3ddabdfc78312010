/**
 * A chat whose client sends all of its messages every time: what is new in it, and the
 * state that has read the rest. The newest message with a state in it, or the field
 * `state`, spares reading those before.
 *
 * @module
 */

import {
  type HeadedMessages,
  splitHead,
} from "../../chat/conversation_head.ts";
import type { Message, PastCall } from "../../chat/template/world_form.ts";

/** A message, and the state that its answer left, where it is in it. */
export interface CarryingMessage {
  readonly message: Message;
  readonly state?: string | undefined;
}

/** Characters of an id that a template may write; longer ones carry a state. */
const MOST_ID_CHARACTERS = 64;

/** An id under `name`, unless it carries a state: the model does not read those. */
export function shortId<Name extends string>(
  name: Name,
  id: string | undefined,
): { readonly [N in Name]?: string } {
  const short = id !== undefined && id.length <= MOST_ID_CHARACTERS
    ? { [name]: id }
    : {};
  return short as { readonly [N in Name]?: string };
}

/** A call of the past, as the model reads it. */
export function pastCall(
  { id, name, arguments: given }: PastCall,
): PastCall {
  return { ...shortId("id", id), name, arguments: given };
}

/** A conversation, and what to go on from. */
export interface CarriedConversation extends HeadedMessages {
  /** The state that has read all before the body; without one the head is first. */
  readonly state: string | undefined;
}

/**
 * What is new in a chat.
 *
 * @param state The request's own field: older than a state in a message.
 * @param goOn Whether the last message is one of the assistant's to be gone on with,
 * which no state has read.
 */
export function conversationOf(
  messages: readonly CarryingMessage[],
  state: string | undefined,
  goOn = false,
): CarriedConversation {
  const last = messages.at(-1);
  if (
    goOn && messages.length > 1 && last?.message.role === "assistant" &&
    last.state === undefined
  ) {
    const before = conversationOf(messages.slice(0, -1), state);
    return { ...before, body: [...before.body, last.message] };
  }
  const all = messages.map(({ message }) => message);
  const at = messages.findLastIndex(({ state }) => state !== undefined);
  const { head, body } = splitHead(all);
  // Loops over tools send the field of their first step with every other.
  if (at >= head.length) {
    return { head, body: all.slice(at + 1), state: messages[at].state };
  }
  return state === undefined
    ? { head, body, state }
    : { ...unread(all), state };
}

/**
 * The head, and the messages that a state has not read. Clients that send the whole
 * list every time end what the state knows with the assistant's last answer.
 */
export function unread(messages: readonly Message[]): HeadedMessages {
  const { head, body } = splitHead(messages);
  const known = body.findLastIndex(({ role }) => role === "assistant");
  return { head, body: body.slice(known + 1) };
}
