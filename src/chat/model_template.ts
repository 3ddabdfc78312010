/**
 * The chat template that a model brings along, in Jinja.
 *
 * A template writes whole conversations, and a turn that goes on with a state reads
 * its new messages only. What to read is told by writing a conversation that stands
 * in for the one in the state, and the new messages after it: what comes after its
 * last answer is to be read. Two such conversations must give the same, and what
 * comes before that answer must be as it was without it; a template of which that is
 * not so writes the past anew with every turn, and takes no state.
 *
 * How an answer begins in the past may differ from how the model was asked for it:
 * a thought that the prompt opened, or that the model wrote, stays in the state.
 *
 * Source: the variables are those of Hugging Face's `apply_chat_template`.
 *
 * @module
 */

import { ModelError, RequestError } from "../errors.ts";
import type { TemplateSource } from "../model/template_source.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import {
  type ChatOpening,
  type ChatTemplate,
  goesOn,
  type Moment,
} from "./chat_template.ts";
import {
  asks,
  clean,
  type Message,
  renderChat,
  THINK_END,
} from "./template.ts";
import {
  callFrame,
  PASTS,
  type Shape,
  shapeOf,
  STAND_INS,
  standIn,
} from "./template_shape.ts";
import { TemplateWriter, type WriteOptions } from "./template_writer.ts";
import type { ThoughtStart } from "./think.ts";
import { type CallFrame, FENCED, flattened } from "./tools.ts";

/** Characters of a template. */
const LONGEST = 1 << 18;

/** Names that llama.cpp has for templates in place of their text. */
const WORLD_NAMES = new Set(["rwkv-world"]);

/** A thought that the prompt begins; it is ended at once if none is asked for. */
const UNENDED = /<think>?\s*$/;

/** A thought that the prompt ends. */
const ENDED = /<\/think>?\s*$/;

/** What is known of a template besides its text. */
export interface OpenTemplateOptions {
  /** The model's own; absent: special tokens but the end of text are texts. */
  readonly tokenizer?: Pick<Tokenizer, "encode" | "end" | "bytes">;
  /** Milliseconds that a conversation may take to write. */
  readonly patience?: number | undefined;
}

/**
 * Opens a model's template. That of the World models, by whatever name or in
 * whatever words, needs no interpreter: then nothing is given but how it begins.
 *
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` if it cannot be used.
 */
export async function openTemplate(
  given: TemplateSource,
  { tokenizer, patience }: OpenTemplateOptions = {},
): Promise<ModelTemplate | { readonly world: true; readonly bos?: boolean }> {
  const { source, name } = given;
  if (WORLD_NAMES.has(source.trim())) return { world: true };
  if (source.length > LONGEST) {
    throw unusable(name, `it has more than ${LONGEST} characters`);
  }
  const writer = new TemplateWriter(given, tokenizer, patience);
  try {
    const world = await asWorld(writer);
    if (world !== undefined) {
      writer.close();
      return world;
    }
    const shape = await shapeOf(writer);
    if (shape === undefined) {
      throw unusable(name, "it does not show where an answer ends");
    }
    const frame = /\btools\b/.test(source)
      ? await callFrame(writer, shape)
      : undefined;
    return new ModelTemplate(writer, shape, /think/i.test(source), frame);
  } catch (error) {
    writer.close();
    if (!(error instanceof RequestError)) throw error;
    throw unusable(name, String(error.cause).slice(0, 300));
  }
}

/** Whether a template writes what ours does, but for how the text begins. */
async function asWorld(
  writer: TemplateWriter,
): Promise<{ readonly world: true; readonly bos: boolean } | undefined> {
  const { user, said } = STAND_INS;
  const system: Message = { role: "system", content: "Cy" };
  const asked = [[user], [user, said, user], [system, user]];
  const blank = { open: false, thinking: false };
  try {
    const texts = await writer.write(asked.map((messages) => [messages, true]));
    const same = texts.every((text, i) =>
      writer.spoken(text).trim() ===
        renderChat(asked[i] ?? [], blank, true).text
    );
    return same
      ? { world: true, bos: writer.beginsWithEnd(texts[0] ?? "") }
      : undefined;
  } catch (error) {
    // A template that refuses one of these is another.
    if (error instanceof RequestError) return undefined;
    throw error;
  }
}

/** A chat template of a model's own. */
export class ModelTemplate implements ChatTemplate {
  readonly name = "the model's own template";
  /** Whether the template names thoughts. */
  readonly thinks: boolean;
  readonly end: string;
  readonly calls: CallFrame;
  readonly #writer: TemplateWriter;
  readonly #shape: Shape;
  /** How calls are written; absent: the template knows none. */
  readonly #frame: CallFrame | undefined;

  /** Made by {@linkcode openTemplate}. */
  constructor(
    writer: TemplateWriter,
    shape: Shape,
    thinks: boolean,
    frame: CallFrame | undefined,
  ) {
    this.#writer = writer;
    this.#shape = shape;
    this.thinks = thinks;
    this.#frame = frame;
    this.calls = frame ?? FENCED;
    this.end = writer.spoken(shape.end);
  }

  async open(
    given: readonly Message[],
    moment: Moment,
  ): Promise<ChatOpening> {
    const { phase, begun, tell = false, answer, effort } = moment;
    const { tools = [], variables } = moment;
    const known = this.#frame === undefined;
    const flat = known
      ? flattened(given, begun && !tell ? [] : tools, true)
      : given;
    const messages = flat.map((message) => ({
      ...message,
      content: this.#clean(message.content),
    }));
    const options: WriteOptions = {
      effort,
      ...(!known && { tools }),
      ...(variables && { variables }),
    };
    const going = goesOn(messages, moment);
    if (going && messages.length === 0) return this.#opening("", moment, true);
    const last = messages.at(-1);
    const mark = standIn();
    const written = going && last !== undefined
      ? [...messages.slice(0, -1), { ...last, content: mark }]
      : messages;
    const open = !going && (answer || asks(messages));
    const fresh = !begun || tell || written[0]?.role === "system";
    const text = fresh
      ? (begun ? this.#ending(phase) : "") +
        await this.#whole(written, open, begun, options)
      : await this.#after(written, open, phase, options);
    if (!going) return this.#opening(text, { ...moment, answer: open }, false);
    const at = text.lastIndexOf(mark);
    const head = text.slice(0, at < 0 ? text.length : at);
    return this.#opening(head + (last?.content ?? ""), moment, true);
  }

  /** Ends the thread. */
  close(): void {
    this.#writer.close();
  }

  /** The opening that a text makes. */
  #opening(
    asked: string,
    { phase, effort, answer }: Moment,
    going: boolean,
  ): ChatOpening {
    const { space } = this.#shape;
    const unended = !going && answer && UNENDED.test(asked);
    const ended = unended && (effort === "none" || effort === "minimal");
    const text = ended ? asked.replace(UNENDED, closedAtOnce) : asked;
    const thought: ThoughtStart = going
      ? (asked === "" && phase.thinking ? "opened" : "none")
      : !answer
      ? "none"
      : ENDED.test(text)
      ? "closed"
      : unended
      ? "opened"
      : this.thinks
      ? "maybe"
      : "none";
    return {
      prompt: this.#writer.pieces(text),
      phase: {
        // History of turns that are joined has no end of its own.
        open: answer || (asked !== "" && !asked.endsWith(this.#shape.end)),
        thinking: going && phase.thinking,
      },
      space: space && answer && !going && thought !== "opened" &&
        thought !== "closed",
      thought,
      bos: false,
      ...this.#ends(thought),
    };
  }

  /** What ends an answer. A thought may hold white space that ends a turn. */
  #ends(
    thought: ThoughtStart,
  ): Pick<ChatOpening, "ends" | "endsWithToken"> {
    const { end, next } = this.#shape;
    const [text, eos] = [this.end, this.#writer.spoken(this.#writer.eos)];
    const token = end !== "" && text === "";
    const firm = text.trim() !== "" ||
      (text.includes("\n\n") && (thought === "none" || thought === "closed"));
    const ends = text === "" ? [] : [
      firm
        ? { text, kept: true }
        : { text: (text + this.#writer.spoken(next)).trimEnd(), kept: false },
    ].filter(({ text }) => text !== "");
    const other = eos !== "" && !text.includes(eos) && eos.trim() !== "";
    return {
      ends: other ? [...ends, { text: eos, kept: true }] : ends,
      ...(token && { endsWithToken: true }),
    };
  }

  /** A message without what would end its turn. */
  #clean(content: string): string {
    const text = this.end;
    if (text.trim() !== "") return content.replaceAll(text, "");
    return text.includes("\n\n") ? clean(content) : content;
  }

  /** What ends the turn before. */
  #ending({ open, thinking }: Moment["phase"]): string {
    const { end, rest } = this.#shape;
    return (thinking ? `\n${THINK_END}` : "") + (open ? end : "") + rest;
  }

  async #whole(
    messages: readonly Message[],
    open: boolean,
    begun: boolean,
    options: WriteOptions,
  ): Promise<string> {
    const [text = ""] = await this.#writer.write([[messages, open]], options);
    const inside = begun ? this.#writer.withoutEnd(text) : text;
    return this.#unfinished(inside, open);
  }

  /** What follows the end of a turn is read with the next. */
  #unfinished(text: string, open: boolean): string {
    const { end, rest } = this.#shape;
    return !open && rest !== "" && text.endsWith(end + rest)
      ? text.slice(0, -rest.length)
      : text;
  }

  async #after(
    messages: readonly Message[],
    open: boolean,
    phase: Moment["phase"],
    options: WriteOptions,
  ): Promise<string> {
    if (messages.length === 0 && !open) return "";
    const { end, lead } = this.#shape;
    const texts = await this.#writer.write(
      PASTS.flatMap((past) => [
        [[...lead, ...past.slice(0, -1)], false],
        [[...lead, ...past, ...messages], open],
      ]),
      options,
    );
    const [first, ...more] = PASTS.map((_, i) => {
      const [before = "", after = ""] = texts.slice(2 * i, 2 * i + 2);
      const said = STAND_INS.said.content;
      const at = after.indexOf(said, before.length);
      return after.startsWith(before) && at >= 0
        ? after.slice(at + said.length)
        : undefined;
    });
    const same = more.every((text) => text === first);
    if (first === undefined || !same || !first.startsWith(end)) {
      throw new RequestError(
        "ERR_REQUEST_INVALID",
        "Cannot go on with the state: the model's chat template writes earlier " +
          "messages anew with every turn; send the whole list without a state",
      );
    }
    return (phase.thinking ? `\n${THINK_END}` : "") +
      this.#unfinished(phase.open ? first : first.slice(end.length), open);
  }
}

/** A thought that ends where it begins, in the words in which it began. */
function closedAtOnce(begun: string): string {
  return begun.includes("\n")
    ? `<think>\n\n${THINK_END}\n\n`
    : `<think>${THINK_END}`;
}

function unusable(name: string, found: string): ModelError {
  return new ModelError(
    "ERR_MODEL_UNSUPPORTED",
    `Cannot use the chat template of ${name}: ${found}; a chat_template.jinja ` +
      "beside the weights takes its place, or --chat-form",
  );
}
