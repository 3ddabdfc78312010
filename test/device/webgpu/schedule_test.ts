import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { LaneStep } from "../../../src/device/device.ts";
import {
  DRAWS,
  type Pass,
  schedule,
  UNREAD,
} from "../../../src/device/webgpu/pass_schedule.ts";

const FEW = 8;

/** A pass as [kind, then each row's token with u (unread) and d (draws) @ lane]. */
function tell({ kind, table, rows }: Pass): string {
  const words = Array.from({ length: rows }, (_, m) => {
    const [token, lane, count] = table.subarray(4 * m, 4 * m + 3);
    const read = token & UNREAD ? "u" : String(token & 0x3fffffff);
    return `${count > 0 ? "|" : ""}${read}${token & DRAWS ? "d" : ""}@${lane}`;
  });
  return `${kind} ${words.join(" ")}`;
}

function tokensTo(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

Deno.test("schedule() reads all but the last token in one go", () => {
  const passes = schedule(
    [{ lane: 3, tokens: tokensTo(4), draw: 2 }],
    { chunk: 256, few: FEW },
  );
  assertEquals(passes.map(tell), [
    "few |0@3 1@3 2@3",
    "decode |3d@3",
    "decode |ud@3",
  ]);
});

Deno.test("schedule() reads all in one go where nothing is asked", () => {
  const passes = schedule([
    { lane: 3, tokens: tokensTo(4), draw: 0 },
    { lane: 1, tokens: tokensTo(3), draw: 0, logits: "last" },
  ], { chunk: 256, few: FEW });
  assertEquals(passes.map(tell), [
    "few |0@3 1@3 2@3 3@3 |0@1 1@1",
    "decode |2@1",
  ]);
});

Deno.test("schedule() takes few or many rows by each lane's own step", () => {
  const passes = schedule([
    { lane: 0, tokens: tokensTo(FEW + 1), draw: 0 },
    { lane: 1, tokens: tokensTo(FEW), draw: 0 },
    { lane: 2, tokens: tokensTo(FEW + 1), draw: 1 },
    { lane: 3, tokens: tokensTo(FEW + 2), draw: 1 },
  ], { chunk: 256, few: FEW });
  assertEquals(
    passes.map(({ kind, rows, segments }) => [kind, rows, segments]),
    [["chunk", 2 * FEW + 2, 2], ["few", 2 * FEW, 2], ["decode", 2, 2]],
  );
});

Deno.test("schedule() decodes short and replayed steps token by token", () => {
  const two = schedule([{ lane: 0, tokens: [7, 8], draw: 0 }], {
    chunk: 8,
    few: FEW,
  });
  assertEquals(two.map(tell), ["decode |7@0", "decode |8@0"]);
  const replayed = schedule(
    [{ lane: 0, tokens: [7, 8, 9], draw: 1, replay: true }],
    { chunk: 8, few: FEW },
  );
  assertEquals(replayed.map(tell), [
    "decode |7@0",
    "decode |8@0",
    "decode |9d@0",
  ]);
});

Deno.test("schedule() shares passes between lanes", () => {
  const passes = schedule([
    { lane: 0, tokens: [], draw: 3 },
    { lane: 1, tokens: tokensTo(6), draw: 1 },
    { lane: 2, tokens: [9], draw: 0 },
  ], { chunk: 4, few: FEW });
  assertEquals(passes.map(tell), [
    "few |0@1 1@1 2@1 3@1",
    "few |4@1",
    "decode |ud@0 |5d@1 |9@2",
    "decode |ud@0",
    "decode |ud@0",
  ]);
});

Deno.test("schedule() reads every token once, in order, whatever the batch", () => {
  const entry = fc.record({
    length: fc.integer({ min: 1, max: 40 }),
    draw: fc.integer({ min: 0, max: 5 }),
    replay: fc.boolean(),
    logits: fc.constantFrom(
      ...[undefined, "last" as const, "all" as const, "drawn" as const],
    ),
  });
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 20 }),
      (entries, chunk) => {
        const batch = entries.map((
          { length, logits, ...rest },
          lane,
        ): LaneStep => ({
          lane,
          tokens: tokensTo(length),
          ...rest,
          ...(logits ? { logits } : {}),
        }));
        const passes = schedule(batch, { chunk, few: FEW });
        for (const { lane, tokens, draw, logits } of batch) {
          const rows = passes.flatMap(({ table, rows }) =>
            Array.from(
              { length: rows },
              (_, m) => table.subarray(4 * m, 4 * m + 4),
            )
          ).filter((row) => row[1] === lane);
          const read = rows.map(([token]) => token)
            .filter((token) => !(token & UNREAD))
            .map((token) => token & 0x3fffffff);
          assertEquals(read, [...tokens]);
          assertEquals(rows.filter(([token]) => token & DRAWS).length, draw);
          const wanted = passes.flatMap((pass) => pass.logits)
            .filter((want) => want.entry === lane)
            .map(({ index }) => index);
          const expected = logits === "all"
            ? tokens.map((_, i) => i)
            : logits === "last"
            ? [0]
            : logits === "drawn"
            ? tokensTo(draw)
            : [];
          assertEquals(wanted, expected);
        }
        for (const { table, rows, segments } of passes) {
          let row = 0;
          for (let s = 0; s < segments; s++) {
            assertEquals(table[4 * s + 3], row);
            row += table[4 * row + 2];
          }
          assertEquals(row, rows);
          assert(rows <= Math.max(chunk, batch.length));
        }
      },
    ),
    { seed: 3 },
  );
});
