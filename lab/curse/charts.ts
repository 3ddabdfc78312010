/**
 * The charts of the page.
 *
 * @module
 */

import { duration, plot, type Series, short } from "../../bench/plot.ts";
import { FIT_FROM } from "./cost.ts";
import { fitPowerLaw, type PowerLaw } from "./fit.ts";
import { METHODS } from "./methods.ts";
import { type Recall, type Task, WINDOW } from "./recall.ts";
import type { Origin, Parts } from "./results.ts";

/** Every chart as SVG, by the name of its file. */
export function charts(parts: Parts): Record<string, string> {
  return {
    "prefill.svg": prefillChart(parts.cost),
    "decode.svg": decodeChart(parts.cost),
    "recall.svg": recallChart(parts.recall, "once"),
    "overwrite.svg": recallChart(parts.recall, "twice"),
    "facts.svg": facts(parts.facts),
  };
}

function prefillChart({ costs, heads, ...origin }: Parts["cost"]): string {
  const lines = METHODS.map(({ id, label }) => {
    const own = costs.filter(({ method }) => method === id);
    const points = (measured: boolean) =>
      own.filter((c) => c.measured === measured)
        .map(({ n, prefillMs }) => [n, prefillMs] as const);
    return line(label, points(true), points(false));
  });
  return plot({
    title: "Reading a text: the curse, and three ways out",
    subtitle: `${heads} heads of 64, ${where(origin)}; hollow: reckoned`,
    x: { label: "tokens in the text", scale: "log" },
    y: { label: "time to read it", scale: "log", format: duration },
    series: [...lines.map(({ series }) => series), ...fits(lines)],
  });
}

function decodeChart({ costs, heads, ...origin }: Parts["cost"]): string {
  const lines = METHODS.flatMap(({ id, label }) => {
    const points = costs.flatMap(({ method, n, decodeMs }) =>
      method === id && decodeMs !== undefined ? [[n, decodeMs] as const] : []
    );
    return points.length > 0 ? [line(label, points, [])] : [];
  });
  return plot({
    title: "One more token",
    subtitle: `${heads} heads of 64, ${where(origin)}`,
    x: { label: "tokens before it", scale: "log" },
    y: { label: "time for it", scale: "log", format: duration },
    series: [...lines.map(({ series }) => series), ...fits(lines)],
  });
}

interface Line {
  readonly series: Series;
  readonly law: PowerLaw;
  readonly last: number;
}

function line(
  label: string,
  points: Series["points"],
  reckoned: Series["points"],
): Line {
  const law = fitPowerLaw(points.filter(([n]) => n >= FIT_FROM));
  const name = `${label}: n^${law.slope.toFixed(2)}`;
  const last = [...points, ...reckoned].slice(-1)[0][0];
  return { series: { name, points, reckoned }, law, last };
}

/** The fitted lines of the first and the last method. */
function fits(lines: readonly Line[]): Series[] {
  return [lines[0], lines[lines.length - 1]].map(({ law, last }) => ({
    name: `fit from n = ${short(FIT_FROM)}: n^${law.slope.toFixed(2)}`,
    points: [FIT_FROM, last].map((n) => [n, law.scale * n ** law.slope]),
    guide: true,
  }));
}

/** Lines of the recall charts: in them the delta rules differ by strength alone. */
const RECALLS: readonly (readonly [
  name: string,
  method: Recall["method"],
  strength: number,
])[] = [
  ["softmax, cache grows", "softmax", 1],
  [`softmax, last ${WINDOW} pairs`, "window", 1],
  ["linear attention", "linear", 1],
  ["delta rule, b = 1", "delta", 1],
  ["RWKV-7, b = 1/4", "wkv", 0.25],
];

function recallChart(
  { recalls, trials }: Parts["recall"],
  task: Task,
): string {
  const titles: Record<Task, string> = {
    once: "The catch: pairs that one head of 64 × 64 recalls",
    twice: "Every key written twice: pairs recalled with their new value",
    later: "After another subject: pairs recalled",
  };
  return plot({
    title: titles[task],
    subtitle: `random keys and values, nearest of all values written, ` +
      `${trials} trials`,
    x: { label: "pairs", scale: "log", range: [4, 512] },
    y: { label: "exact recall, %", scale: "linear", range: [0, 100] },
    series: RECALLS.map(([name, method, strength]) => ({
      name,
      points: recalls
        .filter((r) =>
          r.task === task && r.method === method && r.strength === strength
        )
        .map(({ pairs, exact }) => [pairs, 100 * exact]),
    })),
  });
}

function facts({ facts }: Parts["facts"]): string {
  const series = (["seen", "held-out"] as const).map((source) => ({
    name: source === "seen" ? "words of its training" : "words kept out of it",
    points: facts.filter((f) => f.source === source)
      .map(({ facts, asked, exact }) => [facts, 100 * exact / asked] as const),
  }));
  return plot({
    title: "Facts that the embedded model holds",
    subtitle: "told one a message, answers right word for word",
    x: { label: "facts told", scale: "linear" },
    y: { label: "exact recall, %", scale: "linear", range: [0, 100] },
    series,
  });
}

/** The device and the machine, briefly. */
function where({ device, machine }: Origin): string {
  return `${device}, ${machine.cores} cores, ${machine.date}`;
}
