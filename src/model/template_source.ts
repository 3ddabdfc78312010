/**
 * A chat template as it lies in a model's files, and what a tokenizer's settings say
 * beside it.
 *
 * @module
 */

import { isBoolean, JsonSettings } from "./json_settings.ts";

/** A template in Jinja, as Hugging Face's tokenizers have it. */
export interface TemplateSource {
  /** The template. */
  readonly source: string;
  /** Where it was found, for people. */
  readonly name: string;
  /** What the template's variables stand for. */
  readonly specials: SpecialTokens;
}

/** Special tokens as templates know them. */
export interface SpecialTokens {
  /** The text of `bos_token`. */
  readonly bos: string;
  /** The text of `eos_token`. */
  readonly eos: string;
  /** Ids that the settings give to texts. */
  readonly ids: ReadonlyMap<string, number>;
}

/** What a `tokenizer_config.json` says. */
export interface TokenizerSettings {
  /** The template's text; omitted if there is none. */
  readonly template?: string;
  /** Special tokens. */
  readonly specials: SpecialTokens;
  /** Whether a text begins with the token that begins texts; omitted if not stated. */
  readonly bos?: boolean;
}

/** How the World vocabulary's end of text is written where it has to be. */
export const END_NAMES: readonly string[] = [
  "<|rwkv_tokenizer_end_of_text|>",
  "<|endoftext|>",
];

const USUAL: SpecialTokens = {
  bos: END_NAMES[0],
  eos: END_NAMES[0],
  ids: new Map(),
};

/** A template that stands by itself. */
export function plainTemplate(
  source: string,
  name: string,
  specials = USUAL,
): TemplateSource {
  return { source, name, specials };
}

/**
 * Reads a `tokenizer_config.json`. Its template is a text, or several with names, of
 * which the one called `default` is meant. `null` is not said.
 *
 * @param json The file's text; empty where there is none.
 * @param name For messages.
 * @throws {ModelError} `ERR_MODEL_CORRUPT`, naming what is not as expected.
 */
export function readTokenizerConfig(
  json: string,
  name: string,
): TokenizerSettings {
  const config = new JsonSettings(json, name);
  const found = config.get(
    "chat_template",
    isTemplate,
    "a text, or a list of texts with names,",
  );
  const bos = config.get("add_bos_token", isBoolean, "true or false");
  const template = typeof found === "string"
    ? found
    : found?.find((entry) => entry.name === "default")?.template;
  const ids = new Map<string, number>();
  const added = config.get("added_tokens_decoder", isRecord, "an object");
  for (const [id, token] of Object.entries(added ?? {})) {
    const text = isToken(token) ? textOfToken(token) : "";
    if (text !== "" && /^\d{1,7}$/.test(id)) ids.set(text, Number(id));
  }
  const special = (field: string) => {
    const token = config.get(field, isToken, "a text or an object with one");
    return token === undefined ? undefined : textOfToken(token);
  };
  return {
    ...(template !== undefined && { template }),
    specials: {
      bos: special("bos_token") ?? USUAL.bos,
      eos: special("eos_token") ?? USUAL.eos,
      ids,
    },
    ...(bos !== undefined && { bos }),
  };
}

type ConfiguredToken = string | { readonly content: string };

/** A token is given as it is or in an object. */
function isToken(value: unknown): value is ConfiguredToken {
  return typeof value === "string" ||
    (isRecord(value) && typeof value.content === "string");
}

function textOfToken(token: ConfiguredToken): string {
  return typeof token === "string" ? token : token.content;
}

type NamedTemplates = readonly {
  readonly name: string;
  readonly template: string;
}[];

function isTemplate(value: unknown): value is string | NamedTemplates {
  return typeof value === "string" || (Array.isArray(value) &&
    value.every((entry) =>
      isRecord(entry) && typeof entry.name === "string" &&
      typeof entry.template === "string"
    ));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
