/**
 * A chat template as it lies in a model's files, and what a tokenizer's settings say
 * beside it.
 *
 * @module
 */

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
  /** The template's text; absent: there is none. */
  readonly template?: string;
  /** Special tokens. */
  readonly specials: SpecialTokens;
  /** Whether a text begins with the token that begins texts; absent: not said. */
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
 * which the one called `default` is meant. What is not as expected, or `null`, is not
 * said.
 */
export function readTokenizerConfig(json: string): TokenizerSettings {
  const config = parse(json);
  const { chat_template: found, add_bos_token: bos } = config;
  const template = Array.isArray(found)
    ? found.find((entry) => entry?.name === "default")?.template
    : found;
  const ids = new Map<string, number>();
  const added = config.added_tokens_decoder;
  if (typeof added === "object" && added !== null) {
    for (const [id, token] of Object.entries(added)) {
      const text = textOf(token);
      if (text && /^\d{1,7}$/.test(id)) ids.set(text, Number(id));
    }
  }
  return {
    ...(typeof template === "string" && { template }),
    specials: {
      bos: textOf(config.bos_token) ?? USUAL.bos,
      eos: textOf(config.eos_token) ?? USUAL.eos,
      ids,
    },
    ...(typeof bos === "boolean" && { bos }),
  };
}

/** A token's text, which settings give as it is or in an object. */
function textOf(token: unknown): string | undefined {
  if (typeof token === "string") return token;
  const { content } = (token ?? {}) as { content?: unknown };
  return typeof content === "string" ? content : undefined;
}

function parse(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : {};
  } catch {
    return {};
  }
}
