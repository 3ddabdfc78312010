/**
 * What a model's files say besides its weights and words: how chats are written, how
 * a text begins, how to draw. Each is absent where they do not say.
 *
 * @module
 */

import { isBoolean, isNumeric, isText, JsonSettings } from "./json_settings.ts";
import type { TemplateSource } from "./template_source.ts";

/** Settings of a model. */
export interface ModelSettings {
  /** Its chat template. */
  readonly template?: TemplateSource;
  /** Whether a text begins with the end-of-text token. */
  readonly bos?: boolean;
  /** How to draw, where a request does not say. */
  readonly decoding?: DecodingProfiles;
  /** What ends an answer in a chat, besides what its form has. */
  readonly ends?: AnswerEnds;
  /** Names that the files have for it. */
  readonly names?: readonly string[];
}

/** How to draw, where a request says nothing; what is absent too is the API's own. */
export interface DecodingProfile {
  /** Divides the logits. */
  readonly temperature?: number | undefined;
  /** Likeliest tokens kept. */
  readonly top_k?: number | undefined;
  /** Probability kept. */
  readonly top_p?: number | undefined;
  /** Share of the likeliest token's probability. */
  readonly min_p?: number | undefined;
  /** Subtracted from the logit of each token drawn before. */
  readonly presence_penalty?: number | undefined;
  /** The same, times how often it was drawn. */
  readonly frequency_penalty?: number | undefined;
  /** How fast draws are forgotten. */
  readonly penalty_decay?: number | undefined;
}

/** Profiles by what an answer begins with. */
export interface DecodingProfiles {
  /** What people call them. */
  readonly name: string;
  /** With a thought. */
  readonly thinking: DecodingProfile;
  /** Without one, and texts that are no chats. */
  readonly plain: DecodingProfile;
  /** Where functions may be called; by default as elsewhere. */
  readonly tools?: DecodingProfile;
}

/** What ends an answer. */
export interface AnswerEnds {
  /** Texts that are no part of it. */
  readonly texts: readonly string[];
  /** Ids of tokens. */
  readonly tokens: readonly number[];
}

/** Fields of a profile and what they may be, as requests bound them. */
const PROFILE_RANGES = {
  temperature: [0, 100],
  top_k: [0, 1 << 20],
  top_p: [0, 1],
  min_p: [0, 1],
  presence_penalty: [-2, 2],
  frequency_penalty: [-2, 2],
  penalty_decay: [0, 1],
} as const satisfies Record<
  keyof DecodingProfile,
  readonly [from: number, to: number]
>;

/**
 * Reads a `generation_config.json`, whose names are Hugging Face's and, for the
 * penalties, those of rwkv-rs. What is `null` or out of range is not said;
 * `do_sample: false` is a temperature of 0.
 *
 * @param json The file's text; empty where there is none.
 * @param name For messages.
 * @returns Nothing if it says nothing of drawing.
 * @throws {ModelError} `ERR_MODEL_CORRUPT`, naming what is not as expected.
 */
export function readGenerationConfig(
  json: string,
  name: string,
): DecodingProfile | undefined {
  const config = new JsonSettings(json, name);
  const said = Object.entries(PROFILE_RANGES).flatMap(([field, [from, to]]) => {
    const value = config.get(field, isNumeric, "a number");
    return value !== undefined && value >= from && value <= to
      ? [[field, value]]
      : [];
  });
  const sample = config.get("do_sample", isBoolean, "true or false");
  const profile: DecodingProfile = {
    ...Object.fromEntries(said),
    ...(sample === false && { temperature: 0 }),
  };
  return Object.keys(profile).length === 0 ? undefined : profile;
}

/** Ends of a file at most: each is looked for in every answer. */
const MOST_END_TEXTS = 16;

/**
 * Reads what a `generation_config.json` has answers end with: `stop_strings`, a text
 * or several, and `eos_token_id`, an id or several.
 *
 * @param json The file's text; empty where there is none.
 * @param name For messages.
 * @returns Nothing if it says nothing of ends.
 * @throws {ModelError} `ERR_MODEL_CORRUPT`, naming what is not as expected.
 */
export function readAnswerEnds(
  json: string,
  name: string,
): AnswerEnds | undefined {
  const config = new JsonSettings(json, name);
  const stops = config.get(
    "stop_strings",
    oneOrSeveral(isText),
    "a text or several",
  );
  const ids = config.get(
    "eos_token_id",
    oneOrSeveral(isId),
    "an id or several",
  );
  const texts = [stops ?? []].flat().filter((text) => text !== "")
    .slice(0, MOST_END_TEXTS);
  const tokens = [ids ?? []].flat().slice(0, MOST_END_TEXTS);
  return texts.length + tokens.length === 0 ? undefined : { texts, tokens };
}

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Whether a value is one of a kind, or a list of them. */
function oneOrSeveral<T>(
  isOne: (value: unknown) => value is T,
): (value: unknown) => value is T | T[] {
  return (value): value is T | T[] =>
    isOne(value) || (Array.isArray(value) && value.every(isOne));
}
