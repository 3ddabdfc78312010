/**
 * The forward pass over the rows of a step, as one of several threads.
 *
 * Formula: x = LN(emb[token]); in each layer x += time mixing of LN(x), then
 * x += V relu(K u)² with u the shifted LN(x); logits = head LN(x). With DeepEmbed
 * (deep.ts) V takes that times a gate.
 *
 * Idea: a pass is a list of phases; within one, threads claim panels or heads, or
 * split channels, and write only what is theirs; between two, all meet at the
 * barrier. Seven meetings a layer, eight with DeepEmbed.
 *
 * It stays one file because the phases hand buffers on to each other, and only
 * their order, read from top to bottom, shows that no barrier is missing.
 *
 * Source: RWKV-7, arXiv:2503.14456.
 * Oracle: goldens and test/oracle/rwkv7.ts, test/device/wasm_test.ts.
 */

import { activationBytes, quantize, quantizedAt } from "./activation";
import { barrier, claim } from "./barrier";
import { deepDown, deepGate, deepRows } from "./deep";
import { head } from "./head";
import { layerNorm } from "./norm";
import { PANEL } from "./panel";
import { Format, Layer, Matrix, Plan } from "./plan";
import { After, boundary, bytesOf, pieces, product } from "./product";
import { rowBytes, unpackRow } from "./rows";
import { shift } from "./shift";

const EPSILON: f32 = 1e-5;

export function forward(plan: Plan, me: u32): void {
  const D = plan.D, threads = plan.threads;
  const scratch = plan.scratch + me * plan.scratchBytes;
  const from = D / 64 * me / threads * 64;
  const to = D / 64 * (me + 1) / threads * 64;
  const deep = plan.deep > 0;
  embed(plan, me);
  barrier(plan);
  if (deep) {
    deepRows(plan, me, scratch);
    barrier(plan);
  }
  for (let l: u32 = 0; l < plan.L; l++) {
    const layer = changetype<Layer>(plan.layers + l * offsetof<Layer>());
    const state = l * D * 66 * 4;
    const integers = integerInput(layer.receptance);
    shift(
      plan,
      layer.ln1Weight,
      layer.ln1Bias,
      layer.lerps,
      6,
      state,
      integers ? 0b001101 : 0,
      from,
      to,
      scratch,
    );
    barrier(plan);
    inputs(plan, layer, l, me, scratch);
    barrier(plan);
    for (let h = me; h < plan.H; h = claim(plan, plan.H)) {
      head(plan, layer, l, h, scratch);
    }
    barrier(plan);
    residual(plan, layer.output, plan.gated, plan.gatedQ, me, scratch);
    barrier(plan);
    shift(
      plan,
      layer.ln2Weight,
      layer.ln2Bias,
      layer.ffnLerp,
      deep ? 2 : 1,
      state + D * 65 * 4,
      integers ? 1 : 0,
      from,
      to,
      scratch,
    );
    barrier(plan);
    if (deep) {
      deepDown(plan, layer, me, scratch);
      barrier(plan);
      deepGate(plan, layer, l, me, scratch);
    } else expand(plan, layer.ffnKey, me, scratch);
    barrier(plan);
    residual(plan, layer.ffnValue, plan.hidden, plan.hiddenQ, me, scratch);
    barrier(plan);
  }
  logits(plan, me, from, to, scratch);
}

@inline
function integerInput(matrix: u32): bool {
  return changetype<Matrix>(matrix).format >= Format.INT8;
}

/** x = LN0(emb[token]); threads take rows in turn. */
function embed(plan: Plan, me: u32): void {
  const D = plan.D;
  const bytes = rowBytes(plan.embeddingFormat, D);
  for (let m = me; m < plan.rows; m += plan.threads) {
    const token = load<u32>(plan.tokens + m * 4);
    const x = plan.x + m * D * 4;
    unpackRow(plan.embeddingFormat, plan.embedding + token * bytes, D, x);
    layerNorm(x, x, D, 0, D, plan.ln0Weight, plan.ln0Bias, EPSILON);
    if (plan.deep === 0 || plan.embeddingFormat < Format.INT8) continue;
    quantize(
      x,
      quantizedAt(plan.mixedQ, m, D, 0),
      D,
      plan.activationFormat,
    );
  }
}

/** r, k, v and the first LoRA products. */
function inputs(
  plan: Plan,
  layer: Layer,
  index: u32,
  me: u32,
  scratch: usize,
): void {
  let total = bytesOf(changetype<Matrix>(layer.receptance)) * 3;
  total += bytesOf(changetype<Matrix>(layer.w1));
  total += bytesOf(changetype<Matrix>(layer.a1));
  total += bytesOf(changetype<Matrix>(layer.g1));
  if (index > 0) total += bytesOf(changetype<Matrix>(layer.v1));
  const n = pieces(plan, total, plan.rows);
  for (let i = me; i < n; i = claim(plan, n)) {
    let at: u64 = 0;
    at = part(plan, layer.receptance, 0, plan.r, at, total, i, n, 0, scratch);
    at = part(plan, layer.key, 2, plan.k, at, total, i, n, 0, scratch);
    at = part(plan, layer.value, 3, plan.v, at, total, i, n, 0, scratch);
    const tanh = After.TANH, sigmoid = After.SIGMOID;
    at = part(plan, layer.w1, 1, plan.lowW, at, total, i, n, tanh, scratch);
    at = part(plan, layer.a1, 4, plan.lowA, at, total, i, n, 0, scratch);
    at = part(plan, layer.g1, 5, plan.lowG, at, total, i, n, sigmoid, scratch);
    if (index === 0) continue;
    part(plan, layer.v1, 3, plan.lowV, at, total, i, n, 0, scratch);
  }
}

/** A piece's panels of one of these products; returns where the next begins. */
function part(
  plan: Plan,
  pointer: u32,
  lerp: u32,
  y: usize,
  start: u64,
  total: u64,
  piece: u32,
  pieces: u32,
  after: u32,
  scratch: usize,
): u64 {
  const matrix = changetype<Matrix>(pointer);
  const row = plan.chunk * lerp;
  product(
    matrix,
    boundary(matrix, start, total, piece, pieces, 1),
    boundary(matrix, start, total, piece + 1, pieces, 1),
    plan.mixed + row * plan.D * 4,
    plan.mixedQ + row * activationBytes(plan.D),
    plan.rows,
    y,
    matrix.rows,
    after,
    scratch,
  );
  return start + bytesOf(matrix);
}

/** x += input Wᵀ. */
function residual(
  plan: Plan,
  pointer: u32,
  input: usize,
  inputQ: usize,
  me: u32,
  scratch: usize,
): void {
  const matrix = changetype<Matrix>(pointer);
  const total = bytesOf(matrix), n = pieces(plan, total, plan.rows);
  const rows = plan.rows, D = plan.D;
  for (let piece = me; piece < n; piece = claim(plan, n)) {
    const from = boundary(matrix, 0, total, piece, n, 1);
    const to = boundary(matrix, 0, total, piece + 1, n, 1);
    product(matrix, from, to, input, inputQ, rows, plan.update, D, 0, scratch);
    const first = from * PANEL * 4, bytes = (to - from) * PANEL * 4;
    for (let m: u32 = 0; m < rows; m++) {
      const row = m * D * 4 + first;
      for (let i: usize = row; i < row + bytes; i += 16) {
        v128.store(
          plan.x + i,
          f32x4.add(v128.load(plan.x + i), v128.load(plan.update + i)),
        );
      }
    }
  }
}

/** The hidden layer of channel mixing, in groups of 64 outputs. */
function expand(plan: Plan, pointer: u32, me: u32, scratch: usize): void {
  const matrix = changetype<Matrix>(pointer);
  const total = bytesOf(matrix), n = pieces(plan, total, plan.rows);
  const rows = plan.rows, F = matrix.rows;
  for (let piece = me; piece < n; piece = claim(plan, n)) {
    const from = boundary(matrix, 0, total, piece, n, 4);
    const to = boundary(matrix, 0, total, piece + 1, n, 4);
    product(
      matrix,
      from,
      to,
      plan.mixed,
      plan.mixedQ,
      rows,
      plan.hidden,
      F,
      After.SQUARED_RELU,
      scratch,
    );
    if (plan.hiddenQ === 0) continue;
    const first = from * PANEL, columns = (to - from) * PANEL;
    for (let m: u32 = 0; m < rows; m++) {
      quantize(
        plan.hidden + (m * F + first) * 4,
        quantizedAt(plan.hiddenQ, m, F, first),
        columns,
        plan.activationFormat,
      );
    }
  }
}

/** The last norm and the head, for the rows that want logits. */
function logits(
  plan: Plan,
  me: u32,
  from: u32,
  to: u32,
  scratch: usize,
): void {
  const wanted = plan.wanted, D = plan.D;
  if (wanted === 0) return;
  const matrix = changetype<Matrix>(plan.head);
  for (let i: u32 = 0; i < wanted; i++) {
    const x = plan.x + load<u32>(plan.wantedList + i * 4) * D * 4;
    const out = plan.mixed + i * D * 4;
    layerNorm(x, out, D, from, to, plan.lnOutWeight, plan.lnOutBias, EPSILON);
    if (integerInput(plan.head)) {
      quantize(
        out + from * 4,
        quantizedAt(plan.mixedQ, i, D, from),
        to - from,
        plan.activationFormat,
      );
    }
  }
  barrier(plan);
  const total = bytesOf(matrix), n = pieces(plan, total, wanted);
  for (let piece = me; piece < n; piece = claim(plan, n)) {
    product(
      matrix,
      boundary(matrix, 0, total, piece, n, 1),
      boundary(matrix, 0, total, piece + 1, n, 1),
      plan.mixed,
      plan.mixedQ,
      wanted,
      plan.logits,
      plan.V,
      0,
      scratch,
    );
  }
}
