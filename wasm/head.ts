/**
 * Everything between the first and the last product of time mixing, for one head:
 * LoRA ends, decay, learning rate, value residual, recurrence, group norm, bonus
 * and gate.
 *
 * Formula: w = exp(−0.606531 σ(w0 + W2 lowW)), a = σ(a0 + A2 lowA),
 * v += (vFirst − v) σ(v0 + V2 lowV) but in layer 0, κ = k k_k / ‖k k_k‖,
 * k *= 1 + (a − 1) k_a, y = wkv(w, κ, κ a, k, v, r),
 * out = (GroupNorm(y) + (Σ r k r_k) v) (G2 lowG).
 *
 * Idea: all of it stays inside a head, so threads claim heads and need not meet.
 * A head's rows are gathered in scratch that fits the second cache.
 *
 * Layout: `HeadRow` rows, then 64 f32 for sa.
 * Source: RWKV-7, arXiv:2503.14456.
 * Oracle: goldens and test/oracle/rwkv7.ts, test/device/wasm_test.ts.
 */

import { quantize, quantizedAt } from "./activation";
import { exp4, sigmoid4 } from "./exponential";
import { madd } from "./fused";
import { fold, inverseDeviation, mean, normalized } from "./norm";
import { Layer, Matrix, Plan } from "./plan";
import { After, product } from "./product";
import { WIDE } from "./product_float";
import { HeadRow, ROW, wkv } from "./wkv";

/** Of the group norm: 64 · 1e-5. */
const EPSILON: f32 = 64e-5;

/** The decay is exp(this · sigmoid(…)). */
const DECAY: f32 = -0.606531;

/** Bytes of a head. */
const HEAD: usize = 256;

export function head(
  plan: Plan,
  layer: Layer,
  index: u32,
  h: u32,
  scratch: usize,
): void {
  const D = plan.D;
  const rowBytes = <usize>D * 4, at = <usize>h * HEAD;
  const sa = scratch;
  const wide = scratch + HEAD;
  const rows = wide + WIDE;
  lora(plan, layer.w2, plan.lowW, h, rows + HeadRow.W, wide);
  lora(plan, layer.a2, plan.lowA, h, rows + HeadRow.B, wide);
  lora(plan, layer.g2, plan.lowG, h, rows + HeadRow.G, wide);
  if (index > 0) lora(plan, layer.v2, plan.lowV, h, rows + HeadRow.V, wide);
  for (let m: u32 = 0; m < plan.rows; m++) {
    prepare(plan, layer, index, at, m * rowBytes + at, rows + m * ROW);
  }
  for (let s: u32 = 0; s < plan.segments; s++) {
    const segment = plan.segmentList + s * 12;
    const S = plan.states + load<u32>(segment) * plan.stateBytes +
      index * D * 66 * 4 + rowBytes + h * 16384;
    const row = rows + load<u32>(segment + 4) * ROW;
    wkv(S, row, load<u32>(segment + 8), sa);
  }
  for (let m: u32 = 0; m < plan.rows; m++) {
    const out = plan.gated + m * rowBytes + at;
    gate(layer, at, rows + m * ROW, out);
    if (plan.gatedQ === 0) continue;
    const outQ = quantizedAt(plan.gatedQ, m, D, h * 64);
    quantize(out, outQ, 64, plan.activationFormat);
  }
}

/** A head's 64 rows of the second LoRA matrix, into the head's rows. */

@inline
function lora(
  plan: Plan,
  matrix: u32,
  low: usize,
  h: u32,
  out: usize,
  wide: usize,
): void {
  const m = changetype<Matrix>(matrix);
  product(
    m,
    h * 4,
    h * 4 + 4,
    low,
    0,
    plan.rows,
    out - h * HEAD,
    <u32>ROW / 4,
    After.NOTHING,
    wide,
  );
}

/** w, κ, b, k, v and r of one row. */
function prepare(
  plan: Plan,
  layer: Layer,
  index: u32,
  at: usize,
  source: usize,
  row: usize,
): void {
  const one = f32x4.splat(1);
  let norm = f32x4.splat(0);
  for (let i: usize = 0; i < HEAD; i += 16) {
    const k0 = v128.load(plan.k + source + i);
    const kappa = f32x4.mul(k0, v128.load(layer.kK + at + i));
    v128.store(row + i, kappa);
    norm = madd(kappa, kappa, norm);
  }
  const inverse = f32x4.splat(1 / max<f32>(Mathf.sqrt(fold(norm)), 1e-12));
  for (let i: usize = 0; i < HEAD; i += 16) {
    const to = row + i;
    const c = at + i;
    const decay = f32x4.add(
      v128.load(layer.w0 + c),
      v128.load(to + HeadRow.W),
    );
    v128.store(
      to + HeadRow.W,
      exp4(f32x4.mul(f32x4.splat(DECAY), sigmoid4(decay))),
    );
    const a = sigmoid4(
      f32x4.add(v128.load(layer.a0 + c), v128.load(to + HeadRow.B)),
    );
    const kappa = f32x4.mul(v128.load(to), inverse);
    v128.store(to, kappa);
    v128.store(to + HeadRow.B, f32x4.mul(kappa, a));
    const k = f32x4.mul(
      v128.load(plan.k + source + i),
      madd(
        f32x4.sub(a, one),
        v128.load(layer.kA + c),
        one,
      ),
    );
    v128.store(to + HeadRow.K, k);
    v128.store(to + HeadRow.R, v128.load(plan.r + source + i));
    let v = v128.load(plan.v + source + i);
    if (index === 0) v128.store(plan.vFirst + source + i, v);
    else {
      const share = sigmoid4(
        f32x4.add(v128.load(layer.v0 + c), v128.load(to + HeadRow.V)),
      );
      const first = v128.load(plan.vFirst + source + i);
      v = madd(f32x4.sub(first, v), share, v);
    }
    v128.store(to + HeadRow.V, v);
  }
}

/** (GroupNorm(y) + (Σ r k r_k) v) g. */
function gate(layer: Layer, at: usize, row: usize, out: usize): void {
  const y = row + HeadRow.Y;
  let bonus = f32x4.splat(0);
  for (let i: usize = 0; i < HEAD; i += 16) {
    bonus = madd(
      f32x4.mul(v128.load(row + i + HeadRow.R), v128.load(row + i + HeadRow.K)),
      v128.load(layer.rK + at + i),
      bonus,
    );
  }
  const share = f32x4.splat(fold(bonus));
  const centre = mean(y, 64);
  const m = f32x4.splat(centre);
  const scale = f32x4.splat(inverseDeviation(y, 64, centre, EPSILON));
  for (let i: usize = 0; i < HEAD; i += 16) {
    const normed = normalized(
      v128.load(y + i),
      m,
      scale,
      v128.load(layer.lnXWeight + at + i),
      v128.load(layer.lnXBias + at + i),
    );
    const v = v128.load(row + i + HeadRow.V);
    v128.store(
      out + i,
      f32x4.mul(
        madd(share, v, normed),
        v128.load(row + i + HeadRow.G),
      ),
    );
  }
}
