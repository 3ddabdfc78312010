/**
 * Results as Markdown tables and SVG plots.
 *
 * @module
 */

import type { DeviceKind } from "../src/device/device.ts";
import type { EngineRow } from "./engine.ts";
import type { Machine } from "./machine.ts";
import type { ProfileRow } from "./profile.ts";
import { plot, type Point, type Series } from "./plot.ts";
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
  /** Where the time of a pass goes. */
  readonly profile?: Part<ProfileRow>;
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
  const { startup, engine = {}, profile, turns } = results;
  const parts = Object.values(engine);
  const sections = [
    `# ${results.machine.cpu}, ${results.machine.cores} cores`,
    ...(startup ? [startupSection(startup)] : []),
    ...parts.map(engineSection),
    ...(parts.length > 0 ? [ENGINE_PLOTS] : []),
    ...(profile ? [profileSection(profile)] : []),
    ...(turns ? [turnSection(turns)] : []),
  ];
  const files: [string, string][] = [
    ["README.md", `${sections.join("\n\n")}\n`],
  ];
  if (parts.length > 0) {
    files.push(["decode.svg", decodePlot(parts)]);
    files.push(["prefill.svg", prefillPlot(parts)]);
  }
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
        "× one lane",
        "weights MB",
        "MB a token",
        "memory GB/s",
        "limit tok/s",
        "reached",
        "load ms",
      ],
      rows.map((row) => [
        row.model,
        row.quantization,
        `${row.lanes}`,
        whole(row.prefill),
        whole(row.decode),
        againstOneLane(row, rows),
        (row.weightBytes / 1e6).toFixed(1),
        (row.passBytes / row.lanes / 1e6).toFixed(2),
        (row.bandwidth / 1e9).toFixed(1),
        whole(limit(row)),
        `${Math.round(100 * row.decode / limit(row))} %`,
        whole(row.loadMs),
      ]),
    ),
  ].join("\n\n");
}

const ENGINE_PLOTS = [
  "*MB a token*: every weight but the embedding, and the state read and " +
  "written, shared by the lanes of a pass. *memory*: what this machine reads " +
  "in a loop of as many bytes, with all threads or, on a GPU, as a compute shader; small " +
  "models lie in its caches. *limit*: one by the other.",
  "![Decode against what a token reads](decode.svg)",
  "![Prefill by model](prefill.svg)",
].join("\n\n");

/** Tokens a second, all lanes together, if reading memory were all. */
function limit({ bandwidth, passBytes, lanes }: EngineRow): number {
  return lanes * bandwidth / passBytes;
}

function againstOneLane(row: EngineRow, rows: readonly EngineRow[]): string {
  if (row.lanes === 1) return "";
  const one = rows.find(({ model, quantization, lanes }) =>
    lanes === 1 && model === row.model && quantization === row.quantization
  );
  return one ? (row.decode / one.decode).toFixed(2) : "";
}

function decodePlot(parts: readonly Part<EngineRow>[]): string {
  const all = parts.flatMap(({ rows }) => rows);
  return plot({
    title: "Decode, one lane, and what reading memory allows",
    subtitle: subtitle(parts),
    x: { label: "MB moved for a token", scale: "log" },
    y: { label: "tokens a second", scale: "log" },
    series: [
      ...seriesOf(parts, (row) => [row.passBytes / 1e6, row.decode]),
      {
        name: "memory's limit",
        guide: true,
        points: all.filter(({ lanes }) => lanes === 1)
          .map((row) => [row.passBytes / 1e6, limit(row)] as const)
          .sort(([a], [b]) => a - b),
      },
    ],
  });
}

function prefillPlot(parts: readonly Part<EngineRow>[]): string {
  return plot({
    title: "Prefill, one lane",
    subtitle: subtitle(parts),
    x: { label: "MB of weights", scale: "log" },
    y: { label: "tokens a second", scale: "log" },
    series: seriesOf(parts, (row) => [row.weightBytes / 1e6, row.prefill]),
  });
}

function subtitle(parts: readonly Part<EngineRow>[]): string {
  return parts.map(({ adapter, machine }) => `${adapter}, ${machine.date}`)
    .join("; ");
}

/** A line a device and quantisation, one point a model. */
function seriesOf(
  parts: readonly Part<EngineRow>[],
  point: (row: EngineRow) => Point,
): Series[] {
  return parts.flatMap(({ rows }) =>
    [...new Set(rows.map(({ quantization }) => quantization))].map((kept) => ({
      name: `${rows[0].device}, ${kept}`,
      points: rows.filter(({ quantization, lanes }) =>
        quantization === kept && lanes === 1
      ).map(point).sort(([a], [b]) => a - b),
    }))
  );
}

function profileSection({ machine, adapter, rows }: Part<ProfileRow>): string {
  const groups = Map.groupBy(
    rows,
    (row) =>
      `### ${row.model}, ${row.quantization}, ${row.phase} of ${row.tokens}`,
  );
  const tables = [...groups].flatMap(([title, rows]) => {
    const total = rows.reduce((sum, { ms }) => sum + ms, 0);
    return [
      title,
      table(
        ["kernel", "dispatches", "ms", "share", "µs a dispatch"],
        rows.map(({ kernel, dispatches, ms }) => [
          kernel,
          `${dispatches}`,
          ms.toFixed(2),
          `${(100 * ms / total).toFixed(1)} %`,
          (1000 * ms / dispatches).toFixed(1),
        ]),
      ),
    ];
  });
  return [
    "## Where the time goes, webgpu",
    place(machine, `${adapter}, timestamp queries around each dispatch`),
    ...tables,
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
