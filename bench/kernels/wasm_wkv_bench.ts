import { N } from "../../src/model/shape.ts";
import { Room } from "../../test/device/wasm/room.ts";
import { random, uniform } from "../../test/support/random.ts";

/** Vectors of a head's row in memory: κ, w, b, k, r, v, y, g. */
const VECTORS = 8;

for (const tokens of [1, 64]) {
  const room = new Room(), next = random(1);
  const S = room.put(uniform(N * N, [-1, 1], next));
  // Small enough for S to stay finite however often the rows are read.
  const rows = room.put(uniform(tokens * VECTORS * N, [0, 0.1], next));
  const sa = room.take(256);
  const moved = 4 * (2 * N * N + tokens * 7 * N);
  Deno.bench(
    `wasm wkv, one head, ${tokens} tokens, one thread = ` +
      `${(moved / 1e6).toPrecision(3)} MB`,
    { n: 500, warmup: 50 },
    () => room.kernels.wkv(S, rows, tokens, sa),
  );
}
