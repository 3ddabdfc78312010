/**
 * From a model's files to all that the rest needs of it.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { hex } from "../text/hex.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { parseJsonVocabulary } from "../text/vocabulary_json.ts";
import { openVocabulary, worldTokenizer } from "../text/world_tokenizer.ts";
import { canonical } from "./canonical_checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { DigestedCheckpoint, type DigestProgress } from "./fingerprint.ts";
import { type ModelTensors, readTensors } from "./file_format.ts";
import type { ModelSettings } from "./model_settings.ts";
import type { ByteSource } from "./byte_source.ts";

/** The files of a model. */
export interface ModelFiles {
  /** The weights: one file, or the parts of one. */
  readonly weights: readonly ByteSource[];
  /** The vocabulary, in the World format or in JSON; a GGUF file has its own. */
  readonly vocabulary?: ByteSource;
  /** What files beside the weights say; a GGUF file has settings of its own. */
  readonly settings?: ModelSettings;
}

/** A model, ready to be loaded onto a device. */
export interface OpenModel {
  /** The weights. */
  readonly checkpoint: Checkpoint;
  /** Its vocabulary. */
  readonly tokenizer: Tokenizer;
  /** What its files say of its texts. */
  readonly settings: ModelSettings;
  /** Its identity, 32 bytes. */
  readonly fingerprint: Uint8Array;
}

/** A model of which no weight has been read. */
export interface UnreadModel extends Omit<OpenModel, "fingerprint"> {
  /**
   * The model with its identity.
   *
   * @param known The fingerprint, where it is known: no weight is digested then.
   */
  identified(known?: Uint8Array): IdentifiedModel;
}

/** A model whose weights are digested as they are read. */
export interface IdentifiedModel {
  /** The weights. */
  readonly checkpoint: Checkpoint;
  /**
   * Its identity, 32 bytes. What of the weights nobody has read yet is read for
   * it: nothing, once they are on a device.
   *
   * @throws {ModelError} If a weight is not what it should be.
   */
  fingerprint(progress?: DigestProgress): Promise<Uint8Array>;
}

/** What {@linkcode openModel} may be told. */
export interface OpenModelOptions {
  /** The fingerprint, where it is known: then no weight is read. */
  readonly known?: Uint8Array;
  /** Told how many of how many weights have been read. */
  readonly progress?: DigestProgress;
}

/**
 * Opens a model of any format. Every weight is read once, so that damage shows
 * here, and no more than a few MiB of them are in memory at a time.
 *
 * @throws {ModelError} If a file is not what it should be.
 */
export async function openModel(
  files: ModelFiles,
  { known, progress }: OpenModelOptions = {},
): Promise<OpenModel> {
  const { tokenizer, settings, identified } = await openUnread(files);
  const { checkpoint, fingerprint } = identified(known);
  return {
    checkpoint,
    tokenizer,
    settings,
    fingerprint: await fingerprint(progress),
  };
}

/**
 * Opens a model without reading its weights: putting them on a device reads
 * them, and has digested them then.
 *
 * @param contents Their tables of contents, where they have been read.
 * @throws {ModelError} If a file's own tables are not what they should be.
 */
export async function openUnread(
  files: ModelFiles,
  contents?: ModelTensors,
): Promise<UnreadModel> {
  const [{ name }] = files.weights;
  const found = contents ?? await readTensors(files.weights);
  const checkpoint = canonical(found.tensors, name, found.lora);
  const { tokenizer, bos } = await openTokenizer(files, found);
  const { V } = checkpoint.shape;
  if (tokenizer.size > V) {
    throw new ModelError(
      "ERR_VOCABULARY_CORRUPT",
      `Cannot use vocabulary ${files.vocabulary?.name ?? "inside"}: it has ` +
        `${tokenizer.size} tokens, but ${name} has ${V}`,
    );
  }
  const settings = {
    ...(bos !== undefined && { bos }),
    ...found.settings,
    ...files.settings,
  };
  return {
    checkpoint,
    tokenizer,
    settings,
    identified(known): IdentifiedModel {
      if (known !== undefined) {
        return { checkpoint, fingerprint: () => Promise.resolve(known) };
      }
      const digested = new DigestedCheckpoint(checkpoint);
      return {
        checkpoint: digested,
        fingerprint: (progress) =>
          digested.fingerprint(tokenizer.digest, progress),
      };
    },
  };
}

/**
 * Opens the vocabulary of a model: the file that it comes with, or its own.
 *
 * @throws {ModelError} `ERR_VOCABULARY_CORRUPT` if it is none; `ERR_MODEL_NOT_FOUND`
 * if there is none.
 */
export async function openTokenizer(
  { weights: [{ name }], vocabulary: file }: ModelFiles,
  { vocabulary }: Pick<ModelTensors, "vocabulary">,
): Promise<FoundTokenizer> {
  if (file) return await openFile(file);
  if (vocabulary) return { tokenizer: await worldTokenizer(vocabulary, name) };
  throw new ModelError(
    "ERR_MODEL_NOT_FOUND",
    `Cannot use ${name}: it carries no vocabulary; put its vocabulary file ` +
      "beside it as vocab.txt, or name it with --vocab",
  );
}

/** A tokenizer, and what its file says of how texts begin. */
export interface FoundTokenizer {
  /** The tokenizer. */
  readonly tokenizer: Tokenizer;
  /** Whether a text begins with the end-of-text token; omitted if not stated. */
  readonly bos?: boolean;
}

/** A vocabulary is about a megabyte; more than this is some other file. */
const MOST_VOCABULARY_BYTES = 64 << 20;

/** Vocabularies in use, by the SHA-256 of their files: models share them. */
const inUse = new Map<
  string,
  { readonly tokenizer: WeakRef<Tokenizer>; readonly bos?: boolean }
>();

async function openFile(
  { name, size, read }: ByteSource,
): Promise<FoundTokenizer> {
  if (size > MOST_VOCABULARY_BYTES) {
    throw new ModelError(
      "ERR_VOCABULARY_CORRUPT",
      `Cannot read vocabulary ${name}: it has ${size} bytes, and vocabularies ` +
        `have ${MOST_VOCABULARY_BYTES} at most`,
    );
  }
  const bytes = await read(0, size);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  const key = hex(new Uint8Array(digest));
  const { tokenizer: held, bos } = inUse.get(key) ?? {};
  const known = held?.deref();
  if (known !== undefined) {
    return { tokenizer: known, ...(bos !== undefined && { bos }) };
  }
  const found = await readVocabulary(bytes, name);
  inUse.set(key, { ...found, tokenizer: new WeakRef(found.tokenizer) });
  return found;
}

/** A vocabulary file begins with a token's id, and JSON with a brace. */
async function readVocabulary(
  bytes: Uint8Array,
  name: string,
): Promise<FoundTokenizer> {
  if (bytes[0] !== "{".charCodeAt(0)) {
    return { tokenizer: await openVocabulary(bytes, name) };
  }
  const text = new TextDecoder().decode(bytes);
  const { vocabulary, bos } = parseJsonVocabulary(text, name);
  return {
    tokenizer: await worldTokenizer(vocabulary, name),
    ...(bos !== undefined && { bos }),
  };
}
