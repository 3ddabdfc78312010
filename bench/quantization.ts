/**
 * `deno run -A bench/quantization.ts`: what int8 and int4 matrices cost in quality.
 *
 * The same text is read with matrices as they are stored and as integers. Of every
 * token's distribution the Kullback–Leibler divergence from the stored model's is
 * taken, and of the text its perplexity. Then the schemes themselves: the relative
 * error of weights in blocks of other sizes, by the same rounding.
 *
 * @module
 */

import type {
  Device,
  DeviceModel,
  Quantization,
} from "../src/device/device.ts";
import { quantizeRows } from "../src/device/webgpu/quantize.ts";
import { wasmDevice } from "../src/device/wasm/wasm_device.ts";
import { openWebGpu } from "../src/device/webgpu/webgpu_device.ts";
import type { Checkpoint } from "../src/model/checkpoint.ts";
import { fileSource } from "../src/model/file_source.ts";
import { canonical } from "../src/model/canonical_checkpoint.ts";
import { readTensors } from "../src/model/file_format.ts";
import { checkpoints } from "./engine.ts";
import { machine } from "./machine.ts";
import { FORMATS, formatTable, type Results } from "./recall/page.ts";
import { table } from "./table.ts";
import { TEXT } from "./quantization_text.ts";

/** A model, and the tokens it reads. */
interface Subject {
  readonly name: string;
  readonly checkpoint: Checkpoint;
  readonly tokens: readonly number[];
  /** Whether the tokens are a text it was trained for, so perplexity says much. */
  readonly text: boolean;
}

/** How far one way of keeping matrices is from the stored ones. */
interface Distance {
  /** Mean over the tokens, nats. */
  readonly mean: number;
  /** The worst token, nats. */
  readonly worst: number;
  /** Tokens whose likeliest successor is another, as a share. */
  readonly flips: number;
  /** Of the text. */
  readonly perplexity: number;
}

/** Tokens of one step, so that logits of few of them are in memory. */
const STEP = 64;

const ROOT = new URL("../", import.meta.url);

const subjects = [
  await bytes("lm128", "test/fixtures/goldens/lm128-bf16.safetensors"),
  await random("0.1B, random weights", await checkpoints["0.1B"](), 192),
];
const rows: string[][] = [];
for (const open of [() => wasmDevice(), () => openWebGpu({ force: true })]) {
  const device = await open();
  for (const subject of subjects) {
    // A random model's tokens say as much on either device; one is enough.
    if (device.kind === "webgpu" && !subject.text) continue;
    rows.push(...await compare(device, subject));
  }
  await device.dispose();
}
const errors = await weightErrors(subjects);
const about = await machine();
const recalled: Results = JSON.parse(
  await Deno.readTextFile(
    new URL("bench/results/recall/results.json", ROOT),
  ),
);
const page = [
  "# What quantisation costs",
  `${about.date} · ${about.commit} · ${about.runtime}. Written by ` +
  "`bench/quantization.ts`.",
  "Every token of a text is predicted with matrices as stored (BF16) and as " +
  "integers. *KL*: the divergence of the second distribution from the first, in " +
  `nats. lm128 reads ${TEXT.length} bytes of prose, the random 0.1B model ` +
  "192 random tokens; untrained weights have no outliers to lose and no text to " +
  "predict, so of it only the divergence is told.",
  table(
    [
      "model",
      "device",
      "matrices",
      "mean KL",
      "worst KL",
      "other likeliest",
      "perplexity",
    ],
    rows,
  ),
  "Both devices spend 8.5 bits on a weight of int8 and 4.5 on one of int4, in " +
  "different ways. webgpu has blocks of 32 with one f16 scale: symmetric, so that " +
  "a product is one multiplication away from the integers. wasm has blocks of 64, " +
  "as many columns as its dot products take at a time: int8 with a bf16 scale and " +
  "the sum of the block, which those products need, int4 with a scale and an " +
  "offset in bf16. For int4 the offset is worth about as much as the shorter " +
  "block, as the divergences show; int8 is so close that neither matters.",
  "On wasm the activations are integers too: 8 bits before int4, and before int8 the " +
  "7 bits that the instruction for dot products leaves them, spread over the range of " +
  "each block of 64. Two instructions for 14 bits took 1.7 times as long for a mean KL " +
  "of 6.2e-5 with lm128 and 1.3e-3 with random weights.",
  ...tasks(recalled),
  "## Blocks of other sizes",
  "The relative error of a weight, root mean square over matrices of the first and " +
  "the last layer, by the rounding of webgpu (`src/device/webgpu/quantize.ts`), and the " +
  "bits that a weight takes with its share of the scale.",
  table(["model", "block", "int8 error", "bits", "int4 error", "bits"], errors),
  "A whole bit more halves the error of int4, so a quarter of a bit should be " +
  "worth 16 %. Halving 64 to 32 costs that quarter and gives lm128 10 %; halving " +
  "32 to 16 costs half a bit, worth 29 %, and gives 14 %. Returns fall, and 32 is " +
  "where they are still near their price. At int8 any of them would do, and one " +
  "size for both is simpler.",
].join("\n\n");
const folder = new URL("bench/results/quantization/", ROOT);
await Deno.mkdir(folder, { recursive: true });
await Deno.writeTextFile(new URL("README.md", folder), `${page}\n`);
await Deno.stdout.write(new TextEncoder().encode(`${page}\n`));

async function bytes(name: string, path: string): Promise<Subject> {
  const source = await fileSource(new URL(path, ROOT));
  const { tensors, lora } = await readTensors([source]);
  const tokens = [...new TextEncoder().encode(TEXT)];
  return {
    name,
    checkpoint: canonical(tensors, name, lora),
    tokens,
    text: true,
  };
}

function random(
  name: string,
  checkpoint: Checkpoint,
  length: number,
): Subject {
  const { V } = checkpoint.shape;
  const tokens = Array.from({ length }, (_, i) => 1 + (i * 7919) % (V - 1));
  return { name, checkpoint, tokens, text: false };
}

async function compare(
  device: Device,
  { name, checkpoint, tokens, text }: Subject,
): Promise<string[][]> {
  const load = (quantization: Quantization) =>
    device.load(checkpoint, { lanes: 1, quantization });
  const rows: string[][] = [];
  for (const quantization of ["none", "int8", "int4"] as const) {
    const [plain, kept] = [await load("none"), await load(quantization)];
    const { mean, worst, flips, perplexity } = await distance(
      [plain, kept],
      tokens,
    );
    await plain.dispose();
    await kept.dispose();
    const same = quantization === "none";
    rows.push([
      name,
      device.kind,
      quantization,
      same ? "" : mean.toExponential(1),
      same ? "" : worst.toExponential(1),
      same ? "" : `${(100 * flips).toFixed(1)} %`,
      text ? perplexity.toFixed(3) : "",
    ]);
  }
  return rows;
}

/** Both models read the same tokens side by side, a step at a time. */
async function distance(
  models: readonly [plain: DeviceModel, kept: DeviceModel],
  tokens: readonly number[],
): Promise<Distance> {
  const { V } = models[0].shape;
  let sum = 0, worst = 0, flips = 0, loss = 0;
  for (let from = 0; from < tokens.length; from += STEP) {
    const part = tokens.slice(from, from + STEP);
    const [p, q] = await Promise.all(models.map(async (model) => {
      const step = { lane: 0, tokens: part, draw: 0, logits: "all" } as const;
      const [{ logits = new Float32Array() }] = await model.step([step]);
      return logits;
    }));
    for (let t = 0; t < part.length; t++) {
      const plain = logProbabilities(p.subarray(t * V, (t + 1) * V));
      const kept = logProbabilities(q.subarray(t * V, (t + 1) * V));
      const kl = plain.reduce(
        (kl, log, i) => kl + Math.exp(log) * (log - kept[i]),
        0,
      );
      sum += kl;
      worst = Math.max(worst, kl);
      if (likeliest(plain) !== likeliest(kept)) flips++;
      const next = tokens[from + t + 1];
      if (next !== undefined) loss -= kept[next];
    }
  }
  const count = tokens.length;
  return {
    mean: sum / count,
    worst,
    flips: flips / count,
    perplexity: Math.exp(loss / (count - 1)),
  };
}

function logProbabilities(logits: Float32Array): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((sum, x) => sum + Math.exp(x - most), 0);
  const norm = most + Math.log(sum);
  return Float64Array.from(logits, (x) => x - norm);
}

function likeliest(logs: Float64Array): number {
  return logs.reduce((best, x, i) => x > logs[best] ? i : best, 0);
}

async function weightErrors(subjects: readonly Subject[]): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { name, checkpoint } of subjects) {
    const { D, L } = checkpoint.shape;
    for (const block of [16, 32, 64, 128]) {
      const cells: string[] = [];
      for (const bits of [8, 4] as const) {
        let noise = 0, signal = 0;
        for (const l of [0, L - 1]) {
          for (const part of ["att.key", "att.output", "ffn.key"]) {
            const weights = await checkpoint.read(
              `blocks.${l}.${part}.weight`,
              [0, D],
            );
            const error = blockError(weights, bits, block);
            noise += error.noise;
            signal += error.signal;
          }
        }
        cells.push(
          `${(100 * Math.sqrt(noise / signal)).toFixed(3)} %`,
          (bits + 16 / block).toFixed(2),
        );
      }
      rows.push([name, `${block}`, ...cells]);
    }
  }
  return rows;
}

/** Squares of what rounding changes, and of the weights. */
function blockError(
  weights: Float32Array,
  bits: 8 | 4,
  block: number,
): { noise: number; signal: number } {
  const { values, scales } = quantizeRows(weights, bits, block);
  let noise = 0, signal = 0;
  for (let i = 0; i < weights.length; i++) {
    const kept = values[i] * scales[Math.floor(i / block)];
    noise += (weights[i] - kept) ** 2;
    signal += weights[i] ** 2;
  }
  return { noise, signal };
}

/** What the embedded model still does: divergence may hide it, or exaggerate it. */
function tasks({ formats, commands }: Results): string[] {
  if (formats === undefined) return [];
  return [
    "## What the embedded model remembers",
    `${FORMATS} Measured by \`${commands["formats"]}\`, wasm device; ` +
    "[all of it](../recall/README.md).",
    formatTable(formats),
  ];
}
