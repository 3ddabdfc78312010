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
} from "./model_settings.ts";
import { withoutMark } from "./json_settings.ts";
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
 * Reads what the files say. A GGUF file has settings of its own, and a tokenizer's
 * beside it may be another's.
 *
 * @throws {ModelError} `ERR_MODEL_CORRUPT` if one says something that it cannot mean.
 */
export async function readSettings(
  readRaw: ReadBeside,
  { pathOf, gguf, names }: SettingsPlace,
): Promise<ModelSettings> {
  const read: ReadBeside = async (name) => {
    const text = await readRaw(name);
    return text === undefined ? undefined : withoutMark(text);
  };
  const own = "chat_template.jinja", config = "tokenizer_config.json";
  const source = await read(own);
  if (gguf) {
    return {
      ...(source !== undefined &&
        { template: plainTemplate(source, pathOf(own)) }),
      ...await readGeneration(read, pathOf, new Map()),
    };
  }
  const { template, specials, bos } = readTokenizerConfig(
    await read(config) ?? "",
    pathOf(config),
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
    ...await readGeneration(read, pathOf, specials.ids),
    names,
  };
}

/** The usual profile, those for answers without a thought and with functions. */
async function readGeneration(
  read: ReadBeside,
  pathOf: SettingsPlace["pathOf"],
  ids: ReadonlyMap<string, number>,
): Promise<Pick<ModelSettings, "decoding" | "ends">> {
  const usual = "generation_config.json";
  const profile = async (name: SettingsFile) =>
    readGenerationConfig(await read(name) ?? "", pathOf(name));
  const first = await profile(usual);
  const plain = await profile("fake_think_generation_config.json");
  const tools = await profile("tools_generation_config.json");
  const thinking = first ?? plain;
  const decoding: DecodingProfiles | undefined = thinking && {
    name: usual,
    thinking,
    plain: plain ?? thinking,
    ...(tools && { tools }),
  };
  const said = readAnswerEnds(await read(usual) ?? "", pathOf(usual));
  const ends = withNames(said, ids);
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
