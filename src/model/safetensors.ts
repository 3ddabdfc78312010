/**
 * The safetensors container: a length, a JSON header, then the tensors' bytes
 * without gaps. Layout: https://huggingface.co/docs/safetensors.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { ByteSource } from "./byte_source.ts";
import {
  BYTES_PER_VALUE,
  expectSize,
  isStoredType,
  plainTensor,
  type StoredTensor,
  volume,
} from "./stored_tensor.ts";

/** A header is a few hundred bytes a layer; more than this is damage. */
const MAX_HEADER = 16 << 20;

/**
 * Lists the tensors of a safetensors file, by name.
 *
 * @throws {ModelError} `ERR_MODEL_CORRUPT` if the header and the file disagree,
 * `ERR_MODEL_UNSUPPORTED` if a tensor is not F32, F16 or BF16.
 */
export async function readSafetensors(
  source: ByteSource,
): Promise<Map<string, StoredTensor>> {
  const { start, header } = await readHeader(source);
  const tensors = new Map<string, StoredTensor>();
  const ranges: Range[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { type, shape, from, to } = parseEntry(source, name, entry);
    if (start + to > source.size) {
      throw corruptSafetensors(
        source,
        `tensor ${name} needs bytes up to ${start + to}, but the file ends ` +
          `at ${source.size}; fetch it again`,
      );
    }
    ranges.push({ name, from, to });
    tensors.set(
      name,
      plainTensor(source, { name, type, shape, offset: start + from }),
    );
  }
  expectNoGaps(source, ranges, source.size - start);
  return tensors;
}

interface Range {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

async function readHeader(
  source: ByteSource,
): Promise<{ start: number; header: Record<string, unknown> }> {
  if (source.size < 8) {
    throw corruptSafetensors(
      source,
      `it has ${source.size} bytes, a header needs 8`,
    );
  }
  const head = await source.read(0, 8);
  const length = new DataView(head.buffer, head.byteOffset)
    .getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER, source.size - 8))) {
    throw corruptSafetensors(
      source,
      `a header of ${length} bytes does not fit a file of ${source.size}`,
    );
  }
  const start = 8 + Number(length);
  const text = new TextDecoder().decode(await source.read(8, start - 8));
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw corruptSafetensors(source, "the header is not JSON", { cause });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw corruptSafetensors(source, "the header is not an object");
  }
  return { start, header: header as Record<string, unknown> };
}

function parseEntry(source: ByteSource, name: string, entry: unknown) {
  const what = `tensor ${name} of ${source.name}`;
  const { dtype, shape, data_offsets } = (entry ?? {}) as {
    dtype?: unknown;
    shape?: unknown;
    data_offsets?: unknown;
  };
  if (typeof dtype !== "string") {
    throw corruptSafetensors(source, `tensor ${name} has no dtype`);
  }
  if (!isStoredType(dtype)) {
    throw new ModelError(
      "ERR_MODEL_UNSUPPORTED",
      `Cannot read ${what}: its type is ${dtype.slice(0, 20)}, ` +
        "and F32, F16 and BF16 are supported",
    );
  }
  if (!Array.isArray(shape) || !Array.isArray(data_offsets)) {
    throw corruptSafetensors(
      source,
      `tensor ${name} has no shape or no data_offsets`,
    );
  }
  const sizes = shape.map((size) => expectSize(size, what));
  const [from, to] = data_offsets.map((offset) => expectSize(offset, what));
  if (
    data_offsets.length !== 2 ||
    to - from !== volume(sizes) * BYTES_PER_VALUE[dtype]
  ) {
    throw corruptSafetensors(
      source,
      `tensor ${name} is ${dtype} [${sizes}], but has bytes ${data_offsets}`,
    );
  }
  return { type: dtype, shape: sizes, from, to };
}

/** Every byte belongs to one tensor: what else is there is damage or a hiding place. */
function expectNoGaps(source: ByteSource, ranges: Range[], size: number) {
  ranges.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { name, from, to } of ranges) {
    if (from < end) {
      throw corruptSafetensors(
        source,
        `tensor ${name} overlaps the one before it`,
      );
    }
    if (from > end) {
      throw corruptSafetensors(
        source,
        `${from - end} bytes before tensor ${name} are no tensor's`,
      );
    }
    end = to;
  }
  if (end !== size) {
    throw corruptSafetensors(
      source,
      `${size - end} bytes at the end are no tensor's`,
    );
  }
}

function corruptSafetensors(
  { name }: ByteSource,
  found: string,
  options?: ErrorOptions,
): ModelError {
  return new ModelError(
    "ERR_MODEL_CORRUPT",
    `Cannot read ${name}: ${found}`,
    options,
  );
}
