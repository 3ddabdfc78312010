import { assertEquals } from "@std/assert";
import { assertClose } from "../../support/close.ts";
import { random, uniform } from "../../support/random.ts";
import { Room } from "./room.ts";

const N = 64, T = 9;

/** Values of a head's row: κ, w, b, k, r, v, y, g, each [N]. */
const ROW = 8 * N;

function inputs(): Float64Array {
  const next = random(7), rows = new Float64Array(T * ROW);
  for (let t = 0; t < T; t++) {
    const kappa = uniform(N, [-1, 1], next);
    const norm = Math.hypot(...kappa);
    const put = (at: number, values: Float64Array) =>
      rows.set(values.map(Math.fround), t * ROW + at * N);
    put(0, kappa.map((x) => x / norm));
    put(1, uniform(N, [0.6, 1], next));
    put(2, kappa.map((x) => x / norm * next()));
    put(3, uniform(N, [-1, 1], next));
    put(4, uniform(N, [-1, 1], next));
    put(5, uniform(N, [-1, 1], next));
  }
  return rows;
}

/** The recurrence in float64; S is `[i, j]`. */
function recurrence(S: Float64Array, rows: Float64Array): Float64Array {
  const ys = new Float64Array(T * N);
  for (let t = 0; t < T; t++) {
    const at = (vector: number, j: number) => rows[t * ROW + vector * N + j];
    for (let i = 0; i < N; i++) {
      let sa = 0, y = 0;
      for (let j = 0; j < N; j++) sa += S[i * N + j] * at(0, j);
      for (let j = 0; j < N; j++) {
        const s = S[i * N + j] * at(1, j) - sa * at(2, j) + at(5, i) * at(3, j);
        S[i * N + j] = s;
        y += s * at(4, j);
      }
      ys[t * N + i] = y;
    }
  }
  return ys;
}

/** S in the kernel's order, or back. */
function transposed(S: ArrayLike<number>): Float64Array {
  return Float64Array.from(S, (_, at) => S[at % N * N + Math.floor(at / N)]);
}

Deno.test("wkv() is the recurrence in float64 but for rounding", () => {
  const room = new Room(), rows = inputs();
  const S = uniform(N * N, [-1, 1], random(8));
  const state = room.put(transposed(S)), row = room.put(rows);
  room.kernels.wkv(state, row, T, room.take(256));
  const right = recurrence(S, rows);
  const found = Float64Array.from(
    right,
    (_, i) =>
      room.floats(row, rows.length)[Math.floor(i / N) * ROW + 6 * N + i % N],
  );
  assertClose(found, right, { nmse: 1e-11 });
  assertClose(transposed(room.floats(state, N * N)), S, { nmse: 1e-11 });
});

Deno.test("wkv() does the same bits wherever the tokens are cut", () => {
  const room = new Room(), rows = inputs();
  const S = uniform(N * N, [-1, 1], random(9)), sa = room.take(256);
  const run = (...cuts: number[]) => {
    const state = room.put(S), row = room.put(rows);
    let done = 0;
    for (const n of cuts) {
      room.kernels.wkv(state, row + done * ROW * 4, n, sa);
      done += n;
    }
    return [
      ...room.floats(state, N * N),
      ...room.floats(row, rows.length),
    ];
  };
  const whole = run(T);
  assertEquals(run(1, 1, 1, 1, 1, 1, 1, 1, 1), whole);
  assertEquals(run(4, 5), whole);
});
