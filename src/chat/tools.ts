/**
 * Functions that a model may ask its client to call, as the G1 models were trained
 * to: the system's message lists them, the answer is a JSON call in a fenced block,
 * and what the function gave comes back as a message of the user.
 *
 * Source: the model cards of BlinkDL's rwkv7-g1, section "prompt format".
 *
 * @module
 */

import type { Message } from "./template.ts";

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
export const CALL_START = "```json\n", CALL_END = "\n```";

/** Messages that begin with the tools, in the system's message if there is one. */
export function withTools(
  messages: readonly Message[],
  tools: readonly Tool[],
): readonly Message[] {
  const list = `Tools:\n${tools.map(signature).join("\n")}\n` +
    "Return only a JSON function call.";
  const [first, ...rest] = messages;
  return first?.role === "system"
    ? [{ ...first, content: `${first.content}\n${list}` }, ...rest]
    : [{ role: "system", content: list }, ...messages];
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

/** A call of a conversation's past: its arguments may be anything. */
export interface PastCall {
  /** The function's name. */
  readonly name: string;
  /** An object as a rule; text that is no JSON as it is. */
  readonly arguments: unknown;
}

/** Calls as the assistant writes them. */
export function callText(calls: readonly PastCall[]): string {
  const written = calls.map(({ name, arguments: given }) => ({
    name,
    arguments: given,
  }));
  const body = written.length === 1 ? written[0] : written;
  return CALL_START + JSON.stringify(body) + CALL_END;
}

/** What a function gave, as the user says it. */
export function outputText(output: string): string {
  return `Function output:\n${output}`;
}

/** A JSON schema of one call of one of the tools. */
export function callSchema(tools: readonly Tool[]): Record<string, unknown> {
  return {
    anyOf: tools.map(({ name, parameters }) => ({
      type: "object",
      properties: { name: { const: name }, arguments: parameters },
      required: ["name", "arguments"],
      additionalProperties: false,
    })),
  };
}

/** Tells calls from text in an answer that comes in pieces. */
export class CallReader {
  readonly #names: ReadonlySet<string>;
  readonly #certain: boolean;
  #held = "";
  #plain = false;

  /**
   * Begins an answer.
   *
   * @param tools Those that may be called; without any, all is text.
   * @param certain Whether the answer is a call, and written without a fence.
   */
  constructor(tools: readonly Tool[], certain: boolean) {
    this.#names = new Set(tools.map(({ name }) => name));
    this.#certain = certain;
    this.#plain = tools.length === 0;
  }

  /** The next of the text, as soon as it cannot be a call. */
  push(piece: string): string {
    if (this.#plain) return piece;
    this.#held += piece;
    const begun = this.#held.trimStart();
    const fence = CALL_START.trimEnd();
    if (
      this.#certain || begun.startsWith(fence) || fence.startsWith(begun)
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
    const held = this.#held.trim().replace(/^```json/, "");
    const json = held.endsWith("```") ? held.slice(0, -3) : held;
    try {
      const calls = [JSON.parse(json)].flat();
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
