/**
 * Messages as Anthropic's clients write them: blocks of text, thought, calls and
 * what tools gave. An answer's last block holds the state as `redacted_thinking`,
 * which clients have to send back unread.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Message } from "../../chat/template/world_form.ts";
import {
  type CarryingMessage,
  pastCall,
  shortId,
} from "../request/carried_conversation.ts";
import { text } from "../fields/text_fields.ts";
import {
  closedObject,
  ignorable,
  nullsLeftOut,
} from "../fields/closed_object.ts";
import { isToken } from "../request/state_ids.ts";

/** What blocks are that no text is in, by their types. */
const UNREADABLE_BLOCKS: Readonly<Record<string, string>> = {
  image: "images are",
  document: "documents are",
};

/** Blocks that tell of tools which another server runs, or of its own matters. */
const FOREIGN =
  /^(?:.+_tool_result|server_tool_use|mcp_tool_use|container_upload|compaction|fallback|tool_reference|browser_state)$/;

/** Marks of a cache on their server; here nothing is cached. */
const marks = {
  cache_control: z.unknown().optional(),
  citations: z.unknown().optional(),
};

/** A text. */
const TextBlock = z.strictObject({ type: z.literal("text"), text, ...marks });

/** Something that was found elsewhere. */
const FoundBlock = z.strictObject({
  type: z.literal("search_result"),
  source: z.string(),
  title: z.string(),
  content: z.array(nullsLeftOut(TextBlock)).max(1024),
  ...marks,
});

/** A schema of blocks that names those which cannot be read. */
function blocksSchema<T extends z.ZodType>(
  block: T,
): z.ZodArray<z.ZodPreprocess<T>> {
  return z.array(z.preprocess((given, context) => {
    const { type }: { type?: unknown } = given instanceof Object ? given : {};
    if (typeof type !== "string") return given;
    if (Object.hasOwn(UNREADABLE_BLOCKS, type)) {
      context.addIssue({
        code: "custom",
        message: `${UNREADABLE_BLOCKS[type]} not taken: the model reads text`,
      });
    } else if (FOREIGN.test(type)) {
      context.addIssue(ignorable(type, "is of a tool of another server"));
    }
    return given instanceof Object
      ? Object.fromEntries(
        Object.entries(given).filter(([, member]) => member !== null),
      )
      : given;
  }, block)).max(10_000) as z.ZodArray<z.ZodPreprocess<T>>;
}

const ResultContent = z.union([
  text,
  blocksSchema(z.discriminatedUnion("type", [TextBlock, FoundBlock])),
]).default("");

const Block = z.discriminatedUnion("type", [
  TextBlock,
  FoundBlock,
  z.strictObject({
    type: z.literal("thinking"),
    thinking: text.default(""),
    signature: z.string().optional(),
    ...marks,
  }),
  z.strictObject({ type: z.literal("redacted_thinking"), data: z.string() }),
  z.strictObject({
    type: z.literal("tool_use"),
    id: z.string(),
    name: z.string(),
    input: z.unknown(),
    caller: z.unknown().optional(),
    toolset_name: z.unknown().optional(),
    ...marks,
  }),
  z.strictObject({
    type: z.literal("tool_result"),
    tool_use_id: z.string(),
    content: ResultContent,
    is_error: z.boolean().default(false),
    toolset_name: z.unknown().optional(),
    ...marks,
  }),
]);
type Block = z.output<typeof Block>;

type TextLike = z.output<typeof TextBlock> | z.output<typeof FoundBlock>;

function textOfBlock(block: TextLike): string {
  return block.type === "text"
    ? block.text
    : [block.title, ...block.content.map(({ text }) => text)].join("\n");
}

function joinedText(content: string | readonly TextLike[]): string {
  return typeof content === "string"
    ? content
    : content.map(textOfBlock).join("\n");
}

/** One of Anthropic's messages: several of a chat where tools gave something. */
export const AnthropicMessage = closedObject({
  role: z.enum(["user", "assistant", "system"]),
  content: z.union([text, blocksSchema(Block)]),
}).transform(({ role, content }): readonly CarryingMessage[] => {
  const parts: readonly Block[] = typeof content === "string"
    ? [{ type: "text", text: content }]
    : content;
  if (role === "assistant") return [assistant(parts)];
  const results = parts.filter((part) => part.type === "tool_result");
  const said = parts.filter((part) =>
    part.type === "text" || part.type === "search_result"
  );
  const messages: Message[] = results.map((result) => ({
    role: "tool",
    content: (result.is_error ? "Error: " : "") + joinedText(result.content),
    ...shortId("callId", result.tool_use_id),
  }));
  if (said.length > 0 || messages.length === 0) {
    messages.push({ role, content: joinedText(said) });
  }
  return messages.map((message) => ({ message }));
});

function assistant(parts: readonly Block[]): CarryingMessage {
  const calls = parts.filter((part) => part.type === "tool_use");
  const thought = parts.filter((part) => part.type === "thinking")
    .map(({ thinking }) => thinking).join("\n");
  const state = parts.findLast((part) =>
    part.type === "redacted_thinking" && isToken(part.data)
  );
  return {
    message: {
      role: "assistant",
      content: parts.filter((part) => part.type === "text")
        .map(({ text }) => text).join(""),
      ...(calls.length > 0 && {
        calls: calls.map(({ id, name, input }) =>
          pastCall({ id, name, arguments: input ?? {} })
        ),
      }),
      ...(thought !== "" && { reasoning: thought }),
    },
    ...(state?.type === "redacted_thinking" && { state: state.data }),
  };
}

/** Blocks of the system's that are headers of the client's, and change every time. */
const CLIENT_HEADER_BLOCK = /^x-[\w-]+:/;

/** The field `system`, as text. */
export const SystemField = z.union([
  text,
  blocksSchema(TextBlock).transform((parts) =>
    parts.map(({ text }) => text).filter((text) =>
      !CLIENT_HEADER_BLOCK.test(text)
    )
      .join("\n")
  ),
]);
