/**
 * Packs numbers into ggml's blocks: the way back of `src/model/gguf/gguf_blocks.ts`,
 * written from where each bit goes rather than from where it is read.
 *
 * @module
 */

import { Writer } from "./write_pth.ts";

/** The little-endian bytes of f16 values. */
export function half(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float16Array.from(values).buffer);
}

/** 16 bytes: number `j` is a low nibble, number `j + 16` a high one. */
function nibbles(q: readonly number[]): number[] {
  return Array.from(
    { length: 16 },
    (_, j) => (q[j] & 15) | (q[j + 16] & 15) << 4,
  );
}

function fifthBits(q: readonly number[]): number {
  return q.reduce((bits, value, j) => bits + (value >> 4 & 1) * 2 ** j, 0);
}

/** Q4_0, or Q4_1 where there is an `m`. */
export function packQ4(
  q: readonly number[],
  d: number,
  m?: number,
): Uint8Array<ArrayBuffer> {
  const scales = m === undefined ? half(d) : half(d, m);
  return new Writer().add(scales).numbers(1, ...nibbles(q)).bytes();
}

/** Q5_0, or Q5_1 where there is an `m`. */
export function packQ5(
  q: readonly number[],
  d: number,
  m?: number,
): Uint8Array<ArrayBuffer> {
  const scales = m === undefined ? half(d) : half(d, m);
  return new Writer().add(scales).numbers(4, fifthBits(q))
    .numbers(1, ...nibbles(q)).bytes();
}

/** Q8_0. */
export function packQ8(
  q: readonly number[],
  d: number,
): Uint8Array<ArrayBuffer> {
  return new Writer().add(half(d)).numbers(1, ...q).bytes();
}

/** The scales of a superblock with eight parts. */
export interface Scales {
  /** Of the scales. */
  readonly d: number;
  /** Of the minima. */
  readonly m: number;
  /** Eight, of six bits. */
  readonly s: readonly number[];
  /** Eight, of six bits. */
  readonly t: readonly number[];
}

function twelve(s: readonly number[], t: readonly number[]): number[] {
  const bytes = new Array<number>(12).fill(0);
  for (let j = 0; j < 4; j++) {
    bytes[j] = s[j] | s[j + 4] >> 4 << 6;
    bytes[j + 4] = t[j] | t[j + 4] >> 4 << 6;
    bytes[j + 8] = (s[j + 4] & 15) | (t[j + 4] & 15) << 4;
  }
  return bytes;
}

/** Q4_K, or Q5_K with `fifth`. */
export function packK(
  q: readonly number[],
  { d, m, s, t }: Scales,
  fifth = false,
): Uint8Array<ArrayBuffer> {
  const bits = new Array<number>(32).fill(0);
  const pairs = new Array<number>(128).fill(0);
  q.forEach((value, i) => {
    const part = i >> 5, j = i & 31;
    bits[j] |= (value >> 4 & 1) << part;
    pairs[32 * (part >> 1) + j] |= (value & 15) << 4 * (part & 1);
  });
  const out = new Writer().add(half(d, m)).numbers(1, ...twelve(s, t));
  if (fifth) out.numbers(1, ...bits);
  return out.numbers(1, ...pairs).bytes();
}

/** Q6_K: 256 numbers in [−32, 31], 16 scales of eight bits. */
export function packQ6K(
  q: readonly number[],
  d: number,
  s: readonly number[],
): Uint8Array<ArrayBuffer> {
  const low = new Array<number>(128).fill(0);
  const high = new Array<number>(64).fill(0);
  q.forEach((value, i) => {
    const part = i >> 7, run = i >> 5 & 3, j = i & 31, bits = value + 32;
    low[64 * part + 32 * (run & 1) + j] |= (bits & 15) << 4 * (run >> 1);
    high[32 * part + j] |= bits >> 4 << 2 * run;
  });
  return new Writer().numbers(1, ...low, ...high, ...s).add(half(d)).bytes();
}

/** Q8_K: 256 numbers of eight bits, and sums that nobody needs. */
export function packQ8K(
  q: readonly number[],
  d: number,
): Uint8Array<ArrayBuffer> {
  const scale = new Uint8Array(Float32Array.of(d).buffer);
  return new Writer().add(scale).numbers(1, ...q)
    .add(new Uint8Array(32).fill(0xaa)).bytes();
}

/** Rounds 32 values to Q8_0. */
export function toQ8(values: Float32Array): Uint8Array<ArrayBuffer> {
  const d = Math.f16round(values.reduce(largest, 0) / 127);
  return packQ8(Array.from(values, (x) => clamp(x / d, -127, 127)), d);
}

/** Rounds 256 values to Q4_K: each part reaches from its least to its largest. */
export function toQ4K(values: Float32Array): Uint8Array<ArrayBuffer> {
  const parts = Array.from({ length: 8 }, (_, i) => {
    const part = values.subarray(32 * i, 32 * i + 32);
    const low = -Math.min(0, ...part);
    return { low, step: (Math.max(0, ...part) + low) / 15 };
  });
  const d = Math.f16round(Math.max(...parts.map(({ step }) => step)) / 63);
  const m = Math.f16round(Math.max(...parts.map(({ low }) => low)) / 63);
  const s = parts.map(({ step }) => clamp(step / d, 0, 63));
  const t = parts.map(({ low }) => clamp(low / m, 0, 63));
  const q = Array.from(values, (x, i) => {
    const part = i >> 5;
    return clamp((x + m * t[part]) / (d * s[part]), 0, 15);
  });
  return packK(q, { d, m, s, t });
}

function largest(most: number, value: number): number {
  return Math.max(most, Math.abs(value));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, Math.round(value))) || 0;
}
