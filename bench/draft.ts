/**
 * `deno run -A bench/draft.ts`: would drafting pay? A model whose matrices stay as
 * they are stored could have K tokens drawn ahead by an int4 copy from the same
 * state, read them in one chunk, and keep those that it would have drawn itself:
 * not a bit of the answer would change. What that wins is measured here in two
 * parts, how many drafted tokens are right, and what each step costs.
 *
 * Whether a draft is right depends on trained weights, so texts are those of the
 * models that there are; what steps cost does not, so the 0.1B shape has random
 * weights.
 *
 * @module
 */

import process from "node:process";
import type { DeviceModel } from "../src/device/device.ts";
import { wasmDevice } from "../src/device/wasm/wasm_device.ts";
import { canonical } from "../src/model/canonical_checkpoint.ts";
import type { Checkpoint } from "../src/model/checkpoint.ts";
import { fileSource } from "../src/model/file_source.ts";
import { readTensors } from "../src/model/file_format.ts";
import { openFiles } from "../src/hub/model_files.ts";
import { EMBEDDED } from "../src/hub/resolve_model.ts";
import { openModel } from "../src/model/open_model.ts";
import { GREEDY } from "../src/text/sampling_options.ts";
import {
  PRESETS,
  randomCheckpoint,
} from "../test/support/models/random_model.ts";
import { machine } from "./machine.ts";
import { TEXT } from "./quantization_text.ts";
import { median } from "./speed.ts";
import { table } from "./table.ts";

/** Tokens drafted at once. */
const LENGTHS = [1, 2, 3, 4, 6, 8];

/** Most of them: every draft is drawn so long, and its beginnings are counted. */
const LONGEST = LENGTHS[LENGTHS.length - 1];

/** Drafts of each text, and texts. */
const DRAFTS = 12, TEXTS = 16;

/** Measurements of each step's cost. */
const RUNS = 15;

interface Subject {
  readonly name: string;
  readonly checkpoint: Checkpoint;
  /** Beginnings of texts; none where weights are random. */
  readonly texts: readonly (readonly number[])[];
}

const device = wasmDevice({ threads: 1 });
const subjects = [await embedded(), await lm128(), random()];
const accepted: string[][] = [], costs: string[][] = [];
for (const { name, checkpoint, texts } of subjects) {
  const stored = await device.load(checkpoint, {
    lanes: 1,
    quantization: "none",
  });
  const small = await device.load(checkpoint, {
    lanes: 1,
    quantization: "int4",
  });
  const cost = await measureCost(stored, small);
  costs.push([
    name,
    ...[cost.stored, cost.small, cost.copied].map(milliseconds),
    ...LENGTHS.map((K) => milliseconds(cost.verified.get(K) ?? NaN)),
  ]);
  for (const temperature of texts.length > 0 ? [0, 1] : []) {
    const right = await measureAcceptance(stored, small, texts, temperature);
    accepted.push(
      [
        name,
        `${temperature}`,
        "right",
        ...LENGTHS.map((K) => {
          const mean = right.reduce((sum, n) => sum + Math.min(n, K), 0) /
            right.length;
          return mean.toFixed(2);
        }),
      ],
      [
        name,
        `${temperature}`,
        "speed",
        ...LENGTHS.map((K) => {
          const mean = right.reduce((sum, n) => sum + Math.min(n, K), 0) /
            right.length;
          const step = K * cost.small + (cost.verified.get(K) ?? NaN) +
            2 * cost.copied;
          return `${((mean + 1) * cost.stored / step).toFixed(2)} ×`;
        }),
      ],
    );
  }
  if (texts.length === 0) {
    accepted.push([
      name,
      "",
      "if all were right",
      ...LENGTHS.map((K) => {
        const step = K * cost.small + (cost.verified.get(K) ?? NaN) +
          2 * cost.copied;
        return `${((K + 1) * cost.stored / step).toFixed(2)} ×`;
      }),
    ]);
  }
  await stored.dispose();
  await small.dispose();
}
await device.dispose();

const about = await machine();
const lengths = LENGTHS.map((K) => `K = ${K}`);
const page = [
  "# Drafting with int4 for matrices as they are stored",
  `${about.cpu}, one thread · ${about.runtime} · ${about.date} · ` +
  `${about.commit}. Written by \`bench/draft.ts\`.`,
  "A model whose matrices stay as they are stored (`none`) could have K tokens " +
  "drawn ahead by an int4 copy from the same state and read them in one chunk. " +
  "*Right*: drafted tokens in a row that are those of the stored matrices, mean " +
  `over ${TEXTS} texts with ${DRAFTS} drafts each. *Speed*: the tokens that a ` +
  "round gives over its time, against decode without drafts, by the costs below.",
  table(["model", "temperature", "", ...lengths], accepted),
  "## What steps cost",
  "CPU milliseconds, medians: a token drawn with stored matrices and with int4, a " +
  "state copied, and K + 1 tokens read in one chunk with the logits of each.",
  table(["model", "stored", "int4", "copy", ...lengths], costs),
].join("\n\n");
const folder = new URL("results/draft/", import.meta.url);
await Deno.mkdir(folder, { recursive: true });
await Deno.writeTextFile(new URL("README.md", folder), `${page}\n`);
await Deno.stdout.write(new TextEncoder().encode(`${page}\n`));

async function embedded(): Promise<Subject> {
  const { checkpoint, tokenizer } = await openModel(await openFiles(EMBEDDED));
  const questions = [
    "Hello!",
    "My name is Ada. What is my name?",
    "Who are you?",
    "I have a dog called Bruno.",
    "Tell me a story.",
    "What can you do?",
    "The code of the door is 4711. What is the code?",
    "How are you?",
  ];
  return {
    name: "embedded",
    checkpoint,
    texts: Array.from(
      { length: TEXTS },
      (_, i) =>
        tokenizer.encode(
          `User: ${questions[i % questions.length]}\n\nAssistant:`,
        ),
    ),
  };
}

async function lm128(): Promise<Subject> {
  const path = "../test/fixtures/goldens/lm128-bf16.safetensors";
  const source = await fileSource(new URL(path, import.meta.url));
  const { tensors, lora } = await readTensors([source]);
  const bytes = [...new TextEncoder().encode(TEXT)];
  return {
    name: "lm128",
    checkpoint: canonical(tensors, "lm128", lora),
    texts: Array.from(
      { length: TEXTS },
      (_, i) => bytes.slice(100 * i, 100 * i + 150),
    ),
  };
}

function random(): Subject {
  const model = { ...PRESETS["0.1B"], type: "F16" } as const;
  return {
    name: "0.1B, random weights",
    checkpoint: randomCheckpoint(model),
    texts: [],
  };
}

/** For each draft, how many tokens in a row were right, up to `LONGEST`. */
async function measureAcceptance(
  stored: DeviceModel,
  small: DeviceModel,
  texts: readonly (readonly number[])[],
  temperature: number,
): Promise<number[]> {
  const right: number[] = [];
  for (const [seed, text] of texts.entries()) {
    const sampling = { ...GREEDY, temperature, seed: [seed, 0] as const };
    await stored.clear(0);
    await stored.step([{ lane: 0, tokens: text.slice(0, -1), draw: 0 }]);
    let unread = text[text.length - 1], position = text.length;
    for (let draft = 0; draft < DRAFTS; draft++) {
      await small.write(0, await stored.read(0));
      const step = {
        lane: 0,
        tokens: [unread],
        draw: LONGEST,
        sampling: { ...sampling, position },
      };
      const [[own], [ahead]] = [
        await stored.step([step]),
        await small.step([step]),
      ];
      const wrong = own.drawn.findIndex((token, i) => token !== ahead.drawn[i]);
      right.push(wrong < 0 ? LONGEST : wrong);
      unread = own.drawn[LONGEST - 1];
      position += LONGEST;
    }
  }
  return right;
}

/** CPU milliseconds. */
async function measureCost(stored: DeviceModel, small: DeviceModel): Promise<{
  readonly stored: number;
  readonly small: number;
  readonly copied: number;
  readonly verified: ReadonlyMap<number, number>;
}> {
  const step = (model: DeviceModel) => () =>
    model.step([{ lane: 0, tokens: [1], draw: 16, sampling: GREEDY }]);
  const chunk = (K: number) => () =>
    stored.step([{
      lane: 0,
      tokens: Array.from({ length: K + 1 }, (_, i) => 1 + 7 * i),
      draw: 0,
      logits: "all",
    }]);
  const works: (readonly [string, () => Promise<unknown>, number])[] = [
    ["stored", step(stored), 16],
    ["small", step(small), 16],
    ["copied", async () => await small.write(0, await stored.read(0)), 1],
    ...LENGTHS.map((K) => [`${K}`, chunk(K), 1] as const),
  ];
  const times = new Map(works.map(([name]) => [name, [] as number[]]));
  for (let run = 0; run <= RUNS; run++) {
    for (const [name, work, count] of works) {
      const before = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(before);
      if (run > 0) times.get(name)?.push((user + system) / 1000 / count);
    }
  }
  const of = (name: string) => median(times.get(name) ?? []);
  return {
    stored: of("stored"),
    small: of("small"),
    copied: of("copied"),
    verified: new Map(LENGTHS.map((K) => [K, of(`${K}`)])),
  };
}

function milliseconds(value: number): string {
  return value.toPrecision(2);
}
