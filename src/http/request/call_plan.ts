/**
 * What a turn of a chat reads, and which functions its answer may or has to call.
 *
 * @module
 */

import {
  headDigest,
  type HeadedMessages,
} from "../../chat/conversation_head.ts";
import type { Message } from "../../chat/template/world_form.ts";
import {
  callSchema,
  type Tool,
  withTools,
} from "../../chat/tools/tool_calls.ts";
import type { Save } from "../../state/save.ts";
import type { CommonRequest } from "./common_request.ts";
import {
  type AllowedTools,
  chosenTools,
  mustCall,
  type ToolChoice,
} from "../fields/tool_fields.ts";

/** What became of a request's tools. */
export interface CallPlan {
  /** What may be called. */
  readonly tools: readonly Tool[];
  /** What the model is told of. */
  readonly told: readonly Tool[];
  /** Whether the answer has to be a call. */
  readonly certain: boolean;
  /** Fields of the request that change. */
  readonly changes: Pick<CommonRequest, "grammar" | "call">;
}

/** Reads a request's tools. A function that has to be called has a grammar. */
export function planCalls(
  { tools, tool_choice: choice }: {
    readonly tools: readonly Tool[];
    readonly tool_choice: ToolChoice;
  },
): CallPlan {
  const wanted = chosenTools(tools, choice);
  // A choice of one tool or none is of this turn; a list of those allowed is not.
  const told = isList(choice) ? wanted : choice === "none" ? [] : tools;
  if (!mustCall(choice)) {
    return { tools: wanted, told, certain: false, changes: {} };
  }
  return {
    tools: wanted,
    told,
    certain: true,
    changes: {
      grammar: {
        type: "json_schema",
        schema: callSchema(wanted),
        strict: false,
      },
      call: true,
    },
  };
}

function isList(choice: ToolChoice): choice is AllowedTools {
  return typeof choice === "object" && "names" in choice;
}

/** What a turn reads of a conversation, and the digest of its head. */
export interface Reading {
  readonly messages: readonly Message[];
  readonly told: number | undefined;
  /** What may be called, for the template to say. */
  readonly toldTools: readonly Tool[];
  /** Whether a state is told the head, for it has read none or another. */
  readonly tell: boolean;
}

/**
 * What a turn has to read: the head, of which the tools are a part, unless the state
 * has read just that, and what is new.
 */
export function readingOf(
  { head, body }: HeadedMessages,
  { told: tools }: CallPlan,
  save: Save | undefined,
): Reading {
  const whole = tools.length === 0 ? head : withTools(head, tools);
  const told = headDigest(whole);
  const known = save !== undefined &&
    (told === undefined || told === save.chat.told);
  return {
    messages: known ? body : [...head, ...body],
    told,
    toldTools: tools,
    tell: save !== undefined && !known,
  };
}
