/**
 * What the host lays out in shared memory and every thread reads: pointers and
 * sizes, all u32. The field order is repeated in src/device/wasm/memory_layout.ts, which
 * checks the struct sizes against these when it loads.
 */

/** How a matrix is kept. The numbers are the host's too. */
export namespace Format {
  export const F32: u32 = 0;
  export const F16: u32 = 1;
  export const BF16: u32 = 2;
  export const INT8: u32 = 3;
  export const INT4: u32 = 4;
}

/** A packed matrix `[rows, columns]`; panel.ts describes the bytes. */
@unmanaged
export class Matrix {
  format: u32;
  data: u32;
  /** Bytes of one panel of 16 rows. */
  panelBytes: u32;
  /** Padded to a multiple of 16 with zeros. */
  rows: u32;
  columns: u32;
}

/** The tensors of one layer: vectors are f32, matrices point at a `Matrix`. */
@unmanaged
export class Layer {
  ln1Weight: u32;
  ln1Bias: u32;
  ln2Weight: u32;
  ln2Bias: u32;
  /** `[6, D]`: r, w, k, v, a, g. */
  lerps: u32;
  w0: u32;
  a0: u32;
  v0: u32;
  w1: u32;
  w2: u32;
  a1: u32;
  a2: u32;
  v1: u32;
  v2: u32;
  g1: u32;
  g2: u32;
  kK: u32;
  kA: u32;
  rK: u32;
  receptance: u32;
  key: u32;
  value: u32;
  output: u32;
  lnXWeight: u32;
  lnXBias: u32;
  ffnLerp: u32;
  ffnKey: u32;
  ffnValue: u32;
  /** DeepEmbed: rows `[V, r²]`, kept as `embeddingFormat`. */
  deepTable: u32;
  /** `[r², D]`: what the embedding adds to a row. */
  deepTurn: u32;
  /** s1 `[r, D]`, s2 `[F, r]` and s0 `[F]`. */
  deepDown: u32;
  deepUp: u32;
  deepBias: u32;
}

/** The whole model, its scratch memory, and the pass in hand. */
@unmanaged
export class Plan {
  /** Threads of the pass, which meet at the barrier, and the words of barrier.ts. */
  threads: u32;
  barrier: u32;
  /** 0: run a pass. 1: leave. */
  command: u32;

  L: u32;
  D: u32;
  H: u32;
  F: u32;
  /** Padded to a multiple of 16: the row length of `logits`. */
  V: u32;
  /** Rank r of DeepEmbed, a multiple of 8; 0 where the model has none. */
  deep: u32;

  /** Rows `[V, D]`, kept as `embeddingFormat`. */
  embedding: u32;
  embeddingFormat: u32;
  ln0Weight: u32;
  ln0Bias: u32;
  layers: u32;
  lnOutWeight: u32;
  lnOutBias: u32;
  head: u32;

  /** Lane 0's state, and bytes from one lane to the next. */
  states: u32;
  stateBytes: u32;

  /** Format of the large matrices, which activations are quantised for. */
  activationFormat: u32;

  /** Rows of the pass: a token each. */
  rows: u32;
  tokens: u32;
  /** Runs of rows that belong to one lane: lane, first row, rows. */
  segments: u32;
  segmentList: u32;
  /** Rows whose logits are wanted. */
  wanted: u32;
  wantedList: u32;

  /** Activations `[rows, …]` in f32; `Q` is the same, quantised. */
  x: u32;
  mixed: u32;
  mixedQ: u32;
  r: u32;
  k: u32;
  v: u32;
  vFirst: u32;
  lowW: u32;
  lowA: u32;
  lowV: u32;
  lowG: u32;
  gated: u32;
  gatedQ: u32;
  update: u32;
  hidden: u32;
  hiddenQ: u32;
  /** DeepEmbed: `[L, chunk, r²]`, and `[rows, r]` with r padded to 16. */
  deepTurned: u32;
  deepLow: u32;
  logits: u32;

  /** Scratch of thread 0, and bytes from one thread to the next. */
  scratch: u32;
  scratchBytes: u32;
  /** Rows that fit: the most a pass may have. */
  chunk: u32;
}
