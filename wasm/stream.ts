/**
 * Reads memory and does next to nothing with it: what bench/bandwidth.ts measures.
 * It is no part of the kernels; the bench compiles it by itself.
 *
 * Idea: four sums, so that no load waits for an addition; contiguous, as the
 * products read their panels.
 */

/** The sum of the words of `[from, from + bytes)`, read `times` over. */
export function read(from: usize, bytes: usize, times: u32): u32 {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  for (let time: u32 = 0; time < times; time++) {
    for (let at = from; at < from + bytes; at += 64) {
      a = i32x4.add(a, v128.load(at));
      b = i32x4.add(b, v128.load(at, 16));
      c = i32x4.add(c, v128.load(at, 32));
      d = i32x4.add(d, v128.load(at, 48));
    }
  }
  const sum = i32x4.add(i32x4.add(a, b), i32x4.add(c, d));
  return i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) +
    i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
}
