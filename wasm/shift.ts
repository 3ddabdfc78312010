/**
 * Layer norm, token shift and lerps.
 *
 * Formula: u = LN(x); d = previous u − u; out_c = u + d · lerp_c for each lerp; the
 * lane keeps its last u.
 *
 * Idea: threads split the channels, so that shift state is read and written by the
 * one thread that owns it; the two sums of each norm are made by every thread, for
 * that is cheaper than to meet.
 *
 * Layout: lerps `[count, D]`, out `[count, chunk, D]`, f32, and quantised copies of
 * the outs named in a bit set.
 * Source: RWKV-7, arXiv:2503.14456.
 * Oracle: goldens and test/oracle/rwkv7.ts, test/device/wasm_test.ts.
 */

import { activationBytes, quantize, quantizedAt } from "./activation";
import { madd } from "./fused";
import { inverseDeviation, mean, normalized } from "./norm";
import { Plan } from "./plan";

const EPSILON: f32 = 1e-5;

export function shift(
  plan: Plan,
  weight: usize,
  bias: usize,
  lerps: usize,
  count: u32,
  stateOffset: usize,
  quantized: u32,
  from: u32,
  to: u32,
  before: usize,
): void {
  if (from >= to) return;
  const D = plan.D;
  const rowBytes = D * 4;
  const outBytes = plan.chunk * rowBytes;
  const outBytesQ = plan.chunk * activationBytes(D);
  for (let s: u32 = 0; s < plan.segments; s++) {
    const segment = plan.segmentList + s * 12;
    const first = load<u32>(segment + 4), rows = load<u32>(segment + 8);
    const state = plan.states + load<u32>(segment) * plan.stateBytes +
      stateOffset;
    memory.copy(before + from * 4, state + from * 4, (to - from) * 4);
    for (let m = first; m < first + rows; m++) {
      const x = plan.x + m * rowBytes;
      const out = plan.mixed + m * rowBytes;
      lerp(x, weight, bias, lerps, count, D, from, to, before, out, outBytes);
      const outQ = quantizedAt(plan.mixedQ, m, D, from);
      for (let c: u32 = 0; c < count; c++) {
        if ((quantized & (1 << c)) === 0) continue;
        quantize(
          out + c * outBytes + from * 4,
          outQ + c * outBytesQ,
          to - from,
          plan.activationFormat,
        );
      }
    }
    memory.copy(state + from * 4, before + from * 4, (to - from) * 4);
  }
}

/** One row; `before` gives the previous u and takes this one. */
function lerp(
  x: usize,
  weight: usize,
  bias: usize,
  lerps: usize,
  count: u32,
  D: u32,
  from: u32,
  to: u32,
  before: usize,
  out: usize,
  outBytes: usize,
): void {
  const centre = mean(x, D);
  const m = f32x4.splat(centre);
  const scale = f32x4.splat(inverseDeviation(x, D, centre, EPSILON));
  const lerpBytes = D * 4;
  for (let i = <usize>from * 4; i < <usize>to * 4; i += 16) {
    const u = normalized(
      v128.load(x + i),
      m,
      scale,
      v128.load(weight + i),
      v128.load(bias + i),
    );
    const d = f32x4.sub(v128.load(before + i), u);
    v128.store(before + i, u);
    let l = lerps + i, o = out + i;
    for (let c: u32 = 0; c < count; c++) {
      v128.store(o, madd(d, v128.load(l), u));
      l += lerpBytes;
      o += outBytes;
    }
  }
}
