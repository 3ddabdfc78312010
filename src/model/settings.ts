/**
 * What a model's files say besides its weights and words: how chats are written, how
 * a text begins, how to draw. Each is absent where they do not say.
 *
 * @module
 */

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
  /** Where functions may be called; absent: as elsewhere. */
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
const RANGES = {
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
 * penalties, those of rwkv-rs. What is `null`, out of range or of another type is
 * not said; `do_sample: false` is a temperature of 0.
 *
 * @returns Nothing if it says nothing of drawing.
 */
export function readGenerationConfig(
  json: string,
): DecodingProfile | undefined {
  const given = parsed(json);
  const said = Object.entries(RANGES).flatMap(([name, [from, to]]) => {
    const value = given[name];
    return typeof value === "number" && value >= from && value <= to
      ? [[name, value]]
      : [];
  });
  const profile: DecodingProfile = {
    ...Object.fromEntries(said),
    ...(given.do_sample === false && { temperature: 0 }),
  };
  return Object.keys(profile).length === 0 ? undefined : profile;
}

/** Ends of a file at most: each is looked for in every answer. */
const MOST_ENDS = 16;

/**
 * Reads what a `generation_config.json` has answers end with: `stop_strings`, a text
 * or several, and `eos_token_id`, an id or several.
 *
 * @returns Nothing if it says nothing of ends.
 */
export function readAnswerEnds(json: string): AnswerEnds | undefined {
  const { stop_strings: stops, eos_token_id: ids } = parsed(json);
  const texts = [stops].flat(1).filter((text) =>
    typeof text === "string" && text !== ""
  ).slice(0, MOST_ENDS) as string[];
  const tokens = [ids].flat(1).filter((id) =>
    Number.isSafeInteger(id) && Number(id) >= 0
  ).slice(0, MOST_ENDS) as number[];
  return texts.length + tokens.length === 0 ? undefined : { texts, tokens };
}

/** An object in JSON; anything else says nothing. */
function parsed(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : {};
  } catch {
    return {};
  }
}
