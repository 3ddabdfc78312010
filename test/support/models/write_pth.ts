/**
 * Writes files as `torch.save` does: a ZIP without compression whose local
 * headers leave the sizes out, and a pickle of protocol 2.
 *
 * @module
 */

import { narrow } from "./random_model.ts";
import type { StoredType } from "../../../src/model/checkpoint.ts";
import { type StoredTensor, volume } from "../../../src/model/stored_tensor.ts";

/** Writes bytes one after another. */
export class Writer {
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Adds bytes, or text as UTF-8. */
  add(part: Uint8Array<ArrayBuffer> | string): this {
    const bytes = typeof part === "string"
      ? new TextEncoder().encode(part)
      : part;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  /** Adds little-endian numbers of so many bytes each. */
  numbers(size: 1 | 2 | 4 | 8, ...values: number[]): this {
    const view = new DataView(new ArrayBuffer(size * values.length));
    values.forEach((value, i) => {
      if (size === 8) view.setBigUint64(8 * i, BigInt(value), true);
      else if (size === 4) view.setUint32(4 * i, value, true);
      else if (size === 2) view.setUint16(2 * i, value, true);
      else view.setUint8(i, value);
    });
    return this.add(new Uint8Array(view.buffer));
  }

  /** All of it. */
  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** A file in an archive. */
export type Entry = readonly [name: string, data: Uint8Array<ArrayBuffer>];

/** Writes a ZIP; with `large`, as if it were too large for 32 bits. */
export function writeZip(
  entries: readonly Entry[],
  { large = false, method = 0 }: { large?: boolean; method?: number } = {},
): Uint8Array<ArrayBuffer> {
  const file = new Writer(), directory = new Writer();
  for (const [name, data] of entries) {
    const offset = file.length;
    const pad = -(offset + 30 + name.length + 4) & 63;
    file.numbers(4, 0x04034b50).numbers(2, 0, 0x808, method, 0, 0)
      .numbers(4, 0, 0, 0).numbers(2, name.length, pad + 4).add(name)
      .add("FB").numbers(2, pad).add(new Uint8Array(pad)).add(data)
      .numbers(4, 0x08074b50, 0, data.length, data.length);
    const extra = new Writer();
    if (large) {
      extra.numbers(2, 1, 24).numbers(8, data.length, data.length, offset);
    }
    const sizes = large ? [-1, -1] : [data.length, data.length];
    directory.numbers(4, 0x02014b50).numbers(2, 0, 0, 0x808, method, 0, 0)
      .numbers(4, 0, ...sizes).numbers(2, name.length, extra.length, 0, 0, 0)
      .numbers(4, 0, large ? -1 : offset).add(name).add(extra.bytes());
  }
  const start = file.length, count = entries.length;
  file.add(directory.bytes());
  if (large) {
    const record = file.length;
    file.numbers(4, 0x06064b50).numbers(8, 44).numbers(2, 45, 45)
      .numbers(4, 0, 0).numbers(8, count, count, directory.length, start)
      .numbers(4, 0x07064b50, 0).numbers(8, record).numbers(4, 1);
  }
  file.numbers(4, 0x06054b50)
    .numbers(2, 0, 0, large ? -1 : count, large ? -1 : count)
    .numbers(4, large ? -1 : directory.length, large ? -1 : start)
    .numbers(2, 0);
  return file.bytes();
}

/** A tensor of a table. */
export interface PickledView {
  /** Its name. */
  readonly name: string;
  /** Class of its storage. */
  readonly storage: string;
  /** Name of the entry. */
  readonly key: string;
  /** Values in the storage. */
  readonly length: number;
  /** First value. */
  readonly offset: number;
  /** Slowest dimension first. */
  readonly shape: readonly number[];
  /** Values between neighbours. */
  readonly stride: readonly number[];
}

/** Pickles a table of tensors, with a memo, as Python's own pickler does. */
export function writePickle(
  views: readonly PickledView[],
  { wrapped = false, parameters = false, protocol = 2, noted = false } = {},
): Uint8Array<ArrayBuffer> {
  const out = new Writer().numbers(1, 0x80, protocol);
  const late = protocol >= 4;
  if (late) out.numbers(1, 0x95).numbers(8, 0);
  const memo = new Map<string, number>();
  let memos = 0;
  const put = () => {
    if (late) {
      memos++;
      out.numbers(1, 0x94);
    } else if (memos < 256) out.numbers(1, 0x71, memos++);
    else out.numbers(1, 0x72).numbers(4, memos++);
  };
  const once = (key: string, write: () => void) => {
    const index = memo.get(key);
    if (index === undefined) {
      write();
      memo.set(key, memos);
      put();
    } else if (index < 256) out.numbers(1, 0x68, index);
    else out.numbers(1, 0x6a).numbers(4, index);
  };
  const text = (value: string) =>
    once(`text ${value}`, () => {
      const { length } = new TextEncoder().encode(value);
      if (late) out.numbers(1, 0x8c, length).add(value);
      else out.numbers(1, 0x58).numbers(4, length).add(value);
    });
  const global = (name: string) =>
    once(name, () => {
      if (!late) return void out.add(`c${name.replace(" ", "\n")}\n`);
      name.split(" ").forEach(text);
      out.numbers(1, 0x93);
    });
  const int = (value: number) => {
    if (value < 256) out.numbers(1, 0x4b, value);
    else if (value < 65536) out.numbers(1, 0x4d).numbers(2, value);
    else if (value < 2 ** 31) out.numbers(1, 0x4a).numbers(4, value);
    else {
      out.numbers(1, 0x8a, 6).numbers(4, value % 2 ** 32)
        .numbers(2, Math.floor(value / 2 ** 32));
    }
  };
  const tuple = (values: readonly number[]) => {
    if (values.length === 0) return out.add(")");
    if (values.length > 3) out.add("(");
    values.forEach(int);
    if (values.length > 3) out.add("t");
    else out.numbers(1, 0x84 + values.length);
    put();
  };
  const dict = () => {
    global("collections OrderedDict");
    out.add(")R");
    put();
  };
  if (wrapped || noted) {
    out.add("}");
    put();
  }
  if (noted) {
    text("epoch");
    int(3);
    out.add("s");
    text("loss");
    out.numbers(1, 0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0).add("s");
  }
  if (wrapped || noted) text(noted ? "model_state_dict" : "state_dict");
  dict();
  out.add("(");
  for (const view of views) {
    text(view.name);
    if (parameters) {
      global("torch._utils _rebuild_parameter");
      out.add("(");
    }
    global("torch._utils _rebuild_tensor_v2");
    out.add("((");
    text("storage");
    global(`torch ${view.storage}`);
    text(view.key);
    text("cuda:0");
    int(view.length);
    out.add("tQ");
    int(view.offset);
    tuple(view.shape);
    tuple(view.stride);
    out.numbers(1, 0x89);
    dict();
    out.add("tR");
    if (parameters) {
      out.numbers(1, 0x88);
      dict();
      out.add("tR");
    }
  }
  out.add("u");
  // What a module leaves behind: notes that nobody reads.
  out.add("}");
  text("_metadata");
  dict();
  out.add("sb");
  if (wrapped || noted) out.add("s");
  return out.add(".").bytes();
}

const STORAGES = {
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
} as const;

/** Row-major strides of a shape. */
export function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, i) => volume(shape.slice(i + 1)));
}

/**
 * Writes tensors as a `.pth` file.
 *
 * @param options.turned Store matrices whose name matches as views of their
 * transposes, and pair vectors up in storages that they share.
 */
export async function writePth(
  tensors: readonly StoredTensor[],
  type: StoredType,
  {
    turned = false,
    large = false,
    wrapped = false,
    parameters = false,
    protocol = 2,
    noted = false,
  } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const views: PickledView[] = [], data: Entry[] = [];
  const storage = STORAGES[type];
  for (const [i, { name, shape, values }] of tensors.entries()) {
    const length = volume(shape), key = String(i);
    const all = await values(0, length);
    if (turned && shape.length === 2) {
      const [rows, columns] = shape;
      const flipped = all.map((_, i) =>
        all[(i % rows) * columns + Math.floor(i / rows)]
      );
      data.push([`m/data/${key}`, narrow(flipped, type)]);
      views.push({
        name,
        storage,
        key,
        length,
        offset: 0,
        shape,
        stride: [1, rows],
      });
    } else if (turned) {
      const padded = new Float32Array(length + 5);
      padded.set(all, 3);
      data.push([`m/data/${key}`, narrow(padded, type)]);
      const stride = rowMajor(shape);
      views.push({
        name,
        storage,
        key,
        length: length + 5,
        offset: 3,
        shape,
        stride,
      });
    } else {
      data.push([`m/data/${key}`, narrow(all, type)]);
      views.push({
        name,
        storage,
        key,
        length,
        offset: 0,
        shape,
        stride: rowMajor(shape),
      });
    }
  }
  return writeZip([
    [
      "m/data.pkl",
      writePickle(views, { wrapped, parameters, protocol, noted }),
    ],
    ["m/byteorder", new TextEncoder().encode("little")],
    ...data,
    ["m/version", new TextEncoder().encode("3\n")],
  ], { large });
}
