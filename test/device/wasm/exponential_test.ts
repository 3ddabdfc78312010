import { assert } from "@std/assert";
import { Room } from "./room.ts";

const FUNCTIONS = [
  ["exp", Math.exp, [-87, 88]],
  ["sigmoid", (x: number) => 1 / (1 + Math.exp(-x)), [-60, 60]],
  ["tanh", Math.tanh, [-12, 12]],
] as const;

for (const [which, [name, exact, [low, high]]] of FUNCTIONS.entries()) {
  Deno.test(`${name}4() is within 4 ulp everywhere, near zero too`, () => {
    const room = new Room(), n = 100_000;
    const xs = Float32Array.from({ length: n }, (_, i) => {
      const x = low + (high - low) * i / (n - 1);
      return i % 2 === 0 ? x : Math.sign(x) * Math.abs(x) ** 6 / high ** 5;
    });
    const x = room.put(xs), y = room.take(n * 4);
    room.kernels.exponential(which, x, y, n);
    const ys = room.floats(y, n);
    xs.forEach((x, i) => {
      const right = exact(x);
      const ulp = 2 ** (Math.floor(Math.log2(Math.abs(right) || 1)) - 23);
      const off = Math.abs(ys[i] - right) / ulp;
      assert(off <= 4, `${name}(${x}) = ${ys[i]}, ${off} ulp off`);
    });
  });
}
