/**
 * The kernels as JavaScript sees them. Pointers are byte offsets into the memory
 * they were joined to.
 *
 * @module
 */

/** What the compiled module exports. */
export interface WasmKernels extends WebAssembly.Exports {
  /** Runs the pass that the plan describes, as thread 0. */
  pass(plan: number): void;
  /** Takes part in the passes that another thread is called to, until `leave`. */
  serve(plan: number, thread: number): void;
  /** Lets the others of so many threads return from `serve`. */
  leave(plan: number, threads: number): void;
  /** Packs f32 rows into panels. */
  pack(
    format: number,
    source: number,
    rows: number,
    width: number,
    columns: number,
    target: number,
    work: number,
  ): void;
  /** Packs f32 rows that are read one at a time. */
  packRows(
    format: number,
    source: number,
    rows: number,
    columns: number,
    target: number,
  ): void;
  /** Turns a state between canonical order and the kernels' order. */
  convertState(plan: number, from: number, to: number): void;
  /** Widens a packed row. */
  unpackRow(
    format: number,
    source: number,
    columns: number,
    target: number,
  ): void;
  /** `Y = X Wᵀ`, as the passes do it. */
  multiply(
    matrix: number,
    x: number,
    xQ: number,
    rows: number,
    y: number,
    scratch: number,
  ): void;
  /** Has products made of pairs (1) or not (0), which is a matter of speed alone. */
  choosePairs(on: number): void;
  /** exp (0), sigmoid (1) or tanh (2) of `n` values. */
  exponential(which: number, x: number, y: number, n: number): void;
  /** Layer norm of values `[from, to)` of a row of `n`. */
  layerNorm(
    x: number,
    y: number,
    n: number,
    from: number,
    to: number,
    weight: number,
    bias: number,
    epsilon: number,
  ): void;
  /** The recurrence of one head. */
  wkv(S: number, row: number, rows: number, sa: number): void;
  /** Bytes of the plan (0), of a layer (1), of a matrix (2). */
  structBytes(which: number): number;
}

/** Joins the kernels to a shared memory. */
export function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): WasmKernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as WasmKernels;
}
