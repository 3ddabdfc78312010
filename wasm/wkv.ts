/**
 * The recurrence of one head over the rows of one lane.
 *
 * Formula, with S row i = value channel, column j = key channel:
 * sa_i = Σ_j S_ij κ_j; S_ij ← S_ij w_j − sa_i b_j + v_i k_j; y_i = Σ_j S_ij r_j,
 * with κ the normalised key and b = κ a.
 *
 * Idea: S lies transposed, so that a vector holds four value channels and both sums
 * run over j without folding. While a token's update passes over S, the next
 * token's sa is summed too: S is read and written once a token. A lane cut between
 * tokens sums the same terms in the same order on its own.
 *
 * Layout: S `[64 j, 64 i]` f32; rows of w, k, v, κ, b, r, y as `HeadRow` offsets,
 * `ROW` bytes apart; sa is 64 f32 of scratch.
 * Source: RWKV-7, arXiv:2503.14456; the fused pass is own.
 * Oracle: test/device/wasm/wkv_test.ts.
 */

import { madd, nmadd } from "./fused";

/** Where a head's row keeps each vector of 64. */
export namespace HeadRow {
  export const KAPPA: usize = 0;
  export const W: usize = 256;
  export const B: usize = 512;
  export const K: usize = 768;
  export const R: usize = 1024;
  export const V: usize = 1280;
  export const Y: usize = 1536;
  export const G: usize = 1792;
}

/** Bytes of a head's row. */
export const ROW: usize = 2048;

export function wkv(S: usize, row: usize, rows: u32, sa: usize): void {
  for (let i: usize = 0; i < 256; i += 64) removal(S + i, row, sa + i);
  for (; rows > 1; rows--) {
    for (let i: usize = 0; i < 256; i += 32) update(S + i, row, i, sa + i);
    row += ROW;
  }
  for (let i: usize = 0; i < 256; i += 32) last(S + i, row, i, sa + i);
}

/** sa of 16 value channels. */
function removal(S: usize, kappa: usize, sa: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let end = kappa + 256; kappa < end; kappa += 4) {
    const s = v128.load32_splat(kappa);
    a = madd(v128.load(S), s, a);
    b = madd(v128.load(S + 16), s, b);
    c = madd(v128.load(S + 32), s, c);
    d = madd(v128.load(S + 48), s, d);
    S += 256;
  }
  v128.store(sa, a);
  v128.store(sa + 16, b);
  v128.store(sa + 32, c);
  v128.store(sa + 48, d);
}

@inline
function next(s: v128, sa: v128, v: v128, row: usize): v128 {
  s = f32x4.mul(s, v128.load32_splat(row + HeadRow.W));
  s = nmadd(sa, v128.load32_splat(row + HeadRow.B), s);
  return madd(v, v128.load32_splat(row + HeadRow.K), s);
}

/** A token's update of 8 value channels, its y, and the next token's sa. */
function update(S: usize, row: usize, i: usize, sa: usize): void {
  const sa0 = v128.load(sa), sa1 = v128.load(sa + 16);
  const v0 = v128.load(row + i + HeadRow.V);
  const v1 = v128.load(row + i + 16 + HeadRow.V);
  const y = row + i + HeadRow.Y;
  let y0 = f32x4.splat(0), y1 = y0, n0 = y0, n1 = y0;
  let following = row + ROW;
  for (let end = row + 256; row < end; row += 4) {
    const s0 = next(v128.load(S), sa0, v0, row);
    const s1 = next(v128.load(S + 16), sa1, v1, row);
    v128.store(S, s0);
    v128.store(S + 16, s1);
    const r = v128.load32_splat(row + HeadRow.R);
    y0 = madd(s0, r, y0);
    y1 = madd(s1, r, y1);
    const kappa = v128.load32_splat(following);
    n0 = madd(s0, kappa, n0);
    n1 = madd(s1, kappa, n1);
    S += 256;
    following += 4;
  }
  v128.store(y, y0);
  v128.store(y + 16, y1);
  v128.store(sa, n0);
  v128.store(sa + 16, n1);
}

/** The same for a lane's last token. */
function last(S: usize, row: usize, i: usize, sa: usize): void {
  const sa0 = v128.load(sa), sa1 = v128.load(sa + 16);
  const v0 = v128.load(row + i + HeadRow.V);
  const v1 = v128.load(row + i + 16 + HeadRow.V);
  const y = row + i + HeadRow.Y;
  let y0 = f32x4.splat(0), y1 = y0;
  for (let end = row + 256; row < end; row += 4) {
    const s0 = next(v128.load(S), sa0, v0, row);
    const s1 = next(v128.load(S + 16), sa1, v1, row);
    v128.store(S, s0);
    v128.store(S + 16, s1);
    const r = v128.load32_splat(row + HeadRow.R);
    y0 = madd(s0, r, y0);
    y1 = madd(s1, r, y1);
    S += 256;
  }
  v128.store(y, y0);
  v128.store(y + 16, y1);
}

/** S as the host knows it, `[i, j]`, to and from S as it lies here, by blocks of 4. */
export function transpose(from: usize, to: usize): void {
  for (let i: usize = 0; i < 64; i += 4) {
    let source = from + i * 256, target = to + i * 4;
    for (let j: usize = 0; j < 64; j += 4) {
      const a = v128.load(source), b = v128.load(source + 256);
      const c = v128.load(source + 512), d = v128.load(source + 768);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(target, v128.shuffle<f64>(ab, cd, 0, 2));
      v128.store(target + 256, v128.shuffle<f64>(ab, cd, 1, 3));
      v128.store(target + 512, v128.shuffle<f64>(ab2, cd2, 0, 2));
      v128.store(target + 768, v128.shuffle<f64>(ab2, cd2, 1, 3));
      source += 16;
      target += 1024;
    }
  }
}
