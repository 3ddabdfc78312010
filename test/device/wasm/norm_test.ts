import { assertClose } from "../../support/close.ts";
import { random, uniform } from "../../support/random.ts";
import { Room } from "./room.ts";

Deno.test("layerNorm() is the norm in float64 but for rounding", () => {
  const n = 768, next = random(3), room = new Room();
  const xs = uniform(n, [90, 110], next);
  const weights = uniform(n, [-2, 2], next), biases = uniform(n, [-1, 1], next);
  const y = room.take(n * 4);
  room.kernels.layerNorm(
    room.put(xs),
    y,
    n,
    0,
    n,
    room.put(weights),
    room.put(biases),
    1e-5,
  );
  const mean = xs.reduce((sum, x) => sum + x) / n;
  const variance = xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
  const right = xs.map((x, i) =>
    (x - mean) / Math.sqrt(variance + 1e-5) * weights[i] + biases[i]
  );
  assertClose(room.floats(y, n), right, { nmse: 1e-11 });
});

Deno.test("layerNorm() does the same bits for a part of the row", () => {
  const n = 256, next = random(4), room = new Room();
  const x = room.put(uniform(n, [-1, 1], next));
  const weight = room.put(uniform(n, [-1, 1], next));
  const bias = room.put(uniform(n, [-1, 1], next));
  const whole = room.take(n * 4), parts = room.take(n * 4);
  const { layerNorm } = room.kernels;
  layerNorm(x, whole, n, 0, n, weight, bias, 1e-5);
  layerNorm(x, parts, n, 0, 64, weight, bias, 1e-5);
  layerNorm(x, parts, n, 64, n, weight, bias, 1e-5);
  assertClose(room.floats(parts, n), room.floats(whole, n), { nmse: 0 });
});
