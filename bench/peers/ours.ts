/**
 * Our side of `bench/peers.ts`: the wasm device, asked by lines of JSON.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import type { DeviceModel } from "../../src/device/device.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { EMBEDDED } from "../../src/hub/resolve_model.ts";
import type { Checkpoint } from "../../src/model/checkpoint.ts";
import { openUnread } from "../../src/model/open_model.ts";
import { openPacked } from "../../src/serve/packed_weights.ts";
import { note } from "../../src/terminal.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";
import { median } from "../speed.ts";
import { measureTurns } from "../turns.ts";
import type { Answer, Load, Question, Speed } from "./protocol.ts";

let loaded: { model: DeviceModel; checkpoint: Checkpoint; load: Load };

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}

async function answer(question: Question): Promise<Answer> {
  if (question.do === "load") return await open(question);
  const { model, checkpoint, load } = loaded;
  if (question.do === "speed") {
    return await speed(model, question);
  }
  const device = wasmDevice({ threads: load.threads });
  const [{ firstTokenMs, openMs, uploadMs, prefillMs }] = await measureTurns(
    device,
    { model: load.model, checkpoint, lengths: [question.history] },
  );
  await device.dispose();
  return { firstTokenMs, openMs, uploadMs, prefillMs };
}

/** As the server loads: from packed weights, where an earlier load kept some. */
async function open(load: Load): Promise<Answer> {
  const { lanes, quantization } = load;
  // Both stay open: weights are read from them for as long as the process lives.
  const files = await openFiles(
    load.model === "embedded" ? EMBEDDED : load.source,
  );
  const device = wasmDevice({ threads: load.threads });
  const packed = await openPacked(files, { device, quantization, note });
  const { checkpoint, fingerprint } = (await openUnread(files))
    .identified(packed.fingerprint);
  const model = await packed.load(
    fingerprint,
    (pieces) => device.load(checkpoint, { lanes, quantization, ...pieces }),
  );
  loaded = { model, checkpoint, load };
  return { weightBytes: model.weightBytes };
}

async function speed(
  model: DeviceModel,
  { prompt, drawn, runs }: Speed,
): Promise<Answer> {
  const { V } = model.shape;
  const tokens = Array.from(
    { length: prompt },
    (_, i) => 1 + (i * 7919) % (V - 1),
  );
  const lanes = Array.from({ length: model.lanes }, (_, lane) => lane);
  const step = (tokens: readonly number[], draw: number) =>
    model.step(lanes.map((lane) => ({ lane, tokens, draw, sampling: GREEDY })));
  const figures: Record<string, number>[] = [];
  for (let run = 0; run <= runs; run++) {
    await Promise.all(lanes.map((lane) => model.clear(lane)));
    const read = await timed(() => step(tokens, 1));
    const answered = await timed(() => step([], drawn));
    const all = lanes.length * 1000;
    figures.push({
      prefill: all * prompt / read.wall,
      prefillCpu: all * prompt / read.cpu,
      decode: all * drawn / answered.wall,
      decodeCpu: all * drawn / answered.cpu,
    });
  }
  if (runs > 0) figures.shift();
  return Object.fromEntries(
    Object.keys(figures[0]).map((key) => [
      key,
      median(figures.map((figure) => figure[key])),
    ]),
  );
}

/** Milliseconds by the clock, and of all this process's threads. */
async function timed(
  work: () => Promise<unknown>,
): Promise<{ readonly wall: number; readonly cpu: number }> {
  const started = performance.now(), before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - started, cpu: (user + system) / 1000 };
}
