/**
 * The GGUF container: keys and values, a table of tensors, then their bytes.
 * Layout: ggml's `docs/gguf.md`, versions 2 and 3, little-endian.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { BLOCK_TYPES, type BlockType } from "./gguf_blocks.ts";
import { CutOff, GgufReader, type GgufValue } from "./gguf_reader.ts";
import type { ByteSource } from "../byte_source.ts";
import {
  isStoredType,
  plainTensor,
  type StoredTensor,
  volume,
} from "../stored_tensor.ts";

/** What is in a GGUF file. Shapes are turned round: slowest dimension first. */
export interface Gguf {
  /** Its keys and values. */
  readonly keys: ReadonlyMap<string, GgufValue>;
  /** Its tensors, by name. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** A vocabulary of 65,536 tokens takes 2 MiB; more than this is damage. */
const MAX_HEADER = 64 << 20;
const FIRST_TRY = 4 << 20;

/**
 * Reads a GGUF file's keys and table of tensors.
 *
 * @throws {ModelError} `ERR_MODEL_CORRUPT` if the header and the file disagree,
 * `ERR_MODEL_UNSUPPORTED` for a version or tensor type that is not read.
 */
export async function readGguf(source: ByteSource): Promise<Gguf> {
  const limit = Math.min(source.size, MAX_HEADER);
  for (
    let size = Math.min(FIRST_TRY, limit);;
    size = Math.min(2 * size, limit)
  ) {
    try {
      return parseGguf(source, await source.read(0, size));
    } catch (error) {
      if (!(error instanceof CutOff)) throw error;
      if (size === limit) {
        throw corruptGguf(
          source,
          `its header does not end within ${size} bytes`,
        );
      }
    }
  }
}

interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: BlockType;
  readonly offset: number;
  readonly size: number;
}

function parseGguf(source: ByteSource, bytes: Uint8Array): Gguf {
  const reader = new GgufReader(bytes, source.name);
  if (reader.uint32() !== 0x46554747) {
    throw corruptGguf(source, "it is not GGUF");
  }
  const version = reader.uint32();
  if (version !== 2 && version !== 3) {
    throw new ModelError(
      "ERR_MODEL_UNSUPPORTED",
      `Cannot read ${source.name}: it is GGUF version ${version} or of another ` +
        "byte order, and versions 2 and 3, little-endian, are supported",
    );
  }
  const tensorCount = reader.size(), keyCount = reader.size();
  const keys = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = reader.text();
    if (keys.has(key)) throw corruptGguf(source, `key ${key} is there twice`);
    keys.set(key, reader.value());
  }
  const entries: TensorEntry[] = [];
  for (let i = 0; i < tensorCount; i++) {
    entries.push(parseEntry(source, reader));
  }
  const alignment = keys.get("general.alignment") ?? 32;
  if (typeof alignment !== "number" || alignment < 1) {
    throw corruptGguf(source, `its alignment is ${alignment}`);
  }
  const start = Math.ceil(reader.at / alignment) * alignment;
  return { keys, tensors: tensorPlace(source, entries, start) };
}

function parseEntry(source: ByteSource, reader: GgufReader): TensorEntry {
  const name = reader.text();
  const dimensions = reader.uint32();
  if (dimensions > 4) {
    throw corruptGguf(source, `tensor ${name} has ${dimensions} dimensions`);
  }
  const shape = Array.from({ length: dimensions }, () => reader.size())
    .reverse();
  const number = reader.uint32(), offset = reader.size();
  const type = BLOCK_TYPES.get(number);
  if (type === undefined) {
    const names = Array.from(BLOCK_TYPES.values(), ({ name }) => name);
    throw new ModelError(
      "ERR_MODEL_UNSUPPORTED",
      `Cannot read tensor ${name} of ${source.name}: its type is ` +
        `${UNSUPPORTED_TYPES[number] ?? `number ${number}`}, and ` +
        `${names.join(", ")} are supported`,
    );
  }
  if ((shape.at(-1) ?? 1) % type.values !== 0) {
    throw corruptGguf(
      source,
      `tensor ${name} is [${shape}], not whole blocks of ${type.values}`,
    );
  }
  const size = volume(shape) / type.values * type.bytes;
  return { name, shape, type, offset, size };
}

/** What newer or smaller files have, so that a refusal can say it. */
const UNSUPPORTED_TYPES: Readonly<Record<number, string>> = {
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
};

function tensorPlace(
  source: ByteSource,
  entries: TensorEntry[],
  start: number,
): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  let end = 0;
  for (const entry of entries.sort((a, b) => a.offset - b.offset)) {
    const { name, offset, size } = entry;
    if (tensors.has(name)) {
      throw corruptGguf(source, `tensor ${name} is there twice`);
    }
    if (offset < end) {
      throw corruptGguf(source, `tensor ${name} overlaps the one before it`);
    }
    end = offset + size;
    if (!(start + end <= source.size)) {
      throw corruptGguf(
        source,
        `tensor ${name} needs bytes up to ${start + end}, but the file ends ` +
          `at ${source.size}; fetch it again`,
      );
    }
    tensors.set(name, openTensor(source, entry, start + offset));
  }
  return tensors;
}

function openTensor(
  source: ByteSource,
  { name, shape, type }: TensorEntry,
  offset: number,
): StoredTensor {
  if (isStoredType(type.name)) {
    return plainTensor(source, { name, type: type.name, shape, offset });
  }
  return {
    name,
    type: type.name,
    shape,
    async values(from, to): Promise<Float32Array<ArrayBuffer>> {
      const first = Math.floor(from / type.values);
      const last = Math.ceil(to / type.values);
      const bytes = await source.read(
        offset + first * type.bytes,
        (last - first) * type.bytes,
      );
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const values = new Float32Array((last - first) * type.values);
      for (let block = 0; block < last - first; block++) {
        type.unpack(view, block * type.bytes, values, block * type.values);
      }
      const start = from - first * type.values;
      return start === 0 && to - from === values.length
        ? values
        : values.slice(start, start + to - from);
    },
  };
}

function corruptGguf({ name }: ByteSource, found: string): ModelError {
  return new ModelError("ERR_MODEL_CORRUPT", `Cannot read ${name}: ${found}`);
}
