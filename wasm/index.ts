/**
 * What the host calls.
 */

import { quantize, quantizedAt } from "./activation";
import { awaitCall, barrier, call } from "./barrier";
import { forward } from "./forward";
import { PANEL } from "./panel";
import { Format, Layer, Matrix, Plan } from "./plan";
import { product } from "./product";
import { transpose } from "./wkv";

export { exponential } from "./exponential";
export { choosePairs } from "./fused";
export { layerNorm } from "./norm";
export { pack } from "./pack";
export { packRows, unpackRow } from "./rows";
export { wkv } from "./wkv";

const RUN: u32 = 0;

/** All panels of a matrix over f32 rows, which are quantised to `xQ` if need be. */
export function multiply(
  matrix: usize,
  x: usize,
  xQ: usize,
  rows: u32,
  y: usize,
  scratch: usize,
): void {
  const m = changetype<Matrix>(matrix);
  for (let i: u32 = 0; i < rows && m.format >= Format.INT8; i++) {
    const q = quantizedAt(xQ, i, m.columns, 0);
    quantize(x + i * m.columns * 4, q, m.columns, m.format);
  }
  product(m, 0, m.rows / PANEL, x, xQ, rows, y, m.rows, 0, scratch);
}

/** Runs a pass as thread 0, after which the logits are there. */
export function pass(pointer: usize): void {
  const plan = changetype<Plan>(pointer);
  call(plan, plan.threads);
  forward(plan, 0);
  barrier(plan);
}

/** Takes part in the passes that thread `me` is called to, until `leave`. */
export function serve(pointer: usize, me: u32): void {
  const plan = changetype<Plan>(pointer);
  for (let calls: u32 = 0;; calls++) {
    awaitCall(plan, me, calls);
    if (plan.command !== RUN) return;
    forward(plan, me);
    barrier(plan);
  }
}

/** Lets the others of `threads` threads leave `serve`. */
export function leave(pointer: usize, threads: u32): void {
  const plan = changetype<Plan>(pointer);
  plan.command = 1;
  call(plan, threads);
}

/** A lane's state between canonical order and how it lies here, either way. */
export function convertState(
  pointer: usize,
  from: usize,
  to: usize,
): void {
  const plan = changetype<Plan>(pointer);
  const row = plan.D * 4;
  for (let l: u32 = 0; l < plan.L; l++) {
    memory.copy(to, from, row);
    for (let h: u32 = 0; h < plan.H; h++) {
      transpose(from + row + h * 16384, to + row + h * 16384);
    }
    memory.copy(to + row * 65, from + row * 65, row);
    from += row * 66;
    to += row * 66;
  }
}

/** Sizes of the structs, for the host to compare. */
export function structBytes(which: u32): u32 {
  if (which === 0) return <u32>offsetof<Plan>();
  if (which === 1) return <u32>offsetof<Layer>();
  return <u32>offsetof<Matrix>();
}
