/**
 * What lies beside a model's weights and says how it converses, as Hugging Face's
 * repositories have it.
 *
 * @module
 */

import { jsonBeginning } from "../text/vocabulary_json.ts";
import {
  type AnswerEnds,
  type DecodingProfiles,
  type ModelSettings,
  readAnswerEnds,
  readGenerationConfig,
} from "./settings.ts";
import { plainTemplate, readTokenizerConfig } from "./template_source.ts";

/** The files by their names. */
export const SETTINGS_FILES = [
  "chat_template.jinja",
  "fake_think_generation_config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "tools_generation_config.json",
] as const;

/** A file's name. */
export type SettingsFile = typeof SETTINGS_FILES[number];

/** Reads a file beside the weights; nothing if there is none. */
export type ReadBeside = (name: SettingsFile) => Promise<string | undefined>;

/** Where the files are. */
export interface SettingsPlace {
  /** A file's path, for messages. */
  readonly pathOf: (name: SettingsFile) => string;
  /** Whether the weights are a GGUF file, which has settings of its own. */
  readonly gguf: boolean;
  /** Names of the model, as its files and folder tell. */
  readonly names: readonly string[];
}

/**
 * Reads what the files say. What one does not say, or not as expected, is left out.
 * A GGUF file has settings of its own, and a tokenizer's beside it may be another's.
 */
export async function readSettings(
  read: ReadBeside,
  { pathOf, gguf, names }: SettingsPlace,
): Promise<ModelSettings> {
  const own = "chat_template.jinja", config = "tokenizer_config.json";
  const source = await read(own);
  if (gguf) {
    return {
      ...(source !== undefined &&
        { template: plainTemplate(source, pathOf(own)) }),
      ...await readGeneration(read, new Map()),
    };
  }
  const { template, specials, bos } = readTokenizerConfig(
    await read(config) ?? "{}",
  );
  const found = source ?? template;
  const begins = bos ?? jsonBeginning(await read("tokenizer.json") ?? "");
  return {
    ...(found !== undefined && {
      template: plainTemplate(
        found,
        pathOf(source === undefined ? config : own),
        specials,
      ),
    }),
    ...(begins !== undefined && { bos: begins }),
    ...await readGeneration(read, specials.ids),
    names,
  };
}

/** The usual profile, those for answers without a thought and with functions. */
async function readGeneration(
  read: ReadBeside,
  ids: ReadonlyMap<string, number>,
): Promise<Pick<ModelSettings, "decoding" | "ends">> {
  const usual = await read("generation_config.json") ?? "";
  const [first, plain, tools] = [
    usual,
    await read("fake_think_generation_config.json") ?? "",
    await read("tools_generation_config.json") ?? "",
  ].map(readGenerationConfig);
  const thinking = first ?? plain;
  const decoding: DecodingProfiles | undefined = thinking && {
    name: "generation_config.json",
    thinking,
    plain: plain ?? thinking,
    ...(tools && { tools }),
  };
  const ends = withNames(readAnswerEnds(usual), ids);
  return { ...(decoding && { decoding }), ...(ends && { ends }) };
}

/** Tokens that a tokenizer's settings have added to the vocabulary are their texts. */
function withNames(
  ends: AnswerEnds | undefined,
  ids: ReadonlyMap<string, number>,
): AnswerEnds | undefined {
  if (ends === undefined) return undefined;
  const added = [...ids].filter(([, id]) => id > 0 && ends.tokens.includes(id))
    .map(([text]) => text);
  return { ...ends, texts: [...ends.texts, ...added] };
}
