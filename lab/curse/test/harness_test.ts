import { assert, assertEquals, assertThrows } from "@std/assert";
import { Author, MOST_FACTS } from "../dialogue.ts";
import { fitPowerLaw } from "../fit.ts";
import { type Amounts, MEASURES } from "../measure.ts";
import { tables } from "../page.ts";
import { PAGE } from "../publish.ts";
import { readResults, RESULTS } from "../results.ts";
import { fill, table } from "../../../bench/table.ts";

const TINY: Amounts = {
  lengths: [10, 1000, 1200],
  limit: Infinity,
  patience: 0,
  pairs: [4, 32],
  trials: 2,
  facts: [1, 3],
  dialogues: 2,
  endless: 3000,
  large: 1000,
  rounds: 1,
};

const quiet = () => {};

Deno.test("cost measures every method at every length", async () => {
  const { costs, slopes } = await MEASURES.cost(TINY, quiet);
  assertEquals(costs.length, 6 * TINY.lengths.length);
  assert(costs.every((c) => c.prefillMs > 0 && c.measured));
  assertEquals(slopes.length, 6);
  const { macs, bytes } = costs[costs.length - 1];
  assertEquals({ macs, bytes }, { macs: 1200 * 5 * 64 * 64, bytes: 16384 });
});

Deno.test("cost reckons what would take too long from operations", async () => {
  const { costs } = await MEASURES.cost({ ...TINY, limit: 0 }, quiet);
  const [first, second] = costs;
  assertEquals([first.measured, second.measured], [true, false]);
  assertEquals(
    second.prefillMs,
    first.prefillMs * second.macs / first.macs,
  );
});

Deno.test("recall finds what each way of writing must keep or lose", async () => {
  const { recalls } = await MEASURES.recall(TINY, quiet);
  const exact = (method: string, task: string, pairs: number) =>
    recalls.find((r) =>
      r.method === method && r.task === task && r.pairs === pairs
    )?.exact ?? NaN;
  for (const method of ["softmax", "window", "linear", "delta", "wkv"]) {
    assertEquals(exact(method, "once", 4), 1, method);
  }
  assertEquals(exact("delta", "twice", 4), 1);
  assert(exact("linear", "twice", 32) < 0.75);
  assert(exact("linear", "later", 32) < exact("gated_delta", "later", 32));
});

Deno.test("facts asks the embedded model in its own words", async () => {
  const { facts } = await MEASURES.facts(TINY, quiet);
  assertEquals(facts.map(({ asked }) => asked), [2, 6, 2, 6]);
  assert(facts[0].exact > 0);
});

Deno.test("endless reads on with a state of the same size", async () => {
  const { marks, facts } = await MEASURES.endless(TINY, quiet);
  assertEquals(marks.map(({ position }) => position), [1000, 2000, 3000]);
  assertEquals(new Set(marks.map(({ saveBytes }) => saveBytes)).size, 1);
  assertEquals(facts, 6);
});

Deno.test("Author writes the same dialogue from the same seed", () => {
  const some = (seed: number) => new Author(seed).facts(MOST_FACTS, "held-out");
  assertEquals(some(3), some(3));
  const text = JSON.stringify(some(3));
  assert(!/[{](?!")/.test(text.slice(1)), text);
  assertEquals(
    new Set(some(3).map(({ asked }) => asked.reply)).size,
    MOST_FACTS,
  );
});

Deno.test("fitPowerLaw() finds the exponent of an exact law", () => {
  const { slope, scale } = fitPowerLaw([1, 7, 90].map((x) => [x, 3 * x ** 2]));
  assertEquals([slope.toFixed(12), scale.toFixed(12)], [
    "2.000000000000",
    "3.000000000000",
  ]);
});

Deno.test("table() aligns numbers right, and fill() puts it in its place", () => {
  const content = table(["a", "long"], [["x", "1"]]);
  assertEquals(content, "| a   | long |\n| --- | ---: |\n| x   |    1 |");
  const page = "<!-- t -->\n\nold\n\n<!-- /t -->\n";
  assertEquals(fill(page, "t", "new"), "<!-- t -->\n\nnew\n\n<!-- /t -->\n");
  assertThrows(() => fill(page, "u", ""), {
    name: "RangeError",
    message: "Cannot fill <!-- u -->: the page has no such place",
  });
});

Deno.test("docs/curse.md shows the committed results", async () => {
  const page = await Deno.readTextFile(PAGE);
  const cells = (text: string) => text.replace(/[\s-]+/g, "");
  for (
    const [name, content] of Object.entries(tables(await readResults(RESULTS)))
  ) {
    const place = page.split(`<!-- ${name} -->`)[1]?.split("<!--")[0];
    assertEquals(cells(place ?? ""), cells(content), name);
  }
});
