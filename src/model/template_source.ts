/**
 * A chat template as it lies in a model's files.
 *
 * @module
 */

/** A template in Jinja, as Hugging Face's tokenizers have it. */
export interface TemplateSource {
  /** The template. */
  readonly source: string;
  /** Where it was found, for people. */
  readonly name: string;
  /** How templates write the token that ends a text, which is none in the text. */
  readonly ends: readonly string[];
}

/** How the World vocabulary's end of text is written where it has to be. */
const END = "<|rwkv_tokenizer_end_of_text|>";

/** A template that stands by itself. */
export function plainTemplate(source: string, name: string): TemplateSource {
  return { source, name, ends: [END] };
}

/**
 * The template of a `tokenizer_config.json`: a text, or several with names, of which
 * the one called `default` is meant.
 *
 * @returns Nothing if there is none, or the file is not what its name says.
 */
export function configTemplate(
  json: string,
  name: string,
): TemplateSource | undefined {
  const config = parse(json);
  const { chat_template: found } = config;
  const source = Array.isArray(found)
    ? found.find((entry) => entry?.name === "default")?.template
    : found;
  if (typeof source !== "string") return undefined;
  const specials = [config.bos_token, config.eos_token].map((token) =>
    typeof token === "string" ? token : content(token)
  );
  const ends = specials.filter((text) => text !== undefined && text !== "");
  return { source, name, ends: [...new Set([END, ...ends as string[]])] };
}

function content(token: unknown): string | undefined {
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
