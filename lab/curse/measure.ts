/**
 * Measures each part of the results, small or whole.
 *
 * @module
 */

import type { Device } from "../../src/device/device.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { Gpu } from "../../src/device/webgpu/gpu.ts";
import { openWebGpu } from "../../src/device/webgpu/webgpu_device.ts";
import { DeviceError } from "../../src/errors.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { openModel } from "../../src/model/open_model.ts";
import { random } from "../../test/support/random.ts";
import { machine } from "../../bench/machine.ts";
import {
  PRESETS,
  randomCheckpoint,
} from "../../test/support/models/random_model.ts";
import { Chat } from "./chat.ts";
import { measureCosts, slopes } from "./cost.ts";
import { Author } from "./dialogue.ts";
import { readEndless } from "./endless.ts";
import { measureFacts } from "./facts.ts";
import { measureRecall } from "./recall.ts";
import type { Parts } from "./results.ts";

/** How much of each part to measure. */
export interface Amounts {
  /** Lengths of texts, two or more of them from 1000 on. */
  readonly lengths: readonly number[];
  /** Milliseconds that reading one text once may take. */
  readonly limit: number;
  /** Milliseconds to go on repeating a measurement; 0 for a single run. */
  readonly patience: number;
  /** Numbers of pairs. */
  readonly pairs: readonly number[];
  /** Trials of each number of pairs. */
  readonly trials: number;
  /** Numbers of facts. */
  readonly facts: readonly number[];
  /** Dialogues of each number of facts. */
  readonly dialogues: number;
  /** Tokens through the embedded model. */
  readonly endless: number;
  /** Tokens through the 0.1B shape. */
  readonly large: number;
  /** Rounds of each comparison with a blank state. */
  readonly rounds: number;
}

/** Told what was found, line by line. */
export type Report = (line: string) => void;

/** How each part is measured. */
export const MEASURES: {
  readonly [P in keyof Parts]: (
    amounts: Amounts,
    report: Report,
  ) => Promise<Parts[P]>;
} = { cost, recall: recallPart, facts, endless, large };

async function cost(
  { lengths, limit, patience }: Amounts,
  report: Report,
): Promise<Parts["cost"]> {
  const gpu = await Gpu.open({ hardware: false });
  const H = 2;
  const costs = await measureCosts(gpu, {
    lengths,
    H,
    chunk: 2048,
    decoded: 32,
    limit,
    patience,
    report: ({ method, n, prefillMs, measured, decodeMs }) =>
      report(
        `${method}, ${n} tokens: ${measured ? "" : "about "}` +
          `${prefillMs.toPrecision(3)} ms` +
          (decodeMs === undefined
            ? ""
            : `, then ${(1000 * decodeMs).toPrecision(3)} µs a token`),
      ),
  });
  const origin = { machine: await machine(), device: gpu.name };
  gpu.dispose();
  return { ...origin, heads: H, slopes: slopes(costs), costs };
}

async function recallPart(
  { pairs, trials }: Amounts,
  report: Report,
): Promise<Parts["recall"]> {
  const gpu = await Gpu.open({ hardware: false });
  const tasks = ["once", "twice", "later"] as const;
  const recalls = await measureRecall(gpu, { tasks, pairs, trials });
  for (const { method, strength, task, pairs, exact } of recalls) {
    const percent = (100 * exact).toFixed(1);
    report(`${method} at ${strength}, ${pairs} pairs ${task}: ${percent} %`);
  }
  const origin = { machine: await machine(), device: gpu.name };
  gpu.dispose();
  return { ...origin, trials, recalls };
}

async function facts(
  { facts, dialogues }: Amounts,
  report: Report,
): Promise<Parts["facts"]> {
  return await withEmbedded(async (chat, device) => {
    const found = await measureFacts(chat, { facts, dialogues });
    for (const { source, facts, asked, exact } of found) {
      report(`${facts} facts, ${source}: ${exact} of ${asked}`);
    }
    return { machine: await machine(), device: device.name, facts: found };
  });
}

async function endless(
  { endless, rounds }: Amounts,
  report: Report,
): Promise<Parts["endless"]> {
  return await withEmbedded(async (chat, device) => {
    const author = new Author(1);
    const result = await readEndless({
      name: "the embedded model",
      model: chat.model,
      total: endless,
      text: (count) => {
        const tokens: number[] = [];
        while (tokens.length < count) {
          tokens.push(...chat.tokens(author.smallTalk()));
        }
        return tokens;
      },
      memory: { chat, facts: author.facts(6, "seen") },
      rounds,
      report,
    });
    return { machine: await machine(), device: device.name, ...result };
  });
}

async function large(
  { large, rounds }: Amounts,
  report: Report,
): Promise<Parts["large"]> {
  const device = await fastestDevice();
  const preset = PRESETS["0.1B"];
  const checkpoint = randomCheckpoint({ ...preset, type: "BF16" });
  const model = await device.load(checkpoint, {
    lanes: 3,
    quantization: "int8",
  });
  const next = random(1);
  const result = await readEndless({
    name: "0.1B, random weights, int8",
    model,
    total: large,
    text: (count) =>
      Array.from(
        { length: count },
        () => 1 + Math.floor(next() * (preset.V - 1)),
      ),
    rounds,
    report,
  });
  await device.dispose();
  return { machine: await machine(), device: device.name, ...result };
}

/** Lanes for as many questions at once as are worth batching. */
const LANES = 9;

async function withEmbedded<T>(
  work: (chat: Chat, device: Device) => Promise<T>,
): Promise<T> {
  const folder = new URL("../../models/gosling/", import.meta.url);
  await using files = await openFiles(folder);
  const { checkpoint, tokenizer } = await openModel(files);
  const device = await fastestDevice();
  try {
    const model = await device.load(checkpoint, {
      lanes: LANES,
      quantization: "none",
    });
    return await work(new Chat(model, tokenizer), device);
  } finally {
    await device.dispose();
  }
}

/** As the server's `--device auto`: a GPU, or else the processor. */
async function fastestDevice(): Promise<Device> {
  try {
    return await openWebGpu();
  } catch (error) {
    if (error instanceof DeviceError) return wasmDevice();
    throw error;
  }
}
