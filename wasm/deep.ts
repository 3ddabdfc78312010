/**
 * DeepEmbed, by which a token multiplies the hidden layer of channel mixing.
 *
 * Formula: h ← relu(K k)² ∘ (s0 + s2 (Eᵀ (s1 u))) with u = LN(x) before its token
 * shift and E[r, r] = s_emb[token] + s_emb_x LN0(emb[token]).
 *
 * Idea: what the embedding adds to E is known before the first layer, so one phase
 * makes it for all of them. In a layer, s1 shares the phase of K; then each thread
 * makes Eᵀ (s1 u) of every row for itself, for r² multiplications are less than a
 * meeting, and gates the channels that it claims.
 *
 * Layout: tables [V, r²] in rows.ts's rows; K, s1 and s2 in panels.
 * Source: BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7a_demo.py.
 * Oracle: test/oracle/rwkv7.ts, test/device/wasm/deep_test.ts.
 */

import { quantize, quantizedAt } from "./activation";
import { claim } from "./barrier";
import { madd } from "./fused";
import { PANEL } from "./panel";
import { Layer, Matrix, Plan } from "./plan";
import { After, boundary, bytesOf, pieces, product } from "./product";
import { WIDE } from "./product_float";
import { rowBytes, unpackRow } from "./rows";

/** Bytes of a group of 64 channels. */
const GROUP: usize = 256;

/** s_emb_x LN0(emb[token]) for every row and layer. */
export function deepRows(plan: Plan, me: u32, scratch: usize): void {
  const L = plan.L, square = plan.deep * plan.deep;
  const layers = plan.layers, size = offsetof<Layer>();
  const first = changetype<Matrix>(changetype<Layer>(layers).deepTurn);
  const each = bytesOf(first), total = each * L;
  const n = pieces(plan, total, plan.rows);
  for (let i = me; i < n; i = claim(plan, n)) {
    for (let l: u32 = 0; l < L; l++) {
      const layer = changetype<Layer>(layers + l * size);
      const matrix = changetype<Matrix>(layer.deepTurn);
      product(
        matrix,
        boundary(matrix, each * l, total, i, n, 1),
        boundary(matrix, each * l, total, i + 1, n, 1),
        plan.x,
        plan.mixedQ,
        plan.rows,
        plan.deepTurned + l * plan.chunk * square * 4,
        square,
        After.NOTHING,
        scratch,
      );
    }
  }
}

/** relu(K k)² and s1 u. */
export function deepDown(
  plan: Plan,
  layer: Layer,
  me: u32,
  scratch: usize,
): void {
  const key = changetype<Matrix>(layer.ffnKey);
  const down = changetype<Matrix>(layer.deepDown);
  const start = bytesOf(key), total = start + bytesOf(down);
  const rows = plan.rows, n = pieces(plan, total, rows);
  for (let i = me; i < n; i = claim(plan, n)) {
    product(
      key,
      boundary(key, 0, total, i, n, 1),
      boundary(key, 0, total, i + 1, n, 1),
      plan.mixed,
      plan.mixedQ,
      rows,
      plan.hidden,
      key.rows,
      After.SQUARED_RELU,
      scratch,
    );
    product(
      down,
      boundary(down, start, total, i, n, 1),
      boundary(down, start, total, i + 1, n, 1),
      plan.mixed + plan.chunk * plan.D * 4,
      0,
      rows,
      plan.deepLow,
      down.rows,
      After.NOTHING,
      scratch,
    );
  }
}

/** The hidden layer times the gate, and quantised for the product to come. */
export function deepGate(
  plan: Plan,
  layer: Layer,
  index: u32,
  me: u32,
  scratch: usize,
): void {
  const up = changetype<Matrix>(layer.deepUp);
  const rows = plan.rows, F = up.rows;
  const gates = scratch + WIDE;
  const low = gates + plan.chunk * GROUP;
  turn(plan, layer, index, low, low + plan.chunk * up.columns * 4);
  const total = bytesOf(up), n = pieces(plan, total, rows);
  for (let i = me; i < n; i = claim(plan, n)) {
    const from = boundary(up, 0, total, i, n, 4);
    const to = boundary(up, 0, total, i + 1, n, 4);
    for (let p = from; p < to; p += 4) {
      const at = p * PANEL * 4;
      product(up, p, p + 4, low, 0, rows, gates - at, 64, 0, scratch);
      for (let m: u32 = 0; m < rows; m++) {
        const hidden = plan.hidden + m * F * 4 + at;
        gate(hidden, gates + m * GROUP, layer.deepBias + at);
        if (plan.hiddenQ === 0) continue;
        const out = quantizedAt(plan.hiddenQ, m, F, p * PANEL);
        quantize(hidden, out, 64, plan.activationFormat);
      }
    }
  }
}

/** Eᵀ low for every row, into rows as long as s2 has columns. */
function turn(
  plan: Plan,
  layer: Layer,
  index: u32,
  out: usize,
  table: usize,
): void {
  const r = plan.deep, square = r * r;
  const lowBytes = changetype<Matrix>(layer.deepDown).rows * 4;
  const outBytes = changetype<Matrix>(layer.deepUp).columns * 4;
  const format = plan.embeddingFormat, bytes = rowBytes(format, square);
  for (let m: u32 = 0; m < plan.rows; m++) {
    const token = load<u32>(plan.tokens + m * 4);
    unpackRow(format, layer.deepTable + token * bytes, square, table);
    const turned = plan.deepTurned +
      (index * plan.chunk + m) * square * 4;
    const low = plan.deepLow + m * lowBytes;
    memory.fill(out, 0, outBytes);
    for (let i: u32 = 0; i < r; i++) {
      const value = v128.load32_splat(low + i * 4);
      const own = table + i * r * 4, added = turned + i * r * 4;
      for (let j: usize = 0; j < <usize>r * 4; j += 16) {
        const E = f32x4.add(v128.load(own + j), v128.load(added + j));
        v128.store(
          out + j,
          madd(value, E, v128.load(out + j)),
        );
      }
    }
    out += outBytes;
  }
}

/** 64 channels times s0 + what s2 gave. */
function gate(hidden: usize, given: usize, bias: usize): void {
  for (let i: usize = 0; i < GROUP; i += 16) {
    const sum = f32x4.add(v128.load(given + i), v128.load(bias + i));
    v128.store(hidden + i, f32x4.mul(v128.load(hidden + i), sum));
  }
}
