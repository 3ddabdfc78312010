/**
 * Messages as OpenAI's clients send them.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { text } from "../fields/text_fields.ts";
import { closedObject } from "../fields/closed_object.ts";
import {
  type CarryingMessage,
  pastCall,
  shortId,
} from "../request/carried_conversation.ts";
import { tokenIn } from "../request/state_ids.ts";
import { CarryingContent } from "./message_content.ts";
import { CallItem, OnlyCall } from "./tool_schema.ts";

/** A message of a chat, and the state in it. */
export const OpenAiMessage = closedObject({
  role: z.enum([
    "system",
    "developer",
    "user",
    "assistant",
    "tool",
    "function",
  ]),
  content: CarryingContent.default({ text: "", state: undefined }),
  name: z.string().optional(),
  refusal: text.optional(),
  annotations: z.unknown().optional(),
  audio: z.unknown().optional(),
  reasoning_content: text.optional(),
  reasoning: text.optional(),
  tool_calls: z.array(CallItem).max(128).default([]),
  function_call: OnlyCall.optional(),
  tool_call_id: z.string().optional(),
  state: z.string().optional(),
}).transform((given): CarryingMessage => {
  const { role, content: { text: content, state }, tool_calls } = given;
  switch (role) {
    case "developer":
      return { message: { role: "system", content } };
    case "function":
    case "tool":
      return {
        message: {
          role: "tool",
          content,
          ...shortId("callId", given.tool_call_id),
          ...(given.name !== undefined && { name: given.name }),
        },
      };
    case "user":
    case "system":
      return { message: { role, content } };
    case "assistant": {
      const calls = [...tool_calls, given.function_call ?? []].flat();
      const thought = given.reasoning_content ?? given.reasoning;
      const ids = tool_calls.map(({ id }) => tokenIn(id));
      return {
        message: {
          role,
          content: content || given.refusal || "",
          ...(calls.length > 0 && { calls: calls.map(pastCall) }),
          ...(thought && { reasoning: thought }),
        },
        state: given.state || state || ids.find((token) => token !== undefined),
      };
    }
  }
});
