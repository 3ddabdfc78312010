/**
 * Functions in OpenAI's chats: what the model is told of them, and its calls.
 *
 * @module
 */

import type { Message } from "../../chat/template.ts";
import {
  CALL_END,
  CALL_START,
  CallReader,
  callSchema,
  type Tool,
  type ToolCall,
  withTools,
} from "../../chat/tools.ts";
import type { ChoiceEvent, CommonRequest } from "./choices.ts";
import type { ToolChoice } from "./tool_schema.ts";

/** What became of a request's tools. */
export interface CallPlan {
  /** What may be called. */
  readonly tools: readonly Tool[];
  /** Whether the answer has to be a call. */
  readonly certain: boolean;
  /** Fields of the request that change. */
  readonly changes: Pick<CommonRequest, "grammar" | "frame">;
}

/** A call as OpenAI writes it. */
export interface WrittenCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** What happened to one choice; at its end, with its calls. */
export interface CallEvent extends ChoiceEvent {
  readonly calls: readonly WrittenCall[];
}

/** Reads a request's tools. A function that has to be called has a grammar. */
export function planCalls(
  { tools, tool_choice: choice }: {
    readonly tools: readonly Tool[];
    readonly tool_choice: ToolChoice;
  },
): CallPlan {
  if (choice === "none" || tools.length === 0) {
    return { tools: [], certain: false, changes: {} };
  }
  if (choice === "auto") return { tools, certain: false, changes: {} };
  const wanted = choice === "required"
    ? tools
    : tools.filter(({ name }) => name === choice.name);
  return {
    tools: wanted,
    certain: true,
    changes: {
      grammar: {
        type: "json_schema",
        schema: callSchema(wanted),
        strict: false,
      },
      frame: { before: CALL_START, after: CALL_END },
    },
  };
}

/** The messages with what may be called, unless a state has read that. */
export function toldMessages(
  messages: readonly Message[],
  { tools }: CallPlan,
): readonly Message[] {
  return tools.length === 0 ? messages : withTools(messages, tools);
}

/** Events with calls told from text. */
export async function* tellCalls(
  choices: AsyncGenerator<ChoiceEvent, void>,
  { tools, certain }: CallPlan,
): AsyncGenerator<CallEvent, void> {
  const readers = new Map<number, CallReader>();
  for await (const { index, event } of choices) {
    const reader = readers.get(index) ?? new CallReader(tools, certain);
    readers.set(index, reader);
    if (event.type === "text") {
      const text = reader.push(event.text);
      if (text === "" && event.text !== "" && !event.tokens) continue;
      yield { index, event: { ...event, text }, calls: [] };
      continue;
    }
    const { text, calls } = reader.finish();
    if (text !== "") yield { index, event: { type: "text", text }, calls: [] };
    yield { index, event, calls: calls.map(written) };
  }
}

function written({ name, arguments: given }: ToolCall): WrittenCall {
  return {
    id: `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`,
    type: "function",
    function: { name, arguments: JSON.stringify(given) },
  };
}
