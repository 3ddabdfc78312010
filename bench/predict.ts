/**
 * `deno run -A bench/predict.ts [--note TEXT]`: what the webgpu device would do on
 * GPUs that have not been at hand, by `time_model.ts`; writes
 * `bench/results/prediction/`. With a note, a line of the history is added: the
 * same figures before and after a change of the kernels.
 *
 * Nothing is run on a GPU. The dispatches are the device's own, recorded.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { Quantization } from "../src/device/device.ts";
import { PASS_ROWS } from "../src/device/webgpu/buffers.ts";
import { PASSES_PER_SUBMIT } from "../src/device/webgpu/passes.ts";
import type { ModelShape } from "../src/model/shape.ts";
import { machine } from "./machine.ts";
import { recordPass } from "./recorded_plan.ts";
import { fill, table } from "./table.ts";
import {
  type DrawKind,
  type GpuNumbers,
  passTime,
  type Work,
  workOf,
} from "./time_model.ts";

const { values: flags } = parseArgs({ options: { note: { type: "string" } } });

/** Data sheets' bandwidth and float32; launches and submits are guesses. */
const GPUS: Readonly<Record<string, GpuNumbers>> = {
  "H200": gpu(4800, 67, 2, 20),
  "RTX 4090": gpu(1008, 82.6, 2, 20),
  "RX 7900 XTX": gpu(960, 61.4, 3, 20),
  "L4": gpu(300, 30.3, 2, 20),
  "M2 Pro": gpu(200, 6.8, 4, 40),
  "Iris Xe (96 EU)": gpu(68, 2.1, 4, 40),
};

function gpu(
  gigabytes: number,
  teraflops: number,
  launch: number,
  submit: number,
): GpuNumbers {
  return {
    bandwidth: gigabytes * 1e9,
    flops: teraflops * 1e12,
    launch: launch * 1e-6,
    submit: submit * 1e-6,
  };
}

const SHAPES = {
  "embedded": sized(6, 128, 3462, [32, 32, 32, 64]),
  "0.1B": sized(12, 768, 65_536, [64, 64, 32, 128]),
  "1.5B": sized(24, 2048, 65_536, [96, 96, 64, 256]),
  "2.9B": sized(32, 2560, 65_536, [96, 96, 64, 320]),
} as const;

function sized(
  L: number,
  D: number,
  V: number,
  [w, a, v, g]: readonly number[],
): ModelShape {
  return { L, D, H: D / 64, F: 4 * D, V, ranks: { w, a, v, g } };
}

type ShapeName = keyof typeof SHAPES;

/** What is told of each model on each GPU. */
interface Question {
  readonly what: string;
  readonly quantization: Quantization;
  readonly rows: number;
  readonly kind: "chunk" | "decode";
  readonly draw?: DrawKind;
}

const QUESTIONS: readonly Question[] = [
  { what: "none", quantization: "none", rows: 1, kind: "decode" },
  { what: "int8", quantization: "int8", rows: 1, kind: "decode" },
  { what: "int4", quantization: "int4", rows: 1, kind: "decode" },
  ask("int8, T = 1", { draw: "temperature" }),
  ask("int8, top-p", { draw: "top-p" }),
  ask("int8 × 8", { rows: 8 }),
  ask("int8 × 64", { rows: 64 }),
  ask("prefill int8", { rows: PASS_ROWS, kind: "chunk" }),
];

function ask(what: string, rest: Partial<Question>): Question {
  return { what, quantization: "int8", rows: 1, kind: "decode", ...rest };
}

/** What all passes of a question do. */
const works = new Map<string, Work[]>();

function worksOf(shape: ShapeName, question: Question): Work[] {
  const key = JSON.stringify([shape, question]);
  const known = works.get(key);
  if (known !== undefined) return known;
  const { rows, kind, draw } = question;
  const pass = recordPass({ shape: SHAPES[shape], ...question });
  const size = { rows, segments: kind === "chunk" ? 1 : rows };
  const made = pass.map((dispatch) => workOf(dispatch, size, draw));
  works.set(key, made);
  return made;
}

/** Tokens a second. */
function speed(gpu: GpuNumbers, shape: ShapeName, question: Question): number {
  const passes = question.kind === "chunk" ? 1 : PASSES_PER_SUBMIT;
  return question.rows / passTime(worksOf(shape, question), gpu, passes);
}

/** What of the time a GPU must take for its bytes alone is in a prediction. */
function roofline(gpu: GpuNumbers, shape: ShapeName): number {
  const question = ask("", {});
  const bytes = worksOf(shape, question)
    .reduce((sum, { bytes }) => sum + bytes, 0);
  return bytes / gpu.bandwidth * speed(gpu, shape, question);
}

const shapes = Object.keys(SHAPES) as ShapeName[];
const tables = shapes.map((shape) => {
  const head = ["GPU", ...QUESTIONS.map(({ what }) => what), "roofline"];
  const rows = Object.entries(GPUS).map(([name, gpu]) => [
    name,
    ...QUESTIONS.map((question) => round(speed(gpu, shape, question))),
    `${(100 * roofline(gpu, shape)).toFixed(0)} %`,
  ]);
  return `## ${shape}\n\n${table(head, rows)}`;
});

const counts = shapes.map((shape) => {
  const of = (question: Question) => worksOf(shape, question);
  const megabytes = (question: Question) =>
    (of(question).reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1);
  return [
    shape,
    `${of(ask("", {})).length}`,
    megabytes(ask("", {})),
    megabytes(ask("", { rows: 8 })),
    megabytes(ask("", { rows: 64 })),
    `${of(ask("", { rows: PASS_ROWS, kind: "chunk" })).length}`,
    megabytes(ask("", { rows: PASS_ROWS, kind: "chunk" })),
  ];
});
const COUNTS = [
  "model, int8",
  "dispatches",
  "MB × 1",
  "MB × 8",
  "MB × 64",
  `dispatches, ${PASS_ROWS} rows`,
  "MB",
];

const folder = new URL("results/prediction/", import.meta.url);
const page = new URL("README.md", folder);
const log = new URL("history.json", folder);
const HISTORY = ["H200", "L4"].flatMap((name) =>
  (["0.1B", "2.9B"] as const).flatMap((shape) =>
    QUESTIONS.slice(1).map((question) => ({ name, shape, question }))
  )
);
const history: { note: string; figures: string[] }[] = JSON.parse(
  await Deno.readTextFile(log),
);
if (flags.note !== undefined) {
  const figures = HISTORY.map(({ name, shape, question }) =>
    round(speed(GPUS[name], shape, question))
  );
  history.push({ note: flags.note, figures });
  await Deno.writeTextFile(log, JSON.stringify(history, null, 2) + "\n");
}
const past = ["H200", "L4"].flatMap((name) =>
  (["0.1B", "2.9B"] as const).map((shape) => {
    const columns = HISTORY.flatMap((at, i) =>
      at.name === name && at.shape === shape ? [i] : []
    );
    const head = [
      `${shape} on ${name}`,
      ...columns.map((i) => HISTORY[i].question.what),
    ];
    const rows = history.map(({ note, figures }) => [
      note,
      ...columns.map((i) => figures[i]),
    ]);
    return table(head, rows);
  })
);

const { commit, date } = await machine();
let text = await Deno.readTextFile(page);
text = fill(text, "date", `${date.slice(0, 10)} · ${commit}`);
text = fill(text, "tables", tables.join("\n\n"));
text = fill(text, "counts", table(COUNTS, counts));
text = fill(text, "history", past.join("\n\n"));
await Deno.writeTextFile(page, text);
const told = `${tables.join("\n\n")}\n\n${table(COUNTS, counts)}\n`;
await Deno.stdout.write(new TextEncoder().encode(told));

function round(x: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(x)));
  return x.toFixed(Math.min(digits, 1));
}
