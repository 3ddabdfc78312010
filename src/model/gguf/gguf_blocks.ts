/**
 * GGUF's block types as f32. A block is some integers and the scales that they
 * share. Layouts are those of ggml's `ggml-common.h`, all little-endian: `d` and
 * `m` are f16, `q` an integer of as many bits as the type's name says, `s` and `t`
 * scales of a part of the block.
 *
 * @module
 */

import { halfAt } from "../../text/half.ts";

/** How values are packed. */
export interface BlockType {
  /** In ggml's words. */
  readonly name: string;
  /** Values in a block. */
  readonly values: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /** Unpacks the block at byte `at` of `view` into `out` from index `to`. */
  readonly unpack: Unpack;
}

/** Unpacks a block into values. */
export type Unpack = (
  view: DataView,
  at: number,
  out: Float32Array,
  to: number,
) => void;

/** Types that are read, by GGUF's number. */
export const BLOCK_TYPES: ReadonlyMap<number, BlockType> = new Map([
  [
    0,
    blockType("F32", 1, 4, oneValue((view, at) => view.getFloat32(at, true))),
  ],
  [1, blockType("F16", 1, 2, oneValue((view, at) => halfAt(view, at)))],
  [
    2,
    blockType("Q4_0", 32, 18, nibbleHalves({ fifth: false, minimum: false })),
  ],
  [3, blockType("Q4_1", 32, 20, nibbleHalves({ fifth: false, minimum: true }))],
  [6, blockType("Q5_0", 32, 22, nibbleHalves({ fifth: true, minimum: false }))],
  [7, blockType("Q5_1", 32, 24, nibbleHalves({ fifth: true, minimum: true }))],
  [8, blockType("Q8_0", 32, 34, bytes8)],
  [12, blockType("Q4_K", 256, 144, superblock({ fifth: false }))],
  [13, blockType("Q5_K", 256, 176, superblock({ fifth: true }))],
  [14, blockType("Q6_K", 256, 210, superblock6)],
  [15, blockType("Q8_K", 256, 292, superblock8)],
  [
    30,
    blockType(
      "BF16",
      1,
      2,
      oneValue((view, at) => brain(view.getUint16(at, true))),
    ),
  ],
]);

function blockType(
  name: string,
  values: number,
  bytes: number,
  unpack: Unpack,
): BlockType {
  return { name, values, bytes, unpack };
}

function oneValue(read: (view: DataView, at: number) => number): Unpack {
  return (view, at, out, to) => {
    out[to] = read(view, at);
  };
}

const BRAIN = new DataView(new ArrayBuffer(4));

function brain(bits: number): number {
  BRAIN.setUint16(0, bits);
  return BRAIN.getFloat32(0);
}

/**
 * Q4_0 `d (q − 8)`, Q4_1 `d q + m`, Q5_0 `d (q − 16)`, Q5_1 `d q + m`. The low
 * nibbles are the first 16 values, the high ones the last; fifth bits are one u32.
 */
function nibbleHalves(
  { fifth, minimum }: { fifth: boolean; minimum: boolean },
): Unpack {
  const middle = fifth ? 16 : 8;
  const header = minimum ? 4 : 2, nibbles = header + (fifth ? 4 : 0);
  return (view, at, out, to) => {
    const d = halfAt(view, at);
    const m = minimum ? halfAt(view, at + 2) : -middle * d;
    const bits = fifth ? view.getUint32(at + header, true) : 0;
    for (let j = 0; j < 16; j++) {
      const pair = view.getUint8(at + nibbles + j);
      const low = (pair & 15) | ((bits >>> j) & 1) << 4;
      const high = (pair >>> 4) | ((bits >>> (j + 16)) & 1) << 4;
      out[to + j] = d * low + m;
      out[to + j + 16] = d * high + m;
    }
  };
}

/** Q8_0: `d q`. */
function bytes8(
  view: DataView,
  at: number,
  out: Float32Array,
  to: number,
): void {
  const d = halfAt(view, at);
  for (let j = 0; j < 32; j++) out[to + j] = d * view.getInt8(at + 2 + j);
}

/**
 * Q4_K, Q5_K: `d s q − m t`, `s` and `t` of six bits for each 32 values. Then
 * come fifth bits, bit `p` of 32 bytes for part `p`, and nibbles, where the low
 * ones of 32 bytes are one part and the high ones the next.
 */
function superblock({ fifth }: { fifth: boolean }): Unpack {
  const bits = 16, nibbles = fifth ? 48 : 16;
  return (view, at, out, to) => {
    const d = halfAt(view, at), m = halfAt(view, at + 2);
    for (let part = 0; part < 8; part++) {
      const [s, t] = sixBits(view, at + 4, part);
      const scale = d * s, minimum = m * t;
      const from = at + nibbles + 32 * (part >>> 1), shift = 4 * (part & 1);
      for (let j = 0; j < 32; j++) {
        let q = (view.getUint8(from + j) >>> shift) & 15;
        if (fifth) q |= ((view.getUint8(at + bits + j) >>> part) & 1) << 4;
        out[to + 32 * part + j] = scale * q - minimum;
      }
    }
  };
}

/**
 * The scales of part `j`. Of twelve bytes the first four are six bits of `s₀…₃`,
 * the next four of `t₀…₃`; the last four are nibbles of `s₄…₇` and `t₄…₇`, whose
 * upper two bits are those that the first eight bytes have left.
 */
function sixBits(view: DataView, at: number, j: number): [number, number] {
  const byte = (i: number) => view.getUint8(at + i);
  if (j < 4) return [byte(j) & 63, byte(j + 4) & 63];
  return [
    (byte(j + 4) & 15) | (byte(j - 4) >>> 6) << 4,
    (byte(j + 4) >>> 4) | (byte(j) >>> 6) << 4,
  ];
}

/**
 * Q6_K: `d s (q − 32)`, `s` an i8 for each 16 values, `d` last. In each half of
 * the block, 64 bytes of nibbles make four runs of 32 values, and 32 bytes hold
 * the upper two bits of each run.
 */
function superblock6(
  view: DataView,
  at: number,
  out: Float32Array,
  to: number,
): void {
  const d = halfAt(view, at + 208);
  for (let half = 0; half < 2; half++) {
    for (let run = 0; run < 4; run++) {
      for (let j = 0; j < 32; j++) {
        const nibble = view.getUint8(at + 64 * half + 32 * (run & 1) + j);
        const low = run < 2 ? nibble & 15 : nibble >>> 4;
        const upper = view.getUint8(at + 128 + 32 * half + j) >>> (2 * run);
        const i = 128 * half + 32 * run + j;
        const s = view.getInt8(at + 192 + (i >>> 4));
        out[to + i] = d * s * ((low | (upper & 3) << 4) - 32);
      }
    }
  }
}

/** Q8_K: `d q`, `d` an f32; sums of 16 values follow and are not needed. */
function superblock8(
  view: DataView,
  at: number,
  out: Float32Array,
  to: number,
): void {
  const d = view.getFloat32(at, true);
  for (let j = 0; j < 256; j++) out[to + j] = d * view.getInt8(at + 4 + j);
}
