/**
 * Writes models as llama.cpp's converter does.
 *
 * @module
 */

import { narrow } from "./random_model.ts";
import { type StoredTensor, volume } from "../../../src/model/stored_tensor.ts";
import { toQ4K, toQ8 } from "./gguf_blocks.ts";
import { Writer } from "./write_pth.ts";

/** A value of a key: its type's number, then the value. */
export type Key = readonly [
  type: number,
  value: number | boolean | string | readonly (number | string)[],
  items?: number,
];

/** A tensor of a file. */
export interface GgufTensor {
  /** Its name. */
  readonly name: string;
  /** Slowest dimension first; the file has it the other way round. */
  readonly shape: readonly number[];
  /** GGUF's number of its type. */
  readonly type: number;
  /** Its blocks. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Types that models are written in here. */
export const GGUF_TYPES = { F32: 0, F16: 1, Q8_0: 8, Q4_K: 12, BF16: 30 };

const U32 = 4, F32 = 6, TEXT = 8, LIST = 9, I32 = 5;

/** Writes a GGUF file. */
export function writeGguf(
  keys: Readonly<Record<string, Key>>,
  tensors: readonly GgufTensor[],
  version = 3,
): Uint8Array<ArrayBuffer> {
  const sized = tensors.map((tensor) => ({
    ...tensor,
    bytes: tensor.data.length,
  }));
  const out = new Writer().add(ggufHead(keys, sized, version));
  for (const { data } of tensors) {
    out.add(data).add(new Uint8Array(-data.length & 31));
  }
  return out.bytes();
}

/** What stands before the data of tensors of so many bytes. */
export function ggufHead(
  keys: Readonly<Record<string, Key>>,
  tensors: readonly (Omit<GgufTensor, "data"> & { readonly bytes: number })[],
  version = 3,
): Uint8Array<ArrayBuffer> {
  const out = new Writer().add("GGUF").numbers(4, version)
    .numbers(8, tensors.length, Object.keys(keys).length);
  const text = (value: string) => {
    const bytes = new TextEncoder().encode(value);
    out.numbers(8, bytes.length).add(bytes);
  };
  const item = (type: number, value: Key[1]) => {
    if (typeof value === "string") text(value);
    else if (type === F32) {
      out.add(narrow(Float32Array.of(Number(value)), "F32"));
    } else if (type === 7) out.numbers(1, Number(value));
    else if (type === 10) out.numbers(8, Number(value));
    else out.numbers(4, Number(value));
  };
  for (const [key, [type, value, items = TEXT]] of Object.entries(keys)) {
    text(key);
    out.numbers(4, type);
    if (Array.isArray(value)) {
      out.numbers(4, items).numbers(8, value.length);
      value.forEach((one) => item(items, one));
    } else item(type, value);
  }
  let end = 0;
  for (const { name, shape, type, bytes } of tensors) {
    text(name);
    out.numbers(4, shape.length).numbers(8, ...shape.toReversed())
      .numbers(4, type).numbers(8, end);
    end = Math.ceil((end + bytes) / 32) * 32;
  }
  return out.add(new Uint8Array(-out.length & 31)).bytes();
}

/** Matrices that quantised files quantise. */
const LARGE =
  /^(emb|head)\.weight$|att\.(receptance|key|value|output)\.weight$|ffn\.(key|value)\.weight$/;

const RENAMED: readonly (readonly [RegExp, string])[] = [
  [/^emb\.weight$/, "token_embd.weight"],
  [/^head\.weight$/, "output.weight"],
  [/^blocks\.0\.ln0\./, "token_embd_norm."],
  [/^ln_out\./, "output_norm."],
  [/^blocks\.(\d+)\.ln1\./, "blk.$1.attn_norm."],
  [/^blocks\.(\d+)\.ln2\./, "blk.$1.attn_norm_2."],
  [/^blocks\.(\d+)\.att\.ln_x\./, "blk.$1.time_mix_ln."],
  [/^blocks\.(\d+)\.att\.(\w+)\.weight$/, "blk.$1.time_mix_$2.weight"],
  [/^blocks\.(\d+)\.att\.(\w+)$/, "blk.$1.time_mix_$2.weight"],
  [/^blocks\.(\d+)\.ffn\.x_k$/, "blk.$1.channel_mix_lerp_k.weight"],
  [/^blocks\.(\d+)\.ffn\./, "blk.$1.channel_mix_"],
];

/** Tensors of an official file under llama.cpp's names and in its shapes. */
export async function llamaTensors(
  tensors: readonly StoredTensor[],
  type: keyof typeof GGUF_TYPES,
): Promise<GgufTensor[]> {
  const all = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const written: GgufTensor[] = [];
  const valuesOf = async (name: string) => {
    const tensor = all.get(name);
    if (tensor === undefined) throw new Error(`Cannot find ${name}`);
    return await tensor.values(0, volume(tensor.shape));
  };
  for (const { name, shape } of tensors) {
    const [, block, part] = /^blocks\.(\d+)\.att\.(x_[rwkvag]|v[012])$/
      .exec(name) ?? [];
    // llama.cpp wants something there: its converter copies a's.
    const source = block === "0" && part?.startsWith("v")
      ? name.replace(".v", ".a")
      : name;
    if (part?.startsWith("x_")) {
      if (part !== "x_r") continue;
      const rows = await Promise.all(
        Array.from("rwkvag", (x) => valuesOf(`blocks.${block}.att.x_${x}`)),
      );
      written.push(plain(
        `blk.${block}.time_mix_lerp_fused.weight`,
        [6, 1, 1, rows[0].length],
        Float32Array.from(rows.flatMap((row) => [...row])),
      ));
      continue;
    }
    const values = await valuesOf(source);
    const rule = RENAMED.find(([pattern]) => pattern.test(name));
    const to = rule ? name.replace(...rule) : name;
    if (/att\.[wavg][12]$/.test(name)) {
      const [rows, columns] = all.get(source)?.shape ?? shape;
      const turned = values.map((_, i) =>
        values[(i % rows) * columns + Math.floor(i / rows)]
      );
      written.push(plain(to, [columns, rows], turned));
    } else if (LARGE.test(name)) {
      const data = pack(values, type);
      written.push({ name: to, shape, type: GGUF_TYPES[type], data });
    } else written.push(plain(to, [values.length], values));
  }
  return written;
}

function plain(
  name: string,
  shape: readonly number[],
  values: Float32Array<ArrayBuffer>,
): GgufTensor {
  return { name, shape, type: GGUF_TYPES.F32, data: narrow(values, "F32") };
}

function pack(
  values: Float32Array<ArrayBuffer>,
  type: keyof typeof GGUF_TYPES,
): Uint8Array<ArrayBuffer> {
  if (type !== "Q8_0" && type !== "Q4_K") return narrow(values, type);
  const [size, toBlock] = type === "Q8_0" ? [32, toQ8] : [256, toQ4K];
  const out = new Writer();
  for (let at = 0; at < values.length; at += size) {
    out.add(toBlock(values.subarray(at, at + size)));
  }
  return out.bytes();
}

/** The keys of a model of `V` tokens: the end, all bytes, made-up tokens, pads. */
export function llamaKeys(V: number, pads = 2): Record<string, Key> {
  const tokens = Array.from({ length: V }, (_, id) => {
    if (id === 0) return "<s>";
    if (id >= V - pads) return `[PAD${id}]`;
    return id <= 256 ? escape(id - 1) : `tok\\x00${id}`;
  });
  const types = tokens.map((_, id) => id === 0 ? 3 : id >= V - pads ? 5 : 1);
  return {
    "general.architecture": [TEXT, "rwkv7"],
    "general.file_type": [U32, 0],
    "rwkv7.wkv.head_size": [U32, 64],
    "rwkv7.attention.layer_norm_epsilon": [F32, 1e-5],
    "tokenizer.ggml.model": [TEXT, "rwkv"],
    "tokenizer.ggml.tokens": [LIST, tokens, TEXT],
    "tokenizer.ggml.token_type": [LIST, types, I32],
  };
}

/** A byte as Python writes it. */
function escape(byte: number): string {
  const named: Record<number, string> = {
    9: "\\t",
    10: "\\n",
    13: "\\r",
    39: "\\'",
    92: "\\\\",
  };
  if (named[byte] !== undefined) return named[byte];
  if (byte >= 32 && byte < 127) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** The same vocabulary as a World file. */
export function worldLines(V: number, pads = 2): string {
  const lines = Array.from({ length: V - pads - 1 }, (_, i) => {
    const id = i + 1;
    if (id > 256) return `${id} 'tok\\x00${id}' ${4 + String(id).length}`;
    return `${id} b'${escape(i)}' 1`;
  });
  return lines.join("\n");
}
