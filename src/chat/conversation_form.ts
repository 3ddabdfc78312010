/**
 * How a model converses: from what its files say, what is known of its generation,
 * and what the operator chose.
 *
 * @module
 */

import type { Engine, StopSequence } from "../engine/engine.ts";
import type { AnswerEnds, ModelSettings } from "../model/model_settings.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { ChatTemplate } from "./template/chat_template.ts";
import { chatForm, type ChatFormName, WORLD } from "./template/chat_forms.ts";
import { type Generation, generationOf } from "./model_generation.ts";
import type { OpenInterpreter } from "./template/jinja_interpreter.ts";
import { openTemplate } from "./template/model_template.ts";
import type { Beginning, Speaker } from "./chat_turn.ts";

/** A way to converse. */
export interface ConversationForm extends Pick<Speaker, "decoding" | "ends"> {
  /** Whether its texts begin with the end-of-text token. */
  readonly bos: Beginning;
  /** Writes its chats. */
  readonly template: ChatTemplate;
  /** What its generation is known for. */
  readonly generation: Generation;
  /** Where the form of its chats is from, for people. */
  readonly source: string;
  /** Gives back what the template holds. */
  close(): void;
}

/** What there is to choose from. */
export interface ConversationOptions {
  /** Names of the model and its files, the surest first. */
  readonly names: readonly string[];
  /** The model's own. */
  readonly tokenizer: Pick<Tokenizer, "encode" | "end" | "bytes" | "size">;
  /** Writes a template of the model's own, if it has one. */
  readonly jinja?: OpenInterpreter | undefined;
  /** The form that the operator chose; by default that of the model's files. */
  readonly form?: ChatFormName | undefined;
  /** Whether the operator says how texts begin. */
  readonly bos?: boolean | undefined;
}

/**
 * Chooses how a model converses: the operator's choice comes first, then what the
 * files say, then the practice of its generation.
 *
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` if its chat template cannot be used.
 */
export async function openConversation(
  settings: ModelSettings,
  { names, tokenizer, jinja, form, bos }: ConversationOptions,
): Promise<ConversationForm> {
  const generation = generationOf(...names, ...settings.names ?? []);
  const text = bos ?? settings.bos ?? generation.bos;
  const decoding = settings.decoding ?? generation.decoding;
  const ends = answerEnds(settings.ends, tokenizer);
  const common = {
    generation,
    bos: { text, chat: text },
    ...(decoding && { decoding }),
    ...(ends.length > 0 && { ends }),
    close: () => {},
  };
  if (form !== undefined) {
    return { ...common, template: chatForm(form), source: "--chat-form" };
  }
  const { template } = settings;
  if (template === undefined) {
    const source = `the practice of ${generation.name}`;
    return { ...common, template: chatForm(generation.form), source };
  }
  const source = template.name;
  const found = await openTemplate(template, { tokenizer, jinja, bos });
  if ("world" in found) {
    // A template may leave the first token to the tokenizer.
    const chat = bos ?? (found.bos || text);
    return { ...common, template: WORLD, bos: { text, chat }, source };
  }
  return { ...common, template: found, source, close: () => found.close() };
}

/** What a turn has to know of a model that converses. */
export function speakerOf(
  engine: Engine,
  { template, bos, decoding, ends, generation, source }: ConversationForm,
): Speaker {
  return {
    engine,
    template,
    bos,
    ...(decoding && { decoding }),
    ...(ends && { ends }),
    origin: { generation: generation.name, source },
  };
}

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Texts that end answers. The end of text does so everywhere. */
function answerEnds(
  { texts, tokens }: AnswerEnds = { texts: [], tokens: [] },
  tokenizer: ConversationOptions["tokenizer"],
): readonly StopSequence[] {
  const written = tokens
    .filter((token) => token !== tokenizer.end && token < tokenizer.size)
    .map((token) => UTF8.decode(tokenizer.bytes(token)));
  return [...new Set([...written, ...texts])]
    .filter((text) => text !== "" && !text.includes("\ufffd"))
    .map((text) => ({ text, kept: false }));
}
