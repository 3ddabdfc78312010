/**
 * Results as Markdown tables and SVG plots.
 *
 * @module
 */

import type { DeviceKind } from "../src/device/device.ts";
import type { EngineRow } from "./engine.ts";
import type { Machine } from "./machine.ts";
import { plot } from "./plot.ts";
import type { Startup } from "./startup.ts";
import { table } from "./table.ts";
import type { TurnRow } from "./turns.ts";

/** A machine's figures. Each part says by itself when and where it was measured. */
export interface Results {
  /** The machine of the last run. */
  readonly machine: Machine;
  /** Cold start. */
  readonly startup?: Startup & { readonly machine: Machine };
  /** Prefill and decode. */
  readonly engine?: Partial<Record<DeviceKind, Part<EngineRow>>>;
  /** Turns after a long past. */
  readonly turns?: Part<TurnRow>;
}

/** The rows of one device. */
export interface Part<Row> {
  /** Where and when. */
  readonly machine: Machine;
  /** The device's own name. */
  readonly adapter: string;
  /** What was measured. */
  readonly rows: readonly Row[];
}

/** The files of a report, by name. */
export function drawReport(results: Results): [string, string][] {
  const { startup, engine = {}, turns } = results;
  const sections = [
    `# ${results.machine.cpu}, ${results.machine.cores} cores`,
    ...(startup ? [startupSection(startup)] : []),
    ...Object.values(engine).map(engineSection),
    ...(turns ? [turnSection(turns)] : []),
  ];
  const files: [string, string][] = [
    ["README.md", `${sections.join("\n\n")}\n`],
  ];
  if (turns) files.push(["turns.svg", turnPlot(turns)]);
  return files;
}

function startupSection(
  { machine, listeningMs, firstTokenMs, runs }: Startup & {
    readonly machine: Machine;
  },
): string {
  return [
    "## Cold start",
    place(machine, `medians of ${runs} starts, embedded model, wasm device`),
    table(["", "ms"], [
      ["listening", whole(listeningMs)],
      ["first token over HTTP", whole(firstTokenMs)],
    ]),
  ].join("\n\n");
}

function engineSection({ machine, adapter, rows }: Part<EngineRow>): string {
  return [
    `## Prefill and decode, ${rows[0].device}`,
    place(machine, adapter),
    table(
      [
        "model",
        "matrices",
        "lanes",
        "prefill tok/s",
        "decode tok/s",
        "weights MB",
        "GB/s in decode",
        "load ms",
      ],
      rows.map((row) => [
        row.model,
        row.quantization,
        `${row.lanes}`,
        whole(row.prefill),
        whole(row.decode),
        (row.weightBytes / 1e6).toFixed(1),
        (row.weightBytes * row.decode / row.lanes / 1e9).toFixed(1),
        whole(row.loadMs),
      ]),
    ),
  ].join("\n\n");
}

function turnSection({ machine, adapter, rows }: Part<TurnRow>): string {
  return [
    "## A turn of 21 new tokens after a long past, int8 matrices, int8 save",
    place(machine, adapter),
    table(
      [
        "model",
        "history",
        "open ms",
        "upload ms",
        "prefill ms",
        "first token ms",
        "download ms",
        "seal ms",
        "save kB",
      ],
      rows.map((row) => [
        row.model,
        row.history.toLocaleString("en"),
        row.openMs.toFixed(1),
        row.uploadMs.toFixed(1),
        row.prefillMs.toFixed(1),
        row.firstTokenMs.toFixed(1),
        row.downloadMs.toFixed(1),
        row.sealMs.toFixed(1),
        (row.saveBytes / 1e3).toFixed(1),
      ]),
    ),
    "![Time to the first token against history](turns.svg)",
  ].join("\n\n");
}

function turnPlot({ machine, rows }: Part<TurnRow>): string {
  const models = [...new Set(rows.map(({ model }) => model))];
  return plot({
    title: "Time to the first token, save opened and state uploaded",
    subtitle: `${machine.cpu}, ${machine.date}, ${machine.commit}`,
    x: { label: "tokens of history", scale: "log" },
    y: { label: "ms", scale: "log" },
    series: models.map((name) => ({
      name,
      points: rows.filter(({ model }) => model === name)
        .map(({ history, firstTokenMs }) => [history, firstTokenMs] as const),
    })),
  });
}

function place(machine: Machine, what: string): string {
  return `${what} · ${machine.runtime} · ${machine.date} · ${machine.commit}`;
}

function whole(value: number): string {
  return value < 100 ? value.toFixed(1) : `${Math.round(value)}`;
}
