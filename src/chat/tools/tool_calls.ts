/**
 * Functions that a model may ask its client to call, as the G1 models were trained
 * to: the system's message lists them, the answer is a JSON call in a fenced block,
 * and what the function gave comes back as a message of the user.
 *
 * Source: the model cards of BlinkDL's rwkv7-g1, section "prompt format".
 *
 * @module
 */

import { type CallPiece, ForcedCall } from "./forced_call.ts";
import type { Message, PastCall } from "../template/world_form.ts";

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
  /** The arguments as they were written, where they were told while they were. */
  readonly json?: string;
  /** Whether the answer ended in the midst of the arguments. */
  readonly cut?: boolean;
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
 * @param joined Whether what functions gave, and what the user says after it, is one
 * message, for templates in which the user and the assistant take turns.
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
    const speaks = role === "tool" || role === "user";
    if (joined && speaks && outputs && last !== undefined) {
      const more = role === "tool" ? outputText(content) : content;
      flat[flat.length - 1] = { ...last, content: `${last.content}\n${more}` };
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
      // Once the name is known, arguments can be told while they are written.
      propertyOrdering: ["name", "arguments"],
    })),
  };
}

/** A call that has begun, in the text that is held. */
interface BegunCall {
  readonly frame: CallFrame;
  /** Where its JSON begins. */
  readonly body: number;
  /** Where to look for its end. */
  from: number;
}

/** What became of a begun call. */
interface EndedCall {
  /** Where it ends, in the text that is held. */
  readonly end: number;
  /** None: it is text. */
  readonly calls: readonly ToolCall[];
}

/** Tells calls from the text around them in an answer that comes in pieces. */
export class CallReader {
  readonly #toolNames: ReadonlySet<string>;
  readonly #forcedCall: ForcedCall | undefined;
  readonly #frames: readonly CallFrame[];
  readonly #readCalls: ToolCall[] = [];
  #heldText = "";
  #callBegun: BegunCall | undefined;
  #toldCalls = false;

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
    this.#toolNames = new Set(tools.map(({ name }) => name));
    this.#forcedCall = certain ? new ForcedCall() : undefined;
    this.#frames = [frame, FENCED];
  }

  /**
   * The next of the text, as soon as it cannot be a call, and of a call that the
   * answer has to be.
   */
  push(text: string): { readonly text: string; readonly call?: CallPiece } {
    if (this.#toolNames.size === 0) return { text };
    this.#heldText += text;
    if (this.#forcedCall === undefined) return { text: this.#release(false) };
    const call = this.#forcedCall.push(text);
    return { text: "", ...(call && { call }) };
  }

  /** At the end of the answer: its calls, and the text that was held back. */
  finish(): { readonly text: string; readonly calls: readonly ToolCall[] } {
    if (this.#forcedCall !== undefined) {
      const calls = this.#forcedCalls(this.#forcedCall);
      if (calls.length > 0 || this.#forcedCall.begun) {
        return { text: "", calls };
      }
    }
    const text = this.#release(true);
    const calls = this.#readCalls;
    return { text: calls.length > 0 ? text.trimEnd() : text, calls };
  }

  /** The call that the answer has to be, or what there is of it. */
  #forcedCalls(forced: ForcedCall): readonly ToolCall[] {
    const { json, whole } = forced;
    if (forced.name === undefined) {
      const calls = this.#callsIn(this.#heldText);
      if (calls.length > 0) return calls;
    }
    const name = forced.name ?? forced.only(this.#toolNames);
    if (name === undefined) return [];
    const given = whole ? JSON.parse(json) : {};
    return [{ name, arguments: given, json, ...(!whole && { cut: true }) }];
  }

  /**
   * Takes calls and text off what is held.
   *
   * @param over Whether nothing more comes.
   */
  #release(over: boolean): string {
    let told = "";
    const tell = (length: number) => {
      told += this.#heldText.slice(0, length);
      this.#heldText = this.#heldText.slice(length);
      this.#toldCalls ||= told.trim() !== "";
    };
    for (;;) {
      if (this.#callBegun === undefined) {
        tell(this.#textLength(over));
        this.#callBegun = this.#beginCall();
      }
      const ended = this.#callBegun && this.#endCall(this.#callBegun, over);
      if (ended === undefined) return told;
      this.#callBegun = undefined;
      if (ended.calls.length === 0) tell(ended.end);
      else {
        this.#readCalls.push(...ended.calls);
        this.#heldText = this.#heldText.slice(ended.end);
      }
    }
  }

  /** How what stands before calls begins. */
  get #callStarts(): readonly (readonly [frame: CallFrame, start: string])[] {
    return this.#frames.flatMap((frame) => {
      const start = frame.before.trim();
      if (start !== "") return [[frame, start] as const];
      // Without anything before it, JSON is a call at the start of an answer alone.
      const bare = this.#toldCalls || this.#readCalls.length > 0
        ? []
        : ["{", "["];
      return bare.map((start) => [frame, start] as const);
    });
  }

  /** How much of what is held is text, and cannot become part of a call. */
  #textLength(over: boolean): number {
    const held = this.#heldText;
    const places = this.#callStarts.map(([{ before }, start]) => {
      if (before.trim() === "") {
        return held.trimStart().startsWith(start) ? 0 : held.length;
      }
      const at = held.indexOf(start);
      if (at >= 0 || over) return at < 0 ? held.length : at;
      let part = Math.min(held.length, start.length - 1);
      while (part > 0 && !held.endsWith(start.slice(0, part))) part--;
      return held.length - part;
    });
    const first = Math.min(held.length, ...places);
    return over && first === held.length
      ? first
      : held.slice(0, first).trimEnd().length;
  }

  /** The call that what is held begins with. */
  #beginCall(): BegunCall | undefined {
    const text = this.#heldText.trimStart();
    const space = this.#heldText.length - text.length;
    const [frame, start] =
      this.#callStarts.find(([, start]) => text.startsWith(start)) ?? [];
    if (frame === undefined || start === undefined) return undefined;
    const bare = frame.before.trim() === "";
    const body = space + (bare ? 0 : start.length);
    return { frame, body, from: body };
  }

  /** Where a call ends, and what it is; nothing if it goes on. */
  #endCall(begun: BegunCall, over: boolean): EndedCall | undefined {
    const held = this.#heldText;
    const { frame, body } = begun;
    const after = frame.after.trim();
    while (after !== "") {
      const at = held.indexOf(after, begun.from);
      if (at < 0) break;
      const end = at + after.length;
      const calls = this.#callsIn(held.slice(body, at));
      // JSON has no line that begins so; within one of its texts it may stand.
      if (calls.length > 0 || held[at - 1] === "\n") return { end, calls };
      begun.from = at + 1;
    }
    begun.from = Math.max(begun.from, held.length - after.length);
    return over
      ? { end: held.length, calls: this.#callsIn(held.slice(body)) }
      : undefined;
  }

  /** The calls of a text that is nothing but them. */
  #callsIn(body: string): readonly ToolCall[] {
    try {
      const calls = [JSON.parse(body)].flat();
      return calls.every((call) => this.#isCall(call)) ? calls : [];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  }

  #isCall(value: unknown): value is ToolCall {
    if (typeof value !== "object" || value === null) return false;
    const { name, arguments: given } = value as Record<string, unknown>;
    return typeof name === "string" && this.#toolNames.has(name) &&
      typeof given === "object" && given !== null && !Array.isArray(given);
  }
}
