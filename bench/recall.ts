/**
 * `deno run -A bench/recall.ts [--rows N] [--far N]`: what the embedded model
 * remembers, through the engine, greedy, the state passing through a sealed int8
 * token after every turn. Writes `bench/results/recall/README.md`.
 *
 * The default takes about ten minutes on two cores.
 *
 * @module
 */

import cliProgress from "cli-progress";
import { parseArgs } from "node:util";
import { compose } from "../src/serve/compose.ts";
import { readConfig } from "../src/config/config.ts";
import { dialogues } from "./recall/experiments.ts";
import { judge, type Score, score, type Verdict } from "./recall/judge.ts";
import { KINDS } from "./recall/talk.ts";
import { machine } from "./machine.ts";
import { table } from "./table.ts";

const LANES = 8;

const { values: flags } = parseArgs({
  options: {
    rows: { type: "string", default: "40" },
    far: { type: "string", default: "400" },
  },
});
const distances = [1, 10, 50, 100, 200, 400]
  .filter((distance) => distance <= Number(flags.far));
const wanted = dialogues({ rows: Number(flags.rows), distances });

const config = readConfig(
  { device: "wasm", lanes: `${LANES}` },
  () => undefined,
);
const model = await compose(config, () => {});
const bar = new cliProgress.SingleBar({
  format: "recall [{bar}] {value}/{total} dialogues",
});
bar.start(wanted.length, 0);
const verdicts = await judge(model.services, wanted, {
  lanes: LANES,
  progress: (done) => bar.update(done),
});
bar.stop();
const { fingerprint } = model.services.engine.model;
await model.dispose();

const folder = new URL("results/recall/", import.meta.url);
await Deno.mkdir(folder, { recursive: true });
const about = await machine();
const page = [
  "# What the embedded model remembers",
  `\`deno run -A bench/recall.ts --rows ${flags.rows} --far ${flags.far}\` · ` +
  `model ${fingerprint.slice(0, 12)} · wasm device · ${about.runtime} · ` +
  `${about.date} · ${about.commit}`,
  "A reply counts when it is right word for word. *After* counts the messages, " +
  "each with its reply, between the last fact and the question; the state passes " +
  "through a sealed `int8` token after every turn. Only *seen values* were met " +
  "in training.",
  ...(["one fact", "six facts", "unknown"] as const).map((row) =>
    byDistance(row)
  ),
  others(),
  "## Wrong answers",
  wrong(),
].join("\n\n");
await Deno.writeTextFile(new URL("README.md", folder), `${page}\n`);
await Deno.stdout.write(new TextEncoder().encode(`${page}\n`));

function byDistance(row: "one fact" | "six facts" | "unknown"): string {
  const shown = row === "six facts"
    ? distances.filter((distance) => distance <= 100)
    : distances;
  return table(
    [`${row}, asked after`, ...shown.map(String)],
    KINDS.map((kind) => [
      kind,
      ...shown.map((after) => percent(score(verdicts, { row, after }, kind))),
    ]),
  );
}

function others(): string {
  const rows = (["overwritten", "kept", "ten facts"] as const).map((row) => [
    row,
    ...KINDS.map((kind) => percent(score(verdicts, { row }, kind))),
  ]);
  const stale = [
    "the old value comes back",
    ...KINDS.map((kind) => {
      const of = verdicts.filter((verdict) =>
        verdict.kind === kind && verdict.never !== undefined
      );
      const right = of.filter((verdict) => verdict.stale).length;
      return percent({ right, asked: of.length });
    }),
  ];
  return table(["", ...KINDS], [...rows, stale]);
}

/** A few wrong answers of each kind, to be looked at. */
function wrong(): string {
  const some = KINDS.flatMap((kind) =>
    verdicts.filter((verdict) => verdict.kind === kind && !verdict.right)
      .slice(0, 5)
  );
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return table(
    ["question", "wanted", "said"],
    some.map(({ user, reply, said }: Verdict) => [user, reply, said].map(cell)),
  );
}

function percent({ right, asked }: Score): string {
  if (asked === 0) return "";
  return `${(100 * right / asked).toFixed(1)} % (${right}/${asked})`;
}
