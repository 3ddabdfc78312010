/**
 * Functions that a model may ask its client to call, as the G1 models were trained
 * to: the system's message lists them, the answer is a JSON call in a fenced block,
 * and what the function gave comes back as a message of the user.
 *
 * Source: the model cards of BlinkDL's rwkv7-g1, section "prompt format".
 *
 * @module
 */

import type { Message, PastCall } from "./template.ts";

/** A function of the client's. */
export interface Tool {
  /** Its name. */
  readonly name: string;
  /** What it does, for the model. */
  readonly description?: string | null | undefined;
  /** JSON schema of its arguments, an object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A function and its arguments. */
export interface ToolCall {
  /** Its name. */
  readonly name: string;
  /** By name. */
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What stands before and after a call in the text. */
export interface CallFrame {
  /** Before. */
  readonly before: string;
  /** After. */
  readonly after: string;
}

/** What stands before and after a call in the text. */
export const CALL_START = "```json\n", CALL_END = "\n```";

/** A call as models of the colon form write it. */
export const FENCED: CallFrame = { before: CALL_START, after: CALL_END };

/** Headings of a chat in sections. */
export const SECTION = {
  system: "### System",
  user: "### User",
  assistant: "### Assistant",
  tool: "### Tool Output",
} as const;

/** A call as models write it in a chat in sections. */
export const SECTION_CALL: CallFrame = {
  before: "**Tool Call:**\n```json\n",
  after: CALL_END,
};

/** Messages that begin with the tools, in the system's message if there is one. */
export function withTools(
  messages: readonly Message[],
  tools: readonly Tool[],
): readonly Message[] {
  if (tools.length === 0) return messages;
  const list = `Tools:\n${tools.map(signature).join("\n")}\n` +
    "Return only a JSON function call.";
  const [first, ...rest] = messages;
  return first?.role === "system"
    ? [{ ...first, content: `${first.content}\n${list}` }, ...rest]
    : [{ role: "system", content: list }, ...messages];
}

/**
 * Messages for a form that knows no functions: the system lists them, calls are part
 * of the assistant's text, and what a function gave is a message of the user.
 *
 * @param joined Whether what functions gave in a row is one message, for templates in
 * which the user and the assistant take turns.
 */
export function flattened(
  messages: readonly Message[],
  tools: readonly Tool[],
  joined = false,
): readonly Message[] {
  const flat: Message[] = [];
  let outputs = false;
  for (const { role, content, reasoning, calls = [] } of messages) {
    const last = flat.at(-1);
    if (joined && role === "tool" && outputs && last !== undefined) {
      flat[flat.length - 1] = {
        ...last,
        content: `${last.content}\n${outputText(content)}`,
      };
      continue;
    }
    outputs = role === "tool";
    flat.push({
      role: outputs ? "user" : role,
      content: outputs ? outputText(content) : withCalls(content, calls),
      ...(reasoning !== undefined && { reasoning }),
    });
  }
  return withTools(flat, tools);
}

/** A text of the assistant's, and the calls beside it. */
export function withCalls(
  content: string,
  calls: readonly PastCall[],
): string {
  if (calls.length === 0) return content;
  return content.trim() === ""
    ? callText(calls)
    : `${content.trimEnd()}\n${callText(calls)}`;
}

function signature({ name, description, parameters }: Tool): string {
  const { properties } = parameters;
  const names = Object.entries(properties ?? {}).map(([name, schema]) => {
    const { type = "any" } = (schema ?? {}) as { type?: unknown };
    return `${name}: ${Array.isArray(type) ? type.join(" | ") : type}`;
  });
  const about = description ? `: ${description}` : "";
  return `- ${name}(${names.join(", ")})${about}`;
}

/** Tools as a chat in sections lists them. */
export function sectionTools(tools: readonly Tool[]): string {
  const list = tools.map(({ name, description, parameters }) => [
    `### \`${name}\``,
    ...(description ? [`**Description:** ${description}`] : []),
    "**Parameters:**",
    CALL_START + JSON.stringify(parameters, null, 2) + CALL_END,
  ]);
  const example = '{"name": "NAME", "arguments": {"KEY": "VALUE"}}';
  return [
    ...list.flat(),
    "A call of a tool is written like this:",
    SECTION_CALL.before + example + SECTION_CALL.after,
  ].join("\n");
}

/** Calls as the assistant writes them. */
export function callText(
  calls: readonly PastCall[],
  { before, after }: CallFrame = FENCED,
): string {
  const bodies = calls.map(({ name, arguments: given }) => ({
    name,
    arguments: given,
  }));
  return before + JSON.stringify(bodies.length === 1 ? bodies[0] : bodies) +
    after;
}

/** What a function gave, as the user says it. */
export function outputText(output: string): string {
  return `Function output:\n${output}`;
}

/**
 * A JSON schema of one call of one of the tools. Arguments are an object, and what
 * their schema refers to is in their schema: each is a document of its own.
 */
export function callSchema(tools: readonly Tool[]): Record<string, unknown> {
  const drafts = new Set(tools.map(({ parameters }) => parameters.$schema));
  const [draft] = drafts;
  return {
    ...(drafts.size === 1 && draft !== undefined && { $schema: draft }),
    anyOf: tools.map(({ name, parameters }, i) => ({
      type: "object",
      properties: {
        name: { const: name },
        arguments: {
          type: "object",
          allOf: [{ $id: `schema://tool-${i}/`, ...parameters }],
        },
      },
      required: ["name", "arguments"],
      additionalProperties: false,
    })),
  };
}

/** Tells calls from text in an answer that comes in pieces. */
export class CallReader {
  readonly #names: ReadonlySet<string>;
  readonly #certain: boolean;
  readonly #frames: readonly CallFrame[];
  #held = "";
  #plain = false;

  /**
   * Begins an answer.
   *
   * @param tools Those that may be called; without any, all is text.
   * @param certain Whether the answer is a call, and written without a fence.
   * @param frame What stands around a call besides a fence.
   */
  constructor(
    tools: readonly Tool[],
    certain: boolean,
    frame: CallFrame = FENCED,
  ) {
    this.#names = new Set(tools.map(({ name }) => name));
    this.#certain = certain;
    this.#frames = [frame, FENCED];
    this.#plain = tools.length === 0;
  }

  /** The next of the text, as soon as it cannot be a call. */
  push(piece: string): string {
    if (this.#plain) return piece;
    this.#held += piece;
    const begun = this.#held.trimStart();
    const starts = this.#frames.map(({ before }) => before.trim());
    if (
      this.#certain ||
      starts.some((start) => begun.startsWith(start) || start.startsWith(begun))
    ) return "";
    this.#plain = true;
    return this.#held;
  }

  /** At the end of the answer: its calls, or the text that was held back. */
  finish(): { readonly text: string; readonly calls: readonly ToolCall[] } {
    if (this.#plain) return { text: "", calls: [] };
    const calls = this.#calls();
    return { text: calls.length > 0 ? "" : this.#held, calls };
  }

  #calls(): readonly ToolCall[] {
    const held = this.#held.trim();
    for (const frame of this.#frames) {
      const calls = this.#framed(held, frame);
      if (calls.length > 0) return calls;
    }
    return [];
  }

  /** The calls of a text that has nothing but calls. */
  #framed(held: string, frame: CallFrame): readonly ToolCall[] {
    const [before, after] = [frame.before.trim(), frame.after.trim()];
    const bodies = (before === "" ? [held] : held.split(before))
      .map((body) => body.trim()).filter((body) => body !== "")
      .map((body) =>
        after !== "" && body.endsWith(after)
          ? body.slice(0, -after.length)
          : body
      );
    try {
      const calls = bodies.flatMap((body) => [JSON.parse(body)].flat());
      return calls.every((call) => this.#isCall(call)) ? calls : [];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  }

  #isCall(value: unknown): value is ToolCall {
    if (typeof value !== "object" || value === null) return false;
    const { name, arguments: given } = value as Record<string, unknown>;
    return typeof name === "string" && this.#names.has(name) &&
      typeof given === "object" && given !== null && !Array.isArray(given);
  }
}
