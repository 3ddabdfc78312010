/**
 * `deno task curse [--only=cost,recall,facts,endless,large] [--million]`: measures
 * what `docs/curse.md` says, and writes results, charts and the page's tables.
 *
 * All parts take less than ten minutes on two cores. With `--million` the 0.1B
 * shape reads a million tokens instead of 10,000, which takes most of an hour.
 *
 * @module
 */

import { readFlags } from "../../bench/flags.ts";
import { type Amounts, MEASURES } from "./measure.ts";
import { publish } from "./publish.ts";
import {
  type Part,
  PARTS,
  readResults,
  RESULTS,
  writePart,
} from "./results.ts";

const HELP = `deno task curse [flags]

Measures what docs/curse.md says, and writes results, charts and its tables. All
parts take less than ten minutes on two cores.

  --only LIST      ${PARTS.join(",")} (all)
  --million        the 0.1B shape reads a million tokens: most of an hour
`;

const { values } = readFlags(HELP, {
  options: {
    only: { type: "string", default: PARTS.join(",") },
    million: { type: "boolean", default: false },
  },
});

const amounts: Amounts = {
  lengths: [10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000],
  limit: 60_000,
  patience: 1500,
  pairs: [4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512],
  trials: 8,
  facts: [1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 36],
  dialogues: 16,
  endless: 1_000_000,
  large: values.million ? 1_000_000 : 10_000,
  rounds: 9,
};

const wanted = values.only.split(",");
const unknown = wanted.find((name) => !PARTS.some((part) => part === name));
if (unknown !== undefined) {
  say(`Cannot measure ${unknown}: the parts are ${PARTS.join(", ")}`);
  Deno.exit(2);
}
for (const part of PARTS.filter((part) => wanted.includes(part))) {
  await run(part);
}
await publish(await readResults(RESULTS));

async function run<P extends Part>(part: P): Promise<void> {
  const begin = performance.now();
  const measure = MEASURES[part];
  await writePart(RESULTS, part, await measure(amounts, say));
  const seconds = (performance.now() - begin) / 1000;
  say(`${part}: ${seconds.toFixed(0)} s`);
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
