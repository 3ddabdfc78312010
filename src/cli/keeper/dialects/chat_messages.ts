/**
 * Conversations that are told as messages.
 *
 * @module
 */

import type { Message } from "../../../chat/template/world_form.ts";
import type { CarryingMessage } from "../../../http/request/carried_conversation.ts";
import type { Json, SentHistory } from "../client_dialect.ts";

/** How one message of a dialect is read. */
export interface MessageSchema {
  safeParse(value: unknown): {
    readonly success: boolean;
    readonly data?: CarryingMessage | readonly CarryingMessage[] | undefined;
  };
}

/** The messages of a request; nothing if one cannot be read, or has a state. */
export function chatOf(
  schema: MessageSchema,
  messages: unknown,
  head: readonly unknown[],
): Extract<SentHistory, { kind: "chat" }> | undefined {
  if (!Array.isArray(messages)) return undefined;
  const pieces: (readonly Message[])[] = [];
  for (const message of messages) {
    const { success, data } = schema.safeParse(message);
    const carried = [data ?? []].flat();
    if (!success || carried.some(({ state }) => state !== undefined)) {
      return undefined;
    }
    pieces.push(carried.map(({ message }) => message));
  }
  const begin = systemCount(pieces);
  const system = pieces.slice(0, begin).flat().map(({ content }) => content);
  return {
    kind: "chat",
    head: [...head, system],
    pieces: pieces.slice(begin),
  };
}

/** How many pieces are the system's, before all others. */
export function systemCount(pieces: readonly (readonly Message[])[]): number {
  const at = pieces.findIndex((piece) =>
    piece.some(({ role }) => role !== "system")
  );
  return at < 0 ? pieces.length : at;
}

/** The messages of a request that go on from a state in one of the assistant's. */
export function messagesFrom(
  schema: MessageSchema,
  messages: unknown,
  known: number,
  carrier: Json,
): readonly unknown[] {
  const all = Array.isArray(messages) ? messages : [];
  const first = all.findIndex((message) => {
    const { data } = schema.safeParse(message);
    return [data ?? []].flat().some(({ message }) => message.role !== "system");
  });
  const begin = first < 0 ? all.length : first;
  return [...all.slice(0, begin), carrier, ...all.slice(begin + known)];
}
