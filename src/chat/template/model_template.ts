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

import { ModelError, RequestError } from "../../errors.ts";
import type { TemplateSource } from "../../model/template_source.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
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
} from "./world_form.ts";
import {
  type CalledShape,
  calledShapeOf,
  type Shape,
  shapeOf,
  standIn,
  standIns,
} from "./template_shape.ts";
import type { OpenInterpreter } from "./jinja_interpreter.ts";
import {
  TemplateError,
  TemplateWriter,
  type WriteOptions,
} from "./template_writer.ts";
import type { ThoughtStart } from "../thought/thinking.ts";
import {
  type CallFrame,
  FENCED,
  flattened,
  type Tool,
} from "../tools/tool_calls.ts";

/** Characters of a template. */
const MOST_TEMPLATE_CHARACTERS = 1 << 18;

/** Names that llama.cpp has for templates in place of their text. */
const WORLD_NAMES = new Set(["rwkv-world"]);

/** A thought that the prompt begins; it is ended at once if none is asked for. */
const UNENDED = /<think>?\s*$/;

/** A thought that the prompt ends. */
const ENDED_THOUGHT = /<\/think>?\s*$/;

/** What is known of a template besides its text. */
export interface OpenTemplateOptions {
  /** The model's own; by default special tokens but the end of text are texts. */
  readonly tokenizer?: Pick<Tokenizer, "encode" | "end" | "bytes">;
  /** Writes it; by default only templates that need no interpreter can be used. */
  readonly jinja?: OpenInterpreter | undefined;
  /** Whether a chat begins with the end of text, whatever the template writes. */
  readonly bos?: boolean | undefined;
}

/**
 * Opens a model's template. That of the World models, by whatever name or in
 * whatever words, needs no interpreter: then nothing is given but how it begins.
 *
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` if it cannot be used.
 */
export async function openTemplate(
  given: TemplateSource,
  { tokenizer, jinja, bos }: OpenTemplateOptions = {},
): Promise<ModelTemplate | { readonly world: true; readonly bos?: boolean }> {
  const { source, name } = given;
  if (WORLD_NAMES.has(source.trim())) return { world: true };
  if (source.length > MOST_TEMPLATE_CHARACTERS) {
    throw unusable(
      name,
      `it has more than ${MOST_TEMPLATE_CHARACTERS} characters`,
    );
  }
  if (jinja === undefined) {
    throw unusable(name, "no interpreter was given to write it with (`jinja`)");
  }
  const writer = new TemplateWriter(given, jinja, tokenizer);
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
    const called = /\btools\b/.test(source)
      ? await calledShapeOf(writer)
      : undefined;
    const thinks = /think/i.test(source);
    return new ModelTemplate(writer, { shape, called, thinks, bos });
  } catch (error) {
    writer.close();
    if (!(error instanceof TemplateError)) throw error;
    throw unusable(name, error.reason.slice(0, 300));
  }
}

/** Whether a template writes what ours does, but for how the text begins. */
async function asWorld(
  writer: TemplateWriter,
): Promise<{ readonly world: true; readonly bos: boolean } | undefined> {
  const { user, said } = standIns();
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
    if (error instanceof TemplateError && !error.hopeless) return undefined;
    throw error;
  }
}

/** What is known of a model's template. */
interface TemplateFacts {
  /** How turns look. */
  readonly shape: Shape;
  /** How they look in a chat with functions; omitted if the template knows none. */
  readonly called: CalledShape | undefined;
  /** Whether the template names thoughts. */
  readonly thinks: boolean;
  /** Whether a chat begins with the end of text; by default as the template writes. */
  readonly bos?: boolean | undefined;
}

/** A chat template of a model's own. */
export class ModelTemplate implements ChatTemplate {
  readonly name = "the model's own template";
  readonly thinks: boolean;
  readonly end: string;
  readonly calls: CallFrame;
  readonly #templateWriter: TemplateWriter;
  readonly #templateFacts: TemplateFacts;

  /** Made by {@linkcode openTemplate}. */
  constructor(writer: TemplateWriter, facts: TemplateFacts) {
    this.#templateWriter = writer;
    this.#templateFacts = facts;
    this.thinks = facts.thinks;
    this.calls = facts.called?.frame ?? FENCED;
    this.end = writer.spoken(facts.shape.end);
  }

  async open(
    given: readonly Message[],
    moment: Moment,
  ): Promise<ChatOpening> {
    const { phase, begun, tell = false, answer, effort } = moment;
    const { variables } = moment;
    const { form, tools, flat } = this.#formOf(given, moment);
    const messages = flat.map((message) => ({
      ...message,
      content: this.#withoutThoughts(message.content, form),
    }));
    const options: WriteOptions = {
      effort,
      tools,
      ...(variables && { variables }),
    };
    const going = goesOn(messages, moment);
    if (going && messages.length === 0) {
      return this.#answerOpening("", form, moment, true);
    }
    const last = messages.at(-1);
    const mark = standIn();
    const written = going && last !== undefined
      ? [...messages.slice(0, -1), { ...last, content: mark }]
      : messages;
    const open = !going && (answer || asks(messages));
    const fresh = !begun || tell || written[0]?.role === "system";
    const text = fresh
      ? (begun ? ending(phase, form) : "") +
        await this.#wholeChat(written, open, { form, begun, options })
      : await this.#afterTurn(written, open, { form, phase, options });
    if (!going) {
      return this.#answerOpening(
        text,
        form,
        { ...moment, answer: open },
        false,
      );
    }
    const at = text.lastIndexOf(mark);
    const head = text.slice(0, at < 0 ? text.length : at);
    return this.#answerOpening(
      head + (last?.content ?? ""),
      form,
      moment,
      true,
    );
  }

  /** Ends the thread. */
  close(): void {
    this.#templateWriter.close();
  }

  /**
   * The form that messages are written in. A template that knows no functions is
   * told of them in words; one that does may have another form for such chats.
   */
  #formOf(
    given: readonly Message[],
    { begun, tell = false, tools = [] }: Moment,
  ): TemplateForm {
    const { shape, called } = this.#templateFacts;
    if (called === undefined) {
      const told = begun && !tell ? [] : tools;
      return { form: shape, tools: [], flat: flattened(given, told, true) };
    }
    const some = given.some(({ role, calls }) =>
      role === "tool" || calls?.length
    );
    if (tools.length === 0 && !some) {
      return { form: shape, tools, flat: given };
    }
    // A state may have read of functions that a request no longer names: what a
    // stand-in adds to the past is not read.
    const known = tools.length === 0 && begun && !tell
      ? [standIns().tool]
      : tools;
    return { form: called, tools: known, flat: given };
  }

  /** The opening that a text makes. */
  #answerOpening(
    asked: string,
    form: Shape | CalledShape,
    { phase, effort, answer, begun }: Moment,
    going: boolean,
  ): ChatOpening {
    const { space, end } = form;
    const unended = !going && answer && UNENDED.test(asked);
    const ended = unended && (effort === "none" || effort === "minimal");
    const text = ended ? asked.replace(UNENDED, closedAtOnce) : asked;
    const thought: ThoughtStart = going
      ? (asked === "" && phase.thinking ? "opened" : "none")
      : !answer
      ? "none"
      : ENDED_THOUGHT.test(text)
      ? "closed"
      : unended
      ? "opened"
      : this.thinks
      ? "maybe"
      : "none";
    // Whether the text begins so is said beside it: a request may say otherwise.
    const bos = this.#templateFacts.bos ??
      (!begun && this.#templateWriter.beginsWithEnd(text) ? true : undefined);
    return {
      prompt: this.#templateWriter.pieces(
        begun ? text : this.#templateWriter.withoutEnd(text),
      ),
      phase: {
        // History of turns that are joined has no end of its own.
        open: answer || (asked !== "" && !asked.endsWith(end)),
        thinking: going && phase.thinking,
      },
      space: space && answer && !going && thought !== "opened" &&
        thought !== "closed",
      thought,
      ...(bos !== undefined && { bos }),
      ...this.#turnEnds(form, thought),
    };
  }

  /** What ends an answer. A thought may hold white space that ends a turn. */
  #turnEnds(
    form: Shape | CalledShape,
    thought: ThoughtStart,
  ): Pick<ChatOpening, "ends" | "endsWithToken"> {
    const { end, next } = form;
    const spoken = (text: string) => this.#templateWriter.spoken(text);
    const [text, eos] = [spoken(end), spoken(this.#templateWriter.eos)];
    const token = end !== "" && text === "";
    const firm = text.trim() !== "" ||
      (text.includes("\n\n") && (thought === "none" || thought === "closed"));
    const nexts = [next, "output" in form ? form.output : ""]
      .filter((next) => next.trim() !== "");
    const ends = text === ""
      ? []
      : firm
      ? [{ text, kept: true }]
      : nexts.map((next) => ({
        text: (text + spoken(next)).trimEnd(),
        kept: false,
      }));
    const other = eos !== "" && !text.includes(eos) && eos.trim() !== "";
    return {
      ends: other ? [...ends, { text: eos, kept: true }] : ends,
      ...(token && { endsWithToken: true }),
    };
  }

  /** A message without what would end its turn. */
  #withoutThoughts(content: string, { end }: Shape): string {
    const text = this.#templateWriter.spoken(end);
    if (text.trim() !== "") return content.replaceAll(text, "");
    return text.includes("\n\n") ? clean(content) : content;
  }

  async #wholeChat(
    messages: readonly Message[],
    open: boolean,
    { form, begun, options }: {
      readonly form: Shape;
      readonly begun: boolean;
      readonly options: WriteOptions;
    },
  ): Promise<string> {
    const [text = ""] = await this.#templateWriter.write(
      [[messages, open]],
      options,
    );
    const inside = begun ? this.#templateWriter.withoutEnd(text) : text;
    return unfinishedTurn(inside, open, form);
  }

  async #afterTurn(
    messages: readonly Message[],
    open: boolean,
    { form, phase, options }: {
      readonly form: Shape;
      readonly phase: Moment["phase"];
      readonly options: WriteOptions;
    },
  ): Promise<string> {
    if (messages.length === 0 && !open) return "";
    const { end, lead } = form;
    const { pasts, said: { content: said } } = standIns();
    const texts = await this.#templateWriter.write(
      pasts.flatMap((past) => [
        [[...lead, ...past.slice(0, -1)], false],
        [[...lead, ...past, ...messages], open],
      ]),
      options,
    );
    const [first, ...more] = pasts.map((_, i) => {
      const [before = "", after = ""] = texts.slice(2 * i, 2 * i + 2);
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
          "messages again with every turn; send the whole list without a state",
      );
    }
    return (phase.thinking ? `\n${THINK_END}` : "") +
      unfinishedTurn(phase.open ? first : first.slice(end.length), open, form);
  }
}

/** The form of a chat, and what is written in it. */
interface TemplateForm {
  readonly form: Shape | CalledShape;
  readonly tools: readonly Tool[];
  readonly flat: readonly Message[];
}

/** What ends the turn before. */
function ending({ open, thinking }: Moment["phase"], form: Shape): string {
  return (thinking ? `\n${THINK_END}` : "") + (open ? form.end : "") +
    form.rest;
}

/** What follows the end of a turn is read with the next. */
function unfinishedTurn(
  text: string,
  open: boolean,
  { end, rest }: Shape,
): string {
  return !open && rest !== "" && text.endsWith(end + rest)
    ? text.slice(0, -rest.length)
    : text;
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
