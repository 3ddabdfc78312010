/**
 * The tables of `docs/curse.md`, by the name of their place in it.
 *
 * @module
 */

import { duration, short } from "../../bench/plot.ts";
import { table } from "../../bench/table.ts";
import type { Cost } from "./cost.ts";
import type { EndlessResult, Mark } from "./endless.ts";
import { type MethodId, METHODS } from "./methods.ts";
import { type Contestant, CONTESTANTS, type Recall, WINDOW } from "./recall.ts";
import type { Origin, Parts } from "./results.ts";

/** Lengths that the tables show; the charts show those between, too. */
const TABLE_LENGTHS = [10, 100, 1000, 10_000, 100_000];

/** Every table. */
export function tables(parts: Parts): Record<string, string> {
  return {
    claims: claims(parts.cost),
    prefill: prefillSection(parts.cost),
    decode: decodeSection(parts.cost),
    memory: memory(parts.cost),
    recall: recallSection(parts.recall),
    facts: facts(parts.facts),
    endless: endless(parts.endless, parts.large),
    origin: origin(parts),
  };
}

function claims({ costs }: Parts["cost"]): string {
  const [n, N] = [100_000, 64];
  const softmax = costOf(costs, "softmax", n);
  const linear = costOf(costs, "linear", n);
  const times = (a: number, b: number) => `${Math.round(a / b)} ×`;
  const pairs = n * (n + 1) / 2;
  return table(["100,000 tokens, one head", "pairs", "rows", "ratio"], [
    ["as the claim counts", short(n * n), short(n * N), times(n * n, n * N)],
    [
      "causal: no token sees a later one",
      short(pairs),
      short(n * N),
      times(pairs, n * N),
    ],
    [
      "multiply–adds, 128 a pair and 128 a row",
      short(softmax.macs),
      short(linear.macs),
      times(softmax.macs, linear.macs),
    ],
    [
      `time here, two heads${softmax.measured ? "" : "; pairs reckoned"}`,
      duration(softmax.prefillMs),
      duration(linear.prefillMs),
      times(softmax.prefillMs, linear.prefillMs),
    ],
    [
      "KiB kept",
      short(softmax.bytes / 1024),
      short(linear.bytes / 1024),
      times(softmax.bytes, linear.bytes),
    ],
  ]);
}

function prefillSection({ costs, slopes }: Parts["cost"]): string {
  return table(
    ["time to read n tokens", ...TABLE_LENGTHS.map(short), "slope"],
    METHODS.map(({ id, label }) => [
      label,
      ...TABLE_LENGTHS.map((n) => {
        const { prefillMs, measured } = costOf(costs, id, n);
        return `${measured ? "" : "≈ "}${duration(prefillMs)}`;
      }),
      slopes.find(({ method }) => method === id)?.prefill.toFixed(2) ?? "",
    ]),
  );
}

function decodeSection({ costs, slopes }: Parts["cost"]): string {
  const rows = METHODS.filter(({ id }) => id !== "linear_pairs");
  return table(
    ["time for token n + 1", ...TABLE_LENGTHS.map(short), "slope"],
    rows.map(({ id, label }) => [
      label,
      ...TABLE_LENGTHS.map((n) => {
        const { decodeMs } = costOf(costs, id, n);
        return decodeMs === undefined ? "" : duration(decodeMs);
      }),
      slopes.find(({ method }) => method === id)?.decode?.toFixed(2) ?? "",
    ]),
  );
}

function memory({ costs }: Parts["cost"]): string {
  return table(
    ["one head", "multiply–adds", "n = 1k", "n = 100k", "KiB at 1k", "at 100k"],
    METHODS.map(({ id, label }) => {
      const [few, many] = [1000, 100_000].map((n) => costOf(costs, id, n));
      const quadratic = many.macs > 1000 * few.macs;
      const perToken = few.macs / few.n;
      return [
        label,
        quadratic ? "64 n²" : `${short(perToken)} n`,
        short(few.macs),
        short(many.macs),
        short(few.bytes / 1024),
        short(many.bytes / 1024),
      ];
    }),
  );
}

const TASKS = ["once", "twice", "later"] as const;
const PAIRS = [32, 64, 128];

function recallSection({ recalls }: Parts["recall"]): string {
  const names: Record<Contestant, string> = {
    softmax: "softmax, cache grows",
    window: `softmax, last ${WINDOW} pairs`,
    linear: "linear attention",
    delta: "delta rule",
    gated_delta: "gated delta rule",
    wkv: "RWKV-7",
  };
  const find = (row: Partial<Recall>) =>
    recalls.find((r) =>
      r.method === row.method && r.strength === row.strength &&
      r.task === row.task && r.pairs === row.pairs
    );
  const head = TASKS.flatMap((task) => PAIRS.map((n) => `${task} ${n}`));
  return table(
    ["exact recall, %", ...head],
    CONTESTANTS.map(({ method, strength }) => [
      `${names[method]}${/delta|wkv/.test(method) ? `, b = ${strength}` : ""}`,
      ...TASKS.flatMap((task) =>
        PAIRS.map((pairs) => {
          const found = find({ method, strength, task, pairs });
          return found ? (100 * found.exact).toFixed(0) : "";
        })
      ),
    ]),
  );
}

function facts({ facts }: Parts["facts"]): string {
  const counts = [...new Set(facts.map((f) => f.facts))];
  const row = (source: string, label: string) => [
    label,
    ...counts.map((count) => {
      const f = facts.find((f) => f.source === source && f.facts === count);
      return f ? (100 * f.exact / f.asked).toFixed(0) : "";
    }),
  ];
  return table(["exact answers, %, by facts told", ...counts.map(String)], [
    row("seen", "words of its training"),
    row("held-out", "words kept out of it"),
  ]);
}

function endless(...results: readonly EndlessResult[]): string {
  const ends = results.map(({ marks }) => [marks[0], marks[marks.length - 1]]);
  const both = (write: (mark: Mark) => string) =>
    ends.map(([first, last]) => `${write(first)} → ${write(last)}`);
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  return table(["", ...results.map(({ name }) => name)], [
    ["tokens read", ...results.map(({ total }) => total.toLocaleString("en"))],
    [
      "seconds, at the median pace",
      ...results.map(({ total, tokenUs: [, median] }) =>
        (total * median / 1e6).toFixed(0)
      ),
    ],
    [
      "µs a token after the first thousand → after all",
      ...both(({ tokenUs }) => tokenUs.toFixed(0)),
    ],
    [
      "the same tokens from a blank state, in turns",
      ...both(({ blankUs }) => blankUs?.toFixed(0) ?? "–"),
    ],
    [
      "µs a token, 5 % · median · 95 % of thousands",
      ...results.map(({ tokenUs }) =>
        tokenUs.map((us) => us.toFixed(0)).join(" · ")
      ),
    ],
    ["MiB of the process", ...both(({ residentBytes }) => mib(residentBytes))],
    ["bytes of an int8 save's values", ...both((m) => String(m.saveBytes))],
    ["largest value in the state", ...both((m) => short(m.largest))],
    ["root mean square of the state", ...both((m) => short(m.rms))],
    [
      "facts of the first messages recalled",
      ...results.map(recalled),
    ],
    ["NaN or infinity", ...results.map(() => "none")],
  ]);
}

/** Facts recalled at the first marks and at the last. */
function recalled({ total, facts, marks }: EndlessResult): string {
  const found = marks.flatMap(({ position, recalled }) =>
    recalled !== undefined && (position <= 10_000 || position === total)
      ? [`${recalled} at ${short(position)}`]
      : []
  );
  return found.length > 0 ? `of ${facts}: ${found.join(", ")}` : "–";
}

function origin({ cost, endless, large }: Parts): string {
  const line = (what: string, { device, machine }: Origin) =>
    `- ${what}: ${device}; ${machine.cpu}, ${machine.cores} cores, ` +
    `${machine.runtime}, ${machine.date}`;
  return [
    line("kernels", cost),
    line(endless.name, endless),
    line(large.name, large),
  ].join("\n");
}

function costOf(costs: readonly Cost[], id: MethodId, n: number): Cost {
  const found = costs.find((c) => c.method === id && c.n === n);
  if (found) return found;
  throw new RangeError(`Cannot show ${id} at ${n} tokens: it was not measured`);
}
