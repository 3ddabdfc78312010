/**
 * PyTorch's `.pth` files: a ZIP of raw little-endian storages and a pickle that
 * says which tensor looks at which part of which storage.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { StoredType } from "../checkpoint.ts";
import { readPickle } from "./pickle_machine.ts";
import {
  isTensor,
  type Pickled,
  type PickledTensor,
} from "./pickled_values.ts";
import type { ByteSource } from "../byte_source.ts";
import {
  BYTES_PER_VALUE,
  plainTensor,
  type StoredTensor,
  volume,
} from "../stored_tensor.ts";
import { readZip, type ZipEntry } from "./zip.ts";

/** A table has a hundred bytes a tensor; more than this is damage. */
const MAX_PICKLE_BYTES = 16 << 20;

const STORAGE_TYPES: Readonly<Record<string, StoredType>> = {
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
};

/**
 * Lists the tensors of a `.pth` file, by name. Nothing in it is executed.
 *
 * @throws {ModelError} `ERR_MODEL_CORRUPT` if its parts disagree,
 * `ERR_MODEL_UNSUPPORTED` if a tensor is not F32, F16 or BF16.
 */
export async function readPth(
  source: ByteSource,
): Promise<Map<string, StoredTensor>> {
  const entries = await readZip(source);
  const table = [...entries].find(([name]) => name.endsWith("/data.pkl"));
  if (table === undefined) {
    throw corruptPth(
      source,
      "it is a ZIP without data.pkl, not a PyTorch file",
    );
  }
  const [name, { offset, size }] = table;
  const root = name.slice(0, -"data.pkl".length);
  await expectLittleEndian(source, entries.get(`${root}byteorder`));
  if (size > MAX_PICKLE_BYTES) {
    throw corruptPth(source, `its table has ${size} bytes`);
  }
  const pickled = readPickle(await source.read(offset, size), source.name);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of stateDict(source, pickled)) {
    // Trainers note numbers and words beside the weights.
    if (!isTensor(value) && !(value instanceof Map)) continue;
    if (typeof name !== "string" || !isTensor(value)) {
      throw corruptPth(source, `its entry ${tensorName(name)} is no tensor`);
    }
    const entry = entries.get(`${root}data/${value.storage.key}`);
    tensors.set(name, openTensor(source, name, value, entry));
  }
  if (tensors.size > 0) return tensors;
  throw new ModelError(
    "ERR_MODEL_UNSUPPORTED",
    `Cannot load ${source.name}: its table names no tensors; it is something ` +
      "else that a trainer saved",
  );
}

async function expectLittleEndian(
  source: ByteSource,
  entry: ZipEntry | undefined,
): Promise<void> {
  if (entry === undefined) return;
  const { offset, size } = entry;
  const text = new TextDecoder().decode(
    await source.read(offset, Math.min(size, 16)),
  );
  if (text === "little") return;
  throw new ModelError(
    "ERR_MODEL_UNSUPPORTED",
    `Cannot read ${source.name}: its byte order is not little-endian; save it ` +
      "on an ordinary machine",
  );
}

/** What trainers call the weights among the rest of what they save. */
const WRAPPERS = [
  "state_dict",
  "model_state_dict",
  "model",
  "module",
  "weights",
];

/** The table itself, the one that a trainer wrapped, or a list by its indices. */
function stateDict(
  source: ByteSource,
  pickled: Pickled,
): Map<Pickled, Pickled> {
  if (pickled instanceof Map) {
    for (const name of WRAPPERS) {
      const inner = pickled.get(name);
      if (inner instanceof Map) return stateDict(source, inner);
    }
    return pickled;
  }
  if (Array.isArray(pickled)) {
    return new Map(pickled.map((value, i) => [String(i), value]));
  }
  throw corruptPth(source, "its table is not a dict or a list");
}

function openTensor(
  source: ByteSource,
  name: string,
  { storage, offset, shape, stride }: PickledTensor,
  entry: ZipEntry | undefined,
): StoredTensor {
  const type = STORAGE_TYPES[storage.type];
  if (type === undefined) {
    throw new ModelError(
      "ERR_MODEL_UNSUPPORTED",
      `Cannot read tensor ${name} of ${source.name}: it is a ` +
        `${storage.type}, and F32, F16 and BF16 are supported`,
    );
  }
  const size = volume(shape);
  const end = offset +
    shape.reduce((sum, n, i) => sum + (n - 1) * stride[i], 1);
  // A view never has more values than it looks at: no stride of 0 makes a
  // small file look like a huge tensor.
  if (
    entry === undefined || entry.size !== storage.length * BYTES_PER_VALUE[type]
  ) {
    throw corruptPth(
      source,
      `storage ${storage.key} of tensor ${name} is not ${storage.length} ` +
        `values of ${type}`,
    );
  }
  if (size > storage.length || (size > 0 && end > storage.length)) {
    throw corruptPth(source, `tensor ${name} is larger than its storage`);
  }
  const at = entry.offset + offset * BYTES_PER_VALUE[type];
  if (isContiguous(shape, stride)) {
    return plainTensor(source, { name, type, shape, offset: at });
  }
  const span = [end - offset];
  const whole = plainTensor(source, { name, type, shape: span, offset: at });
  return {
    name,
    type,
    shape,
    async values(from, to): Promise<Float32Array<ArrayBuffer>> {
      return gather(await whole.values(0, span[0]), shape, stride, [from, to]);
    },
  };
}

function isContiguous(
  shape: readonly number[],
  stride: readonly number[],
): boolean {
  let expected = 1;
  return shape.toReversed().every((size, i) => {
    const fits = size === 1 || stride.at(-1 - i) === expected;
    expected *= size;
    return fits;
  });
}

/** Values of a strided view in row-major order. */
function gather(
  values: Float32Array,
  shape: readonly number[],
  stride: readonly number[],
  [from, to]: [from: number, to: number],
): Float32Array<ArrayBuffer> {
  return new Float32Array(to - from).map((_, i) => {
    let rest = from + i, at = 0;
    for (let d = shape.length - 1; d >= 0; d--) {
      at += (rest % shape[d]) * stride[d];
      rest = Math.floor(rest / shape[d]);
    }
    return values[at];
  });
}

function tensorName(value: Pickled): string {
  return typeof value === "string" ? value : typeof value;
}

function corruptPth({ name }: ByteSource, found: string): ModelError {
  return new ModelError("ERR_MODEL_CORRUPT", `Cannot read ${name}: ${found}`);
}
