/**
 * The results as a page and two charts.
 *
 * @module
 */

import { CODEC_NAMES } from "../../src/state/codec.ts";
import type { Machine } from "../machine.ts";
import { plot, type Series } from "../plot.ts";
import { table } from "../table.ts";
import type { Divergence } from "./divergence.ts";
import type { Memory } from "./memory.ts";
import type { Price } from "./price.ts";

/** All that is measured. */
export interface Results {
  /** Where and when. */
  readonly machine: Machine;
  /** The device's own name. */
  readonly device: string;
  /** Bytes and times of a 0.1B state, L 12, D 768. */
  readonly price: readonly Price[];
  /** Divergences, by model. */
  readonly divergence: Readonly<Record<string, readonly Divergence[]>>;
  /** Facts recalled by the embedded model. */
  readonly memory: readonly Memory[];
}

/** The files, by name. */
export function draw(results: Results): Readonly<Record<string, string>> {
  const { machine, device } = results;
  const page = [
    "# What a save costs, and what it loses",
    `Measured by \`deno run -A bench/codecs.ts\` on ${machine.cpu}, ` +
    `${machine.cores} cores, ${machine.runtime}, commit ${machine.commit}, ` +
    `${machine.date}; ${device}. Times are medians.`,
    "## Bytes and milliseconds, 0.1B (L 12, D 768)",
    priceTable(results.price),
    "`seal` goes from a save in memory to a token as text, `open` back.",
    ...Object.entries(results.divergence).flatMap(([model, rows]) => [
      `## Divergence of the next-token distribution, ${model}`,
      divergenceTable(rows),
    ]),
    "KL in nats, mean / worst token, over the 100 tokens after the last of n " +
    "save–load cycles, one every 20 tokens, 4 texts; all runs end at the same " +
    "places. `exact` is 0 because its runs are the same bits.",
    "![Divergence](divergence.svg)",
    "## Facts recalled, embedded model",
    memoryTable(results.memory),
    "Facts told, then n messages of small talk with a save and a load after " +
    "each, then every fact asked for; right is right word for word. `none` is " +
    "never saved: the loss from row to row is the codec's, from column to " +
    "column the model's.",
    "![Recall](recall.svg)",
  ];
  return {
    "README.md": `${page.join("\n\n")}\n`,
    "divergence.svg": divergencePlot(results),
    "recall.svg": recallPlot(results),
  };
}

function priceTable(rows: readonly Price[]): string {
  const state = 4 * 12 * 768 * 66;
  return table(
    ["codec", "bytes", "of f32", "token", "encode", "decode", "seal", "open"],
    rows.map((row) => [
      `\`${row.codec}\``,
      row.bytes.toLocaleString("en"),
      percent(row.bytes / state),
      row.token.toLocaleString("en"),
      ...[row.encodeMs, row.decodeMs, row.sealMs, row.openMs].map((ms) =>
        ms.toFixed(2)
      ),
    ]),
  );
}

function divergenceTable(rows: readonly Divergence[]): string {
  return byCycles(
    rows,
    ({ mean, worst }) =>
      worst === 0
        ? "0"
        : `${mean.toExponential(1)} / ${worst.toExponential(1)}`,
  );
}

function memoryTable(rows: readonly Memory[]): string {
  return byCycles(
    rows,
    ({ exact, asked }) => `${exact}/${asked}, ${percent(exact / asked)}`,
  );
}

function byCycles<Row extends { codec: string; cycles: number }>(
  rows: readonly Row[],
  write: (row: Row) => string,
): string {
  const cycles = [...new Set(rows.map(({ cycles }) => cycles))];
  const codecs = [...new Set(rows.map(({ codec }) => codec))];
  return table(
    ["codec", ...cycles.map((n) => n === 1 ? "1 cycle" : `${n} cycles`)],
    codecs.map((codec) => [
      `\`${codec}\``,
      ...rows.filter((row) => row.codec === codec).map(write),
    ]),
  );
}

function divergencePlot({ divergence, machine }: Results): string {
  const [[model, rows]] = Object.entries(divergence);
  const series = CODEC_NAMES.filter((codec) => codec !== "exact")
    .map((codec): Series => ({
      name: codec,
      points: rows.filter((row) => row.codec === codec)
        .map(({ cycles, mean }) => [cycles, mean]),
    }));
  return plot({
    title: "What saving again and again does to the next token",
    subtitle: `Mean KL from a run never saved, ${model}; exact is 0. ` +
      `${machine.commit}, ${machine.date}`,
    x: { label: "save–load cycles", scale: "log" },
    y: {
      label: "KL, nats",
      scale: "log",
      format: (value) => value.toExponential(0),
    },
    series,
  });
}

function recallPlot({ memory, machine }: Results): string {
  const codecs = [...new Set(memory.map(({ codec }) => codec))];
  return plot({
    title: "Facts recalled after saving again and again",
    subtitle: `Embedded model, ${
      memory[0].asked
    } questions a point. ${machine.commit}, ${machine.date}`,
    x: { label: "save–load cycles, one a message", scale: "log" },
    y: {
      label: "right word for word",
      scale: "linear",
      format: percent,
      range: [0, 1],
    },
    series: codecs.map((codec): Series => ({
      name: codec === "none" ? "never saved" : codec,
      guide: codec === "none",
      points: memory.filter((row) => row.codec === codec)
        .map(({ cycles, exact, asked }) => [cycles, exact / asked]),
    })),
  });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 1 ? 1 : 0)} %`;
}
