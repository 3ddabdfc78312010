/**
 * What is known of official models by their generation, for files that say nothing
 * of it: how their chats are written, whether a text begins with the end-of-text
 * token, how to draw.
 *
 * Source: the model cards of BlinkDL's rwkv7-g1, the `rwkv` package for Python, which
 * reads a prompt as it is, and the settings that rwkv-rs publishes beside the models
 * from G1h on.
 *
 * @module
 */

import type { DecodingProfiles } from "../model/model_settings.ts";
import type { ChatFormName } from "./template/chat_forms.ts";

/** A generation of models. */
export interface Generation {
  /** What people call it. */
  readonly name: string;
  /** The form of its chats. */
  readonly form: ChatFormName;
  /** Whether a text begins with the end-of-text token. */
  readonly bos: boolean;
  /** Its published decoding profiles; omitted if there are none. */
  readonly decoding?: DecodingProfiles;
}

/** Published for G1h and later. */
const G1H: DecodingProfiles = {
  name: "G1h and later",
  thinking: {
    temperature: 0.96,
    top_p: 0.76,
    top_k: 32,
    presence_penalty: 1,
    frequency_penalty: 0.1,
    penalty_decay: 0.988,
  },
  plain: { temperature: 1, top_p: 0.28, top_k: 32 },
  tools: { temperature: 0.96, top_p: 0.76, top_k: 32 },
};

/** `g`, a number, and the letter of the training data: `g1h`, `g1a2`, `g0`. */
const GENERATION = /(?:^|[-_./ ])g(\d+)([a-z]?)\d*(?=[-_. ]|$)/i;

/**
 * The generation that a name tells of. One without a generation is a World model, or
 * something that somebody made of one.
 *
 * @param names Of the model and of its files; the first that tells counts.
 */
export function generationOf(...names: readonly string[]): Generation {
  for (const name of names) {
    const [, number, letter = ""] = GENERATION.exec(name) ?? [];
    if (number === undefined) continue;
    const known = `G${number}${letter.toLowerCase()}`;
    const flower = Number(number) > 1 ||
      (Number(number) === 1 && letter.toLowerCase() >= "h");
    return flower
      ? { name: known, form: "flower", bos: true, decoding: G1H }
      : { name: known, form: "g1", bos: false };
  }
  return { name: "World", form: "world", bos: false };
}
