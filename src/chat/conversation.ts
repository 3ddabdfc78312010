/**
 * How a model converses: from what its files say, what is known of its generation,
 * and what the operator chose.
 *
 * @module
 */

import type { DecodingProfiles, ModelSettings } from "../model/settings.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { ChatTemplate } from "./chat_template.ts";
import { chatForm, type ChatFormName, WORLD } from "./forms.ts";
import { type Generation, generationOf } from "./generation.ts";
import { openTemplate } from "./model_template.ts";
import type { Beginning } from "./turn.ts";

/** A way to converse. */
export interface ConversationForm {
  /** Writes its chats. */
  readonly template: ChatTemplate;
  /** Whether its texts begin with the end-of-text token. */
  readonly bos: Beginning;
  /** How to draw, where a request does not say; absent: as the API does. */
  readonly decoding?: DecodingProfiles;
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
  readonly tokenizer: Pick<Tokenizer, "encode" | "end" | "bytes">;
  /** The form that the operator chose; absent: that of the model's files. */
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
  { names, tokenizer, form, bos }: ConversationOptions,
): Promise<ConversationForm> {
  const generation = generationOf(...names, ...settings.names ?? []);
  const text = bos ?? settings.bos ?? generation.bos;
  const decoding = settings.decoding ?? generation.decoding;
  const common = { generation, ...(decoding && { decoding }) };
  const close = () => {};
  const { template } = settings;
  if (form !== undefined) {
    const source = "--chat-form";
    const written = { text, chat: text };
    return {
      ...common,
      template: chatForm(form),
      bos: written,
      source,
      close,
    };
  }
  if (template === undefined) {
    const source = `the practice of ${generation.name}`;
    const written = chatForm(generation.form);
    return {
      ...common,
      template: written,
      bos: { text, chat: text },
      source,
      close,
    };
  }
  const found = await openTemplate(template, { tokenizer, bos });
  if ("world" in found) {
    return {
      ...common,
      template: WORLD,
      // A template may leave that to the tokenizer.
      bos: { text, chat: bos ?? (found.bos || text) },
      source: template.name,
      close,
    };
  }
  return {
    ...common,
    template: found,
    bos: { text, chat: text },
    source: template.name,
    close: () => found.close(),
  };
}
