/**
 * Random models of any size, the same in every language: value `i` of a tensor is
 * `lo + (hi − lo) u / 2²⁴`, where `u` is the top 24 bits of a 32-bit integer hash
 * of the tensor's name, a seed and `i`. The ranges keep activations in the order
 * of a trained model's. No file is needed, whatever the size.
 *
 * The hash is "lowbias32" (Chris Wellons, hash-prospector); names enter by FNV-1a.
 *
 * @module
 */

import { canonical } from "../../../src/model/canonical_checkpoint.ts";
import type { Checkpoint, StoredType } from "../../../src/model/checkpoint.ts";
import { type LoraRanks, N } from "../../../src/model/shape.ts";
import {
  BYTES_PER_VALUE,
  type StoredTensor,
  volume,
} from "../../../src/model/stored_tensor.ts";

/** Sizes of a random model; `H` is `D / 64` and `F` is `4 D`. */
export interface RandomModel {
  /** Layers. */
  readonly L: number;
  /** Width, a multiple of 64. */
  readonly D: number;
  /** Vocabulary. */
  readonly V: number;
  /** LoRA ranks; by default what released models of this width would have. */
  readonly ranks?: LoraRanks;
  /** Rank of DeepEmbed, as in RWKV-7a; by default there is none. */
  readonly deep?: number;
  /** Type that values are rounded to and files are written in: F32 by default. */
  readonly type?: StoredType;
  /** Another seed is another model: 1 by default. */
  readonly seed?: number;
}

/** Official shapes, and one that is small enough for every machine. */
export const PRESETS = {
  /** 5,502,464 parameters. */
  "5.5M": { L: 6, D: 256, V: 512 },
  /** 191,084,544 parameters with the unused ones. */
  "0.1B": { L: 12, D: 768, V: 65536, ranks: { w: 64, a: 64, v: 32, g: 128 } },
  /** 450,834,432 parameters. */
  "0.4B": { L: 24, D: 1024, V: 65536, ranks: { w: 64, a: 64, v: 32, g: 128 } },
  /** 1,527,668,736 parameters. */
  "1.5B": { L: 24, D: 2048, V: 65536, ranks: { w: 96, a: 96, v: 64, g: 256 } },
} as const satisfies Record<string, RandomModel>;

/** A random model as a checkpoint: each read computes what it returns. */
export function randomCheckpoint(model: RandomModel): Checkpoint {
  const named = randomTensors(model).map((t) => [t.name, t] as const);
  return canonical(new Map(named), "random model");
}

/** A random model's tensors with the names and shapes of an official file. */
export function randomTensors(
  model: RandomModel,
): StoredTensor[] {
  const { L, D, V, ranks = releasedRanks(D), type = "F32", seed = 1 } = model;
  const tensors: StoredTensor[] = [];
  const add = (name: string, shape: number[], value: Value) =>
    tensors.push(randomTensor({ name, shape, type }, seed, value));
  const norm = (name: string, low = 0.9, high = 1.1) => {
    add(`${name}.weight`, [D], between(low, high));
    add(`${name}.bias`, [D], around(0.05));
  };
  add("emb.weight", [V, D], around(0.5));
  for (let l = 0; l < L; l++) {
    const att = `blocks.${l}.att`, ffn = `blocks.${l}.ffn`;
    if (l === 0) norm("blocks.0.ln0");
    norm(`blocks.${l}.ln1`);
    norm(`blocks.${l}.ln2`);
    for (const x of "rwkvag") add(`${att}.x_${x}`, [1, 1, D], between(0, 1));
    const lora = (
      q: keyof LoraRanks,
      [first, second]: [number, number],
      bias?: Value,
    ) => {
      if (bias) add(`${att}.${q}0`, [1, 1, D], bias);
      add(`${att}.${q}1`, [D, ranks[q]], spread(D, first));
      add(`${att}.${q}2`, [ranks[q], D], spread(ranks[q], second));
    };
    lora("w", [0.5, 0.5], (u, i) => {
      return -5.5 + 6 * (i / (D - 1)) ** 1.3 + (u - 0.5);
    });
    lora("a", [0.5, 1], around(1));
    lora("v", [0.5, 1], between(0, 1));
    lora("g", [1, 1.5]);
    add(`${att}.k_k`, [1, 1, D], between(0.7, 1));
    add(`${att}.k_a`, [1, 1, D], between(0.9, 1.1));
    add(`${att}.r_k`, [D / N, N], around(0.2));
    add(`${att}.receptance.weight`, [D, D], spread(D));
    add(`${att}.key.weight`, [D, D], spread(D));
    add(`${att}.value.weight`, [D, D], spread(D));
    add(`${att}.output.weight`, [D, D], spread(D, 0.5));
    const depth = ((1 + l) / L) ** 0.7;
    norm(`${att}.ln_x`, 0.9 * depth, 1.1 * depth);
    add(`${ffn}.x_k`, [1, 1, D], between(0, 1));
    add(`${ffn}.key.weight`, [4 * D, D], spread(D));
    add(`${ffn}.value.weight`, [D, 4 * D], spread(6 * D, 0.5));
    if (model.deep === undefined) continue;
    const r = model.deep;
    add(`${ffn}.s_emb.weight`, [V, r * r], spread(r, 0.7));
    add(`${ffn}.s_emb_x.weight`, [r * r, D], spread(r * D, 0.7));
    add(`${ffn}.s0`, [4 * D], between(0.8, 1.2));
    add(`${ffn}.s1`, [D, r], spread(D));
    add(`${ffn}.s2`, [r, 4 * D], spread(r, 0.5));
  }
  norm("ln_out");
  add("head.weight", [V, D], spread(D, 2.5));
  return tensors;
}

/** A value from a uniform `u` in [0, 1) and its index. */
type Value = (u: number, i: number) => number;

function between(low: number, high: number): Value {
  return (u) => low + (high - low) * u;
}

function around(limit: number): Value {
  return between(-limit, limit);
}

/** Uniform with the standard deviation `gain / √fan`. */
function spread(fan: number, gain = 1): Value {
  return around(gain * Math.sqrt(3 / fan));
}

function releasedRanks(D: number): LoraRanks {
  const rank = (gain: number, power: number) =>
    32 * Math.max(1, Math.round(gain * D ** power / 32));
  const w = rank(1.8, 0.5);
  return { w, a: w, v: rank(1.3, 0.5), g: rank(0.6, 0.8) };
}

function randomTensor(
  { name, shape, type }: { name: string; shape: number[]; type: StoredType },
  seed: number,
  value: Value,
): StoredTensor {
  const base = mix32(fnv1a(name) ^ Math.imul(seed, 0x85ebca6b));
  return {
    name,
    type,
    shape,
    values(from, to): Promise<Float32Array<ArrayBuffer>> {
      const values = new Float32Array(to - from);
      for (let i = from; i < to; i++) {
        const hash = mix32((base + Math.imul(i, 0x9e3779b9)) | 0);
        values[i - from] = value((hash >>> 8) / 2 ** 24, i);
      }
      return Promise.resolve(roundTo(values, type));
    },
  };
}

function mix32(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash;
}

/** Finite f32 values rounded, to even where it is a tie, to a type's precision. */
function roundTo(
  values: Float32Array<ArrayBuffer>,
  type: StoredType,
): Float32Array<ArrayBuffer> {
  if (type === "F16") return new Float32Array(new Float16Array(values));
  if (type === "BF16") {
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < bits.length; i++) {
      bits[i] = (bits[i] + 0x7fff + ((bits[i] >>> 16) & 1)) & 0xffff0000;
    }
  }
  return values;
}

/** Finite f32 values as the little-endian bytes of a type. */
export function narrow(
  values: Float32Array<ArrayBuffer>,
  type: StoredType,
): Uint8Array<ArrayBuffer> {
  if (type === "F32") return new Uint8Array(values.slice().buffer);
  if (type === "F16") return new Uint8Array(new Float16Array(values).buffer);
  // Little-endian: the upper half of each rounded value is its second u16.
  const halves = new Uint16Array(roundTo(values.slice(), type).buffer);
  const upper = new Uint16Array(values.length);
  for (let i = 0; i < upper.length; i++) upper[i] = halves[2 * i + 1];
  return new Uint8Array(upper.buffer);
}

/** Values written at once: 16 MiB of f32. */
const CHUNK = 1 << 22;

/**
 * Tensors as a safetensors file, piece by piece: for `ReadableStream.from` or
 * `new Blob(await Array.fromAsync(…))`.
 */
export async function* safetensors(
  tensors: readonly StoredTensor[],
  type: StoredType,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const { name, shape } of tensors) {
    const from = end;
    end += volume(shape) * BYTES_PER_VALUE[type];
    header[name] = { dtype: type, shape, data_offsets: [from, end] };
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text + " ".repeat(-text.length & 7));
  const length = new BigUint64Array([BigInt(json.length)]);
  yield new Uint8Array(length.buffer);
  yield json;
  for (const { shape, values } of tensors) {
    const count = volume(shape);
    for (let from = 0; from < count; from += CHUNK) {
      yield narrow(await values(from, Math.min(count, from + CHUNK)), type);
    }
  }
}
