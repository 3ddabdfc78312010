/**
 * The chat template that a model brings along, in Jinja.
 *
 * A template writes whole conversations, and a turn that goes on with a state reads
 * its new messages only. What to read is told by writing a conversation that stands
 * in for the one in the state, with and without them: the difference, if the first
 * is how the second begins. It must be the same after other conversations too, for
 * nobody knows the one in the state; a template of which that is not so takes whole
 * conversations and no state.
 *
 * Source: the variables are those of Hugging Face's `apply_chat_template`.
 *
 * @module
 */

import { ModelError, RequestError } from "../errors.ts";
import type { TemplateSource } from "../model/template_source.ts";
import type { ChatOpening, ChatTemplate, Moment } from "./chat_template.ts";
import { clean, type Message, renderChat, THINK_END } from "./template.ts";
import { TemplateWriter, type Transcript } from "./template_writer.ts";
import type { Effort } from "./think.ts";

/** Characters of a template. */
const LONGEST = 1 << 18;

/** Names that llama.cpp has for templates in place of their text. */
const WORLD_NAMES = new Set(["rwkv-world"]);

/** The conversations that stand in for others. */
const USER = { role: "user", content: "Ada" } as const;
const SAID = { role: "assistant", content: "Bo" } as const;
const PASTS: readonly (readonly Message[])[] = [
  [USER, SAID],
  [{ role: "system", content: "Cy" }, USER, SAID, USER, SAID],
];

/** A thought that the prompt begins; it is ended at once if none is asked for. */
const UNENDED = /<think>?\s*$/;

/** How turns look. */
interface Shape {
  /** What ends an answer. */
  readonly end: string;
  /** What follows that before the next turn. */
  readonly rest: string;
  /** What stands before the text of a user who answers. */
  readonly next: string;
  /** Whether a space stands before an answer. */
  readonly space: boolean;
  /** Whether whole conversations begin like their parts. */
  readonly stable: boolean;
}

/**
 * Opens a model's template. That of the World and G1 models, by whatever name or
 * in whatever words, needs no interpreter, so it gives nothing then.
 *
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` if it cannot be used.
 */
export async function openTemplate(
  given: TemplateSource,
  patience?: number,
): Promise<ModelTemplate | undefined> {
  const { source, name } = given;
  if (WORLD_NAMES.has(source.trim())) return undefined;
  if (source.length > LONGEST) {
    throw unusable(name, `it has more than ${LONGEST} characters`);
  }
  const writer = new TemplateWriter(given, patience);
  try {
    const probes = await writer.write([
      [[USER], true],
      [[USER, SAID], false],
      [[USER, SAID, USER], false],
      [[USER, SAID, USER], true],
      [[{ role: "system", content: "Cy" }, USER], true],
    ]);
    if (isWorld(probes)) {
      writer.close();
      return undefined;
    }
    const shape = shapeOf(probes);
    if (shape === undefined) {
      throw unusable(name, "it does not show where an answer ends");
    }
    return new ModelTemplate(writer, shape, /think/i.test(source));
  } catch (error) {
    writer.close();
    if (!(error instanceof RequestError)) throw error;
    throw unusable(name, String(error.cause).slice(0, 300));
  }
}

/** Whether a template writes what ours does, but for how the text begins. */
function isWorld([first, , , asked, system]: readonly string[]): boolean {
  const blank = { open: false, thinking: false };
  const same = (text: string, messages: readonly Message[]) =>
    text.trim() === renderChat(messages, blank, true).text;
  return same(first, [USER]) && same(asked, [USER, SAID, USER]) &&
    same(system, [{ role: "system", content: "Cy" }, USER]);
}

function shapeOf(
  [asked, answered, again]: readonly string[],
): Shape | undefined {
  const at = answered.lastIndexOf(SAID.content);
  if (at < 0) return undefined;
  const closing = answered.slice(at + SAID.content.length);
  const grown = again.startsWith(answered)
    ? again.slice(answered.length)
    : undefined;
  const lead = answered.slice(0, at);
  const end = closing.trimEnd() || closing;
  return {
    end,
    rest: closing.slice(end.length),
    next: grown?.slice(0, Math.max(0, grown.indexOf(USER.content))) ?? "",
    space: lead === `${asked} `,
    stable: grown !== undefined && lead.trimEnd() === asked.trimEnd(),
  };
}

/** A chat template of a model's own. */
export class ModelTemplate implements ChatTemplate {
  /** Whether the template names thoughts. */
  readonly thinks: boolean;
  readonly #writer: TemplateWriter;
  readonly #shape: Shape;

  /** Made by {@linkcode openTemplate}. */
  constructor(writer: TemplateWriter, shape: Shape, thinks: boolean) {
    this.#writer = writer;
    this.#shape = shape;
    this.thinks = thinks;
  }

  async open(
    given: readonly Message[],
    { phase, begun, answer, effort }: Moment,
  ): Promise<ChatOpening> {
    const messages = given.map((message) => ({
      ...message,
      content: this.#clean(message.content),
    }));
    const open = answer || messages.at(-1)?.role === "user";
    const asked = begun
      ? this.#ending(phase) + await this.#after(messages, open, effort)
      : await this.#whole(messages, open, effort);
    const thinking = open && UNENDED.test(asked);
    const inThought = thinking && effort !== "none";
    const text = thinking && !inThought
      ? asked.replace(UNENDED, `<think>\n\n${THINK_END}\n\n`)
      : asked;
    const { end, next, space } = this.#shape;
    // Where nothing but white space ends a turn, a thought may hold it.
    const kept = !inThought || end.trim() !== "";
    return {
      text,
      phase: { open, thinking: false },
      space: space && open && !inThought,
      effort: inThought ? effort : "none",
      ...(end !== "" && { end: { text: kept ? end : end + next, kept } }),
    };
  }

  /** Ends the thread. */
  close(): void {
    this.#writer.close();
  }

  /** A message without what would end its turn. */
  #clean(content: string): string {
    const { end } = this.#shape;
    if (end === "") return content;
    return end.trim() === "" ? clean(content) : content.replaceAll(end, "");
  }

  /** What ends the turn before. */
  #ending({ open, thinking }: Moment["phase"]): string {
    const { end, rest } = this.#shape;
    return (thinking ? `\n${THINK_END}` : "") + (open ? end : "") + rest;
  }

  async #whole(
    messages: readonly Message[],
    open: boolean,
    effort: Effort,
  ): Promise<string> {
    const [text] = await this.#writer.write([[messages, open]], effort);
    return text;
  }

  async #after(
    messages: readonly Message[],
    open: boolean,
    effort: Effort,
  ): Promise<string> {
    if (messages.length === 0) return "";
    const texts = await this.#writer.write(
      PASTS.flatMap((past): Transcript[] => [
        [past, false],
        [[...past, ...messages], open],
      ]),
      effort,
    );
    const [first, ...more] = PASTS.map((_, i) => {
      const [before, after] = [texts[2 * i], texts[2 * i + 1]];
      return after.startsWith(before) ? after.slice(before.length) : undefined;
    });
    const same = more.every((text) => text === first);
    if (!this.#shape.stable || first === undefined || !same) {
      throw new RequestError(
        "ERR_REQUEST_INVALID",
        "Cannot go on with the state: the model's chat template writes earlier " +
          "messages anew with every turn; send the whole list without a state",
      );
    }
    return first;
  }
}

function unusable(name: string, found: string): ModelError {
  return new ModelError(
    "ERR_MODEL_UNSUPPORTED",
    `Cannot use the chat template of ${name}: ${found}; a chat_template.jinja ` +
      "beside the weights takes its place",
  );
}
