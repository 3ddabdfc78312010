/**
 * Where a response begins: at the newest state among the items, their ids and the
 * references to them (`state_ids.ts`).
 *
 * @module
 */

import type { HeadedMessages } from "../../chat/conversation_head.ts";
import type { Message, PastCall } from "../../chat/template/world_form.ts";
import { StateError } from "../../errors.ts";
import { SchemaError } from "../problem.ts";
import { pastCall, shortId, unread } from "../request/carried_conversation.ts";
import { tokenIn, tokenOfResponse } from "../request/state_ids.ts";
import type { Item, ResponsesRequest } from "./responses_schema.ts";

/** Where a response begins, and what is to be read first. */
export interface ResponseStart extends HeadedMessages {
  /** The state; omitted if there is none. */
  readonly state: string | undefined;
}

/**
 * Finds the newest state in a request, and the messages after it.
 *
 * @throws {StateError} If the response named holds no state.
 * @throws {SchemaError} If an item that is referred to holds none, and no state
 * after it has read it.
 */
export function responseStart(
  { input, instructions, previous_response_id, state }: ResponsesRequest,
): ResponseStart {
  const at = input.findLastIndex((item) => carriedBy(item) !== undefined);
  const carried = at < 0 ? undefined : carriedBy(input[at]);
  const previous = previous_response_id === undefined
    ? undefined
    : previousToken(previous_response_id);
  const system: Message[] = instructions
    ? [{ role: "system", content: instructions }]
    : [];
  const start = input.findIndex((item) => !isSystem(item));
  const begin = start < 0 ? input.length : start;
  const head = [...system, ...messagesOfItems(input.slice(0, begin), 0)];
  const from = Math.max(begin, at + 1);
  const body = messagesOfItems(input.slice(from), from);
  const told = carried ?? state;
  return told === undefined || carried !== undefined
    ? { head, body, state: told ?? previous }
    : { head, body: unread(body).body, state };
}

function isSystem(item: Item): boolean {
  return item.type === "message" && item.role === "system";
}

function carriedBy(item: Item): string | undefined {
  const written = item.type === "reasoning"
    ? item.encrypted_content || undefined
    : undefined;
  return written ?? tokenIn(item.id);
}

function previousToken(id: string): string {
  const token = tokenOfResponse(id);
  if (token !== undefined) return token;
  throw new StateError(
    "ERR_STATE_UNREADABLE",
    "Cannot go on from this response: its id holds no state, as that of a " +
      "response that is not to be stored or whose stream was left before its " +
      "end; send its field state instead, or its items",
  );
}

/** Items as messages; a text, a thought and calls in a row are one answer. */
function messagesOfItems(
  items: readonly Item[],
  from: number,
): readonly Message[] {
  const messages: Message[] = [];
  let said: {
    content: string;
    thought: string;
    calls: PastCall[];
  } | undefined;
  const end = () => {
    if (said === undefined) return;
    const { content, thought, calls } = said;
    said = undefined;
    // A thought that led to nothing is no message.
    if (content === "" && calls.length === 0) return;
    messages.push({
      role: "assistant",
      content,
      ...(calls.length > 0 && { calls }),
      ...(thought !== "" && { reasoning: thought }),
    });
  };
  const answer = () => said ??= { content: "", thought: "", calls: [] };
  for (const [i, item] of items.entries()) {
    switch (item.type) {
      case "message":
        if (item.role !== "assistant") {
          end();
          messages.push({ role: item.role, content: item.content });
        } else {
          if (said?.content || said?.calls.length) end();
          answer().content = item.content;
        }
        break;
      case "reasoning":
        if (said !== undefined) end();
        answer().thought = item.thought;
        break;
      case "function_call":
        answer().calls.push(
          pastCall({
            id: item.call_id,
            name: item.name,
            arguments: item.arguments,
          }),
        );
        break;
      case "output":
        end();
        messages.push({
          role: "tool",
          content: item.content,
          ...shortId("callId", item.call_id),
        });
        break;
      case "item_reference":
        throw unknownItem(from + i);
      default:
        item satisfies never;
    }
  }
  end();
  return messages;
}

function unknownItem(index: number): SchemaError {
  const pointer = `/input/${index}/id`;
  const detail = "names an item that is not stored here and holds no state: " +
    "send the item itself, or what came after it in the same answer";
  return new SchemaError(`Cannot take request: ${pointer}: ${detail}`, [
    { pointer, detail },
  ]);
}
