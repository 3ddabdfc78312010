import { assert, assertEquals } from "@std/assert";
import { fairness, slope, spread } from "../../bench/load/figures.ts";

Deno.test("spread() finds the middle, the slow tail and the slowest", () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i);
  assertEquals(spread(values), { p50: 101, p95: 191, p99: 199, max: 200 });
  assertEquals(spread([7]), { p50: 7, p95: 7, p99: 7, max: 7 });
  assertEquals(spread([]), { p50: 0, p95: 0, p99: 0, max: 0 });
});

Deno.test("slope() is the growth of a line, and flat noise has none", () => {
  assertEquals(slope([[0, 5], [1, 7], [2, 9]]), 2);
  const noise = Array.from(
    { length: 1000 },
    (_, i) => [i, 400 + 10 * Math.sin(i)] as const,
  );
  assert(Math.abs(slope(noise)) < 0.01);
});

Deno.test("fairness() is 1 for equal shares and 1/n where one has all", () => {
  assertEquals(fairness([3, 3, 3, 3]), 1);
  assertEquals(fairness([8, 0, 0, 0]), 0.25);
});
