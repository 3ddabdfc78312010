/**
 * From a model's files to all that the rest needs of it.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { openVocabulary } from "../text/world_tokenizer.ts";
import { canonical } from "./canonical.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { fingerprint } from "./fingerprint.ts";
import { readSafetensors } from "./safetensors.ts";
import type { ByteSource } from "./source.ts";

/** The files of a model. */
export interface ModelFiles {
  /** The weights. */
  readonly weights: ByteSource;
  /** The vocabulary, in the World format. */
  readonly vocabulary: ByteSource;
}

/** A model, ready to be loaded onto a device. */
export interface OpenModel {
  /** The weights. */
  readonly checkpoint: Checkpoint;
  /** Its vocabulary. */
  readonly tokenizer: Tokenizer;
  /** Its identity, 32 bytes. */
  readonly fingerprint: Uint8Array;
}

/**
 * Opens a model. Every weight is read once, so that damage shows here.
 *
 * @throws {ModelError} If a file is not what it should be.
 */
export async function openModel(
  { weights, vocabulary }: ModelFiles,
): Promise<OpenModel> {
  const tokenizer = await openVocabulary(
    await vocabulary.read(0, vocabulary.size),
    vocabulary.name,
  );
  const checkpoint = canonical(await readSafetensors(weights), weights.name);
  const { V } = checkpoint.shape;
  if (tokenizer.size > V) {
    throw new ModelError(
      "ERR_VOCABULARY_CORRUPT",
      `Cannot use vocabulary ${vocabulary.name}: it has ${tokenizer.size} ` +
        `tokens, but ${weights.name} has ${V}`,
    );
  }
  return {
    checkpoint,
    tokenizer,
    fingerprint: await fingerprint(checkpoint, tokenizer.digest),
  };
}
