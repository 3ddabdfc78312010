/**
 * Whole conversations in a model's own words.
 *
 * A special token is written as a mark that no text has, and found again as its id:
 * so a message that spells one out stays a text. Which tokens are special is for the
 * model's files to say; one that the vocabulary does not have is its text.
 *
 * @module
 */

import { RequestError } from "../../errors.ts";
import { END_NAMES, type TemplateSource } from "../../model/template_source.ts";
import type { PromptPieces } from "../../text/prompt_pieces.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import type {
  JinjaReply,
  OpenInterpreter,
  TemplateInterpreter,
} from "./jinja_interpreter.ts";
import type { Message } from "./world_form.ts";
import type { Effort } from "../thought/thinking.ts";
import type { Tool } from "../tools/tool_calls.ts";

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Messages, and whether the model is to answer. */
export type TemplateInput = readonly [
  messages: readonly Message[],
  answer: boolean,
];

/** What else a conversation is written with. */
export interface WriteOptions {
  /** How much to think. */
  readonly effort?: Effort;
  /** Functions that may be called. */
  readonly tools?: readonly Tool[];
  /** The request's own variables. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** The part of a tokenizer that knows texts. */
type Words = Pick<Tokenizer, "encode" | "end" | "bytes">;

/** A template that did not write a conversation. */
export class TemplateError extends RequestError {
  /** Why, in its own words. */
  readonly reason: string;
  /** Whether it would refuse any other one as well. */
  readonly hopeless: boolean;

  /** Says so. */
  constructor(
    { failure, hopeless = false }: Extract<JinjaReply, { failure: string }>,
  ) {
    super(
      "ERR_REQUEST_INVALID",
      "Cannot take request: the model's chat template refuses the messages: " +
        failure.slice(0, 300),
    );
    this.reason = failure;
    this.hopeless = hopeless;
  }
}

/** Writes whole conversations. */
export class TemplateWriter {
  readonly #jinja: TemplateInterpreter;
  readonly #specials: { readonly bos: string; readonly eos: string };
  /** Ids by marks. */
  readonly #specialMarks = new Map<string, number>();
  readonly #tokenizer: Words | undefined;

  /** Starts nothing before the first. */
  constructor(
    { source, specials }: TemplateSource,
    jinja: OpenInterpreter,
    tokenizer?: Words,
  ) {
    this.#tokenizer = tokenizer;
    const marked = (text: string) => {
      const id = specialTokenId(text, specials.ids, tokenizer);
      if (id === undefined) return text;
      const known = this.#specialMarks.entries().find(([, other]) =>
        other === id
      );
      const mark = known?.[0] ?? newMark();
      this.#specialMarks.set(mark, id);
      return mark;
    };
    this.#specials = { bos: marked(specials.bos), eos: marked(specials.eos) };
    const spelled = END_NAMES.reduce(
      (source, name) =>
        source.includes(name) ? source.replaceAll(name, marked(name)) : source,
      source,
    );
    this.#jinja = jinja(spelled);
  }

  /** What a template writes as `eos_token`. */
  get eos(): string {
    return this.#specials.eos;
  }

  /**
   * Writes each of them, with marks in it.
   *
   * @throws {TemplateError} `ERR_REQUEST_INVALID` if the template does not take them.
   */
  async write(
    conversations: readonly TemplateInput[],
    { effort = "none", tools = [], variables = {} }: WriteOptions = {},
  ): Promise<readonly string[]> {
    const plain = effort === "none" || effort === "minimal";
    const values = conversations.map(([messages, answer]) => ({
      bos_token: this.#specials.bos,
      eos_token: this.#specials.eos,
      enable_thinking: effort !== "none",
      ...(effort !== "none" && { reasoning_effort: effort }),
      // As rwkv-rs's tokenizer calls the templates that it publishes.
      rwkv_prompt_template: "bot",
      rwkv_generation_prompt: plain ? "fake_think" : "open_think",
      ...variables,
      ...(tools.length > 0 && { tools: tools.map(templateTool) }),
      messages: messages.map(templateMessage),
      add_generation_prompt: answer,
    }));
    const reply = await this.#jinja.write(values);
    if ("texts" in reply) return reply.texts;
    throw new TemplateError(reply);
  }

  /** A text of {@linkcode write} as it is read: marks are tokens. */
  pieces(text: string): PromptPieces {
    if (this.#specialMarks.size === 0) return text;
    const marks = [...this.#specialMarks.keys()].join("|");
    const parts = text.split(new RegExp(`(${marks})`)).filter((part) =>
      part !== ""
    );
    return parts.some((part) => this.#specialMarks.has(part))
      ? parts.map((part) => this.#specialMarks.get(part) ?? part)
      : text;
  }

  /** A text of {@linkcode write} as people see it: the end of text has none. */
  spoken(text: string): string {
    const pieces = this.pieces(text);
    if (typeof pieces === "string") return pieces;
    return pieces.map((piece) =>
      typeof piece === "string"
        ? piece
        : UTF8.decode(this.#tokenizer?.bytes(piece))
    ).join("");
  }

  /** Whether a text of {@linkcode write} begins with the end of text. */
  beginsWithEnd(text: string): boolean {
    return this.#specialMarks.entries().some(([mark, id]) =>
      id === (this.#tokenizer?.end ?? 0) && text.startsWith(mark)
    );
  }

  /** A text of {@linkcode write} that does not begin with the end of text. */
  withoutEnd(text: string): string {
    const mark = this.#specialMarks.keys().find((mark) =>
      text.startsWith(mark)
    );
    return mark !== undefined && this.beginsWithEnd(text)
      ? text.slice(mark.length)
      : text;
  }

  /** Ends the thread. */
  close(): void {
    this.#jinja.close();
  }
}

/** The id of a special token, if the vocabulary has it. */
function specialTokenId(
  text: string,
  ids: ReadonlyMap<string, number>,
  tokenizer: Words | undefined,
): number | undefined {
  if (text === "") return undefined;
  const [token, ...more] = tokenizer?.encode(text) ?? [];
  if (token !== undefined && more.length === 0) return token;
  const end = tokenizer?.end ?? 0;
  return END_NAMES.includes(text) || ids.get(text) === end ? end : undefined;
}

/** A text that no message has: nobody can guess it. */
function newMark(): string {
  return `\u{F0000}${crypto.randomUUID()}\u{F0001}`;
}

function templateTool({ name, description, parameters }: Tool): object {
  return {
    type: "function",
    function: { name, description: description ?? "", parameters },
  };
}

/** A message as templates know it. */
function templateMessage(
  { role, content, reasoning, calls, callId, name }: Message,
): object {
  return {
    role,
    content,
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    ...(calls !== undefined && calls.length > 0 && {
      tool_calls: calls.map(({ id, name, arguments: given }, i) => ({
        id: id ?? `call_${i}`,
        type: "function",
        function: { name, arguments: given },
      })),
    }),
    ...(role === "tool" && {
      ...(callId !== undefined && { tool_call_id: callId }),
      ...(name !== undefined && { name }),
      rwkv_json_content: parsedContent(content),
    }),
  };
}

/** JSON as the value that it is, anything else as a text. */
function parsedContent(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}
