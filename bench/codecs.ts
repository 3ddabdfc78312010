/**
 * `deno run -A bench/codecs.ts [--only price,divergence,recall]`: what each codec
 * costs and what it loses, as a page and charts in `bench/results/codecs/`.
 *
 * All parts take a few minutes on two cores.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { DeviceModel } from "../src/device/device.ts";
import { wasmDevice } from "../src/device/wasm/wasm_device.ts";
import type { Checkpoint } from "../src/model/checkpoint.ts";
import { openFiles } from "../src/hub/model_files.ts";
import { openModel } from "../src/model/open_model.ts";
import { openGolden } from "../test/support/goldens.ts";
import {
  divergenceLanes,
  divergenceTokens,
  measureDivergence,
} from "./codecs/divergence.ts";
import { measureMemory } from "./codecs/memory.ts";
import { draw, type Results } from "./codecs/page.ts";
import { measurePrice } from "./codecs/price.ts";
import { Chat } from "../lab/curse/chat.ts";
import { Author } from "../lab/curse/dialogue.ts";
import { machine } from "./machine.ts";

const FOLDER = new URL("results/codecs/", import.meta.url);
const CYCLES = [1, 10, 100];
const { values: flags } = parseArgs({
  options: { only: { type: "string", default: "price,divergence,recall" } },
});
const wanted = new Set(flags.only.split(","));
const device = wasmDevice();
const embedded = await openModel(
  await openFiles(new URL("../models/gosling/", import.meta.url)),
);
const lm128 = await openGolden("lm128-bf16");

await Deno.mkdir(FOLDER, { recursive: true });
let results: Partial<Results> = await earlier();
await add({ machine: await machine(), device: device.name });
if (wanted.has("price")) {
  const [sample] = await states(lm128, [bytesOf(await prose())], 1000);
  await add({ price: await measurePrice({ L: 12, D: 768 }, sample) });
}
if (wanted.has("divergence")) {
  await add({
    divergence: {
      "lm128 (L 4, D 128, bytes)": await divergence(lm128, bytesOf),
      "embedded": await divergence(embedded.checkpoint, (text) => [
        ...embedded.tokenizer.encode(text),
      ]),
    },
  });
}
if (wanted.has("recall")) {
  const model = await load(embedded.checkpoint, 9);
  const chat = new Chat(model, embedded.tokenizer);
  const amount = { facts: 16, dialogues: 16, cycles: CYCLES };
  await add({ memory: await measureMemory(chat, amount) });
  await model.dispose();
}
await device.dispose();

async function divergence(
  checkpoint: Checkpoint,
  tokensOf: (text: string) => number[],
): Promise<Results["divergence"][string]> {
  const length = divergenceTokens(CYCLES);
  const texts = [await prose(), ...[1, 2, 3].map((seed) => dialogue(seed))]
    .map((text) => tokensOf(text).slice(0, length));
  const short = texts.findIndex((tokens) => tokens.length < length);
  if (short >= 0) {
    throw new RangeError(`Cannot measure: text ${short} is too short`);
  }
  const options = { texts, cycles: CYCLES };
  const model = await load(checkpoint, divergenceLanes(options));
  const rows = await measureDivergence(model, options);
  await model.dispose();
  return rows;
}

/** States of a model after the beginnings of texts. */
async function states(
  checkpoint: Checkpoint,
  texts: readonly (readonly number[])[],
  length: number,
): Promise<Float32Array[]> {
  const model = await load(checkpoint, texts.length);
  await model.step(texts.map((tokens, lane) => ({
    lane,
    tokens: tokens.slice(0, length),
    draw: 0,
  })));
  const found = await Promise.all(texts.map((_, lane) => model.read(lane)));
  await model.dispose();
  return found;
}

function load(checkpoint: Checkpoint, lanes: number): Promise<DeviceModel> {
  return device.load(checkpoint, { lanes, quantization: "none" });
}

/** English that no model here has seen as such. */
function prose(): Promise<string> {
  return Deno.readTextFile(new URL("../LICENSE", import.meta.url));
}

/** A long talk about nothing, now and then about a fact. */
function dialogue(seed: number): string {
  const author = new Author(seed);
  const facts = author.facts(30, "seen");
  return facts.flatMap((fact) => [
    fact.told,
    author.smallTalk(),
    author.smallTalk(),
    fact.asked,
    author.smallTalk(),
  ]).map(({ user, reply }) => `User: ${user}\n\nAssistant: ${reply}\n\n`)
    .join("");
}

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

async function add(more: Partial<Results>): Promise<void> {
  results = { ...results, ...more };
  const json = `${JSON.stringify(results, null, 2)}\n`;
  await Deno.writeTextFile(new URL("results.json", FOLDER), json);
  const { price, divergence, memory, ...origin } = results;
  if (!price || !divergence || !memory || !isOrigin(origin)) return;
  const files = draw({ ...origin, price, divergence, memory });
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeTextFile(new URL(name, FOLDER), content);
  }
}

function isOrigin(
  origin: Partial<Results>,
): origin is Pick<Results, "machine" | "device"> {
  return origin.machine !== undefined && origin.device !== undefined;
}

async function earlier(): Promise<Partial<Results>> {
  try {
    return JSON.parse(
      await Deno.readTextFile(new URL("results.json", FOLDER)),
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}
