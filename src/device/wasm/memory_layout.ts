/**
 * Where everything lies in the shared memory: weights, states, scratch, and the
 * structs of wasm/plan.ts that say so to the kernels.
 *
 * @module
 */

import type { Sizes } from "../../model/checkpoint.ts";
import { N, stateLength } from "../../model/shape.ts";
import type { MemoryOptions } from "../device.ts";
import { Arena, type TensorPlace } from "./memory_arena.ts";
import {
  activationBytes,
  PANEL,
  PRODUCT_SCRATCH,
  QUAD,
  roundUp,
} from "./wasm_matrix.ts";
import { loraFormat, MATRIX_FORMATS, matrixFormat } from "../matrix_format.ts";
import { LAYER_FIELDS, PLAN_FIELDS, words } from "./plan_structs.ts";

/** What 32-bit addresses reach. */
export const WASM_BYTES: number = 2 ** 32;

/** Rows that a pass writes, a row for each token. */
export interface RowBuffer {
  /** First byte of row 0. */
  readonly at: number;
  /** Bytes of a row; the next one follows. */
  readonly rowBytes: number;
}

/** A model's memory. */
export interface MemoryLayout {
  /** Bytes of all of it. */
  readonly bytes: number;
  /** Bytes of weights. */
  readonly weightBytes: number;
  /** Where the plan is. */
  readonly plan: number;
  /** Where each canonical tensor goes. */
  readonly places: ReadonlyMap<string, TensorPlace>;
  /** Words to write before anything runs, by offset. */
  readonly words: ReadonlyMap<number, Uint32Array>;
  /** Lane 0's state, and bytes from one lane to the next. */
  readonly states: number;
  /** Bytes of a lane's state. */
  readonly stateBytes: number;
  /** Where each state lies, in canonical order, that waits for a lane to take it. */
  readonly staged: readonly number[];
  /** Threads that have scratch. */
  readonly threads: number;
  /** Threads in use, as thread 0 tells the host: for a token, for a prompt. u32. */
  readonly inUse: number;
  /** Thread 0's scratch, and bytes from one thread to the next. */
  readonly scratch: number;
  /** Bytes of a thread's scratch. */
  readonly scratchBytes: number;
  /** Bytes of f32 values that a thread can be handed to pack. */
  readonly stagingBytes: number;
  /** What a pass writes of a thread's scratch: `fixed + rows · rowBytes`. */
  readonly passScratch: { readonly fixed: number; readonly rowBytes: number };
  /** Most rows of a pass. */
  readonly chunk: number;
  /** What a pass writes by rows, in quads of them, logits apart. */
  readonly rowBuffers: readonly RowBuffer[];
  /** Token of each row, u32. From here on nothing outlives a pass or a command. */
  readonly tokens: number;
  /** Lane, first row and rows of each segment, u32. */
  readonly segments: number;
  /** Rows whose logits are wanted, u32. */
  readonly wanted: number;
  /** Logits `[wanted, V]`, f32, rows `logitsStride` values apart. */
  readonly logits: number;
  /** V with padding. */
  readonly logitsStride: number;
}

/** States that wait for their lanes at once: turns that begin together. */
const STAGED = 2;

/** f32 values packed at a time. */
const STAGING = 1 << 20;

/** A head's row in the scratch of a thread, and what lies before the rows. */
const HEAD_ROW = 2048, HEAD_START = 256 + PRODUCT_SCRATCH;

/** Lays out a model. */
export function layout(
  { shape, stored, small: lora = stored }: Sizes,
  { lanes, quantization }: MemoryOptions,
  threads: number,
  most: number,
): MemoryLayout {
  const { L, D, H, V, ranks, deep = 0 } = shape;
  const F = roundUp(shape.F, N);
  const integers = quantization !== "none";
  const chunk = roundUp(most, QUAD);
  const arena = new Arena(shape);
  const large = matrixFormat(stored, quantization);
  const small = loraFormat(lora, quantization);

  const plan = arena.take(PLAN_FIELDS.length * 4);
  const barrier = arena.take((4 + threads) * 64);
  const inUse = arena.take(2 * 4);
  const layers = arena.take(L * LAYER_FIELDS.length * 4);
  const weights = arena.end;
  const embedding = arena.rows("emb.weight", large);
  const [ln0Weight, ln0Bias] = norm("blocks.0.ln0");
  for (let l = 0; l < L; l++) {
    arena.put(layers + l * LAYER_FIELDS.length * 4, layer(l));
  }
  const [lnOutWeight, lnOutBias] = norm("ln_out");
  const logitsStride = roundUp(V, PANEL);
  const head = arena.matrix("head.weight", large);
  const weightBytes = arena.end - weights;

  const stateBytes = stateLength(shape) * 4;
  const states = arena.take(lanes * stateBytes);
  const staged = Array.from({ length: STAGED }, () => arena.take(stateBytes));
  const stagingBytes = Math.max(STAGING, PANEL * Math.max(D, F) * 4);
  const turn = 4 * deep * deep;
  // DeepEmbed's gates lie by the rows that fit, not by those that there are.
  const deepScratch = deep > 0
    ? PRODUCT_SCRATCH + chunk * (256 + 4 * roundUp(deep, PANEL)) + turn
    : 0;
  const passScratch = {
    fixed: Math.max(HEAD_START, deepScratch),
    rowBytes: HEAD_ROW,
  };
  const scratchBytes = roundUp(
    Math.max(
      HEAD_START + chunk * HEAD_ROW,
      256 + stagingBytes,
      stateBytes,
      deepScratch,
    ),
    64,
  );
  const rowBuffers: RowBuffer[] = [];
  /** `count` buffers of a row for each token, one behind the other. */
  const rowsOf = (rowBytes: number, count: number) => {
    const first = arena.take(count * chunk * rowBytes);
    for (let i = 0; i < count; i++) {
      rowBuffers.push({ at: first + i * chunk * rowBytes, rowBytes });
    }
    return first;
  };
  const rows = (columns: number, count = 1) => rowsOf(columns * 4, count);
  const rowsQ = (columns: number, count = 1) =>
    integers ? rowsOf(activationBytes(columns), count) : 0;
  const low = (rank: number) => rows(roundUp(rank, PANEL));
  const tokens = rows(1), segments = rows(3), wanted = rows(1);
  const logits = arena.take(chunk * logitsStride * 4);
  const scratch = arena.take(threads * scratchBytes);

  arena.put(
    plan,
    words(PLAN_FIELDS, {
      threads,
      barrier,
      command: 0,
      L,
      D,
      H,
      F,
      V: logitsStride,
      deep,
      embedding,
      embeddingFormat: MATRIX_FORMATS[large],
      ln0Weight,
      ln0Bias,
      layers,
      lnOutWeight,
      lnOutBias,
      head,
      states,
      stateBytes,
      activationFormat: MATRIX_FORMATS[large],
      rows: 0,
      tokens,
      segments: 0,
      segmentList: segments,
      wanted: 0,
      wantedList: wanted,
      x: rows(D),
      mixed: rows(D, 6),
      mixedQ: rowsQ(D, 6),
      r: rows(D),
      k: rows(D),
      v: rows(D),
      vFirst: rows(D),
      lowW: low(ranks.w),
      lowA: low(ranks.a),
      lowV: low(ranks.v),
      lowG: low(ranks.g),
      gated: rows(D),
      gatedQ: rowsQ(D),
      update: rows(D),
      hidden: rows(F),
      hiddenQ: rowsQ(F),
      deepTurned: deep > 0 ? rows(deep * deep, L) : 0,
      deepLow: deep > 0 ? low(deep) : 0,
      logits,
      scratch,
      scratchBytes,
      chunk,
    }),
  );

  return {
    bytes: arena.end,
    weightBytes,
    plan,
    places: arena.places,
    words: arena.words,
    states,
    stateBytes,
    staged,
    threads,
    inUse,
    scratch,
    scratchBytes,
    passScratch,
    stagingBytes,
    chunk: most,
    rowBuffers,
    tokens,
    segments,
    wanted,
    logits,
    logitsStride,
  };

  function norm(name: string): [weight: number, bias: number] {
    return [arena.vectors(`${name}.weight`), arena.vectors(`${name}.bias`)];
  }

  function layer(l: number): Uint32Array {
    const block = `blocks.${l}`, att = `${block}.att`;
    const [ln1Weight, ln1Bias] = norm(`${block}.ln1`);
    const [ln2Weight, ln2Bias] = norm(`${block}.ln2`);
    const [lnXWeight, lnXBias] = norm(`${att}.ln_x`);
    const lora = (name: string) => arena.matrix(`${att}.${name}`, small);
    const square = (name: string) =>
      arena.matrix(`${att}.${name}.weight`, large);
    const residual = l > 0, ffn = `${block}.ffn`;
    const withDeep = (place: () => number) => deep > 0 ? place() : 0;
    // What a phase reads lies together, in the order in which it is read.
    return words(LAYER_FIELDS, {
      ln1Weight,
      ln1Bias,
      ln2Weight,
      ln2Bias,
      lnXWeight,
      lnXBias,
      lerps: arena.vectors(...[..."rwkvag"].map((x) => `${att}.x_${x}`)),
      receptance: square("receptance"),
      key: square("key"),
      value: square("value"),
      w1: lora("w1"),
      a1: lora("a1"),
      g1: lora("g1"),
      v1: residual ? lora("v1") : 0,
      w0: arena.vectors(`${att}.w0`),
      w2: lora("w2"),
      a0: arena.vectors(`${att}.a0`),
      a2: lora("a2"),
      g2: lora("g2"),
      v0: residual ? arena.vectors(`${att}.v0`) : 0,
      v2: residual ? lora("v2") : 0,
      kK: arena.vectors(`${att}.k_k`),
      kA: arena.vectors(`${att}.k_a`),
      rK: arena.vectors(`${att}.r_k`),
      output: square("output"),
      ffnLerp: ffnLerp(ffn),
      ffnKey: arena.matrix(`${ffn}.key.weight`, large, N),
      deepDown: withDeep(() => arena.matrix(`${ffn}.s1`, small)),
      deepUp: withDeep(() => arena.matrix(`${ffn}.s2`, small, N, PANEL)),
      deepBias: withDeep(() => arena.vector(`${ffn}.s0`)),
      ffnValue: arena.matrix(`${ffn}.value.weight`, large, N),
      deepTurn: withDeep(() => arena.matrix(`${ffn}.s_emb_x.weight`, large)),
      deepTable: withDeep(() => arena.rows(`${ffn}.s_emb.weight`, large)),
    });
  }

  /** DeepEmbed reads its input unshifted: a second lerp, of zeros. */
  function ffnLerp(ffn: string): number {
    const at = arena.vectors(`${ffn}.x_k`);
    if (deep > 0) arena.take(D * 4);
    return at;
  }
}
