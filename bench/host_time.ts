/**
 * `deno run -A bench/host_time.ts [TREE...]`: what a decoded token costs the host on
 * the webgpu device, of this working tree and of others, in turn: the time that a
 * step takes to be encoded, which does not depend on the GPU. Submits are left
 * out, for a driver on the CPU does its work in them.
 *
 * The model is as deep as 0.1B and as narrow as can be, so that a driver on the
 * CPU is done before the next round. Each tree decodes one lane and eight.
 *
 * @module
 */

import { resolve } from "@std/path";
import { pathToFileURL } from "node:url";
import { randomCheckpoint } from "../test/support/models/random_model.ts";
import { GREEDY } from "../src/text/sampling_options.ts";
import type * as Device from "../src/device/webgpu/webgpu_device.ts";
import { table } from "./table.ts";

/** Tokens of a step, and rounds. */
const DRAW = 8, ROUNDS = 15;

const checkpoint = randomCheckpoint({ L: 12, D: 64, V: 256, type: "F32" });
const roots = [".", ...Deno.args];
const ways = await Promise.all(
  roots.flatMap((root) =>
    [1, 8].map(async (lanes) => {
      const path = "src/device/webgpu/webgpu_device.ts";
      const module: typeof Device = await import(
        pathToFileURL(resolve(root, path)).href
      );
      const device = await module.openWebGpu({ force: true });
      const model = await device.load(checkpoint, {
        lanes,
        quantization: "int8",
      });
      const step = (tokens: readonly number[]) =>
        model.step(Array.from({ length: lanes }, (_, lane) => ({
          ...{ lane, tokens, draw: DRAW, sampling: GREEDY, replay: true },
        })));
      await step([1]);
      return { root, lanes, step, micros: [] as number[] };
    })
  ),
);

let submits = 0;
const submit = GPUQueue.prototype.submit;
GPUQueue.prototype.submit = function (commands) {
  const before = performance.now();
  submit.call(this, commands);
  submits += performance.now() - before;
  return undefined;
};
for (let round = 0; round < ROUNDS; round++) {
  for (const { step, micros } of ways) {
    submits = 0;
    const before = performance.now();
    const pending = step([]);
    const ms = performance.now() - before - submits;
    micros.push(1000 * ms / DRAW);
    await pending;
  }
}
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const rows = ways.map(({ root, lanes, micros }) => [
  ...[root, `${lanes}`, median(micros).toFixed(0)],
  Math.min(...micros).toFixed(0),
]);
const told = table(["tree", "lanes", "µs a pass, median", "least"], rows);
await Deno.stdout.write(new TextEncoder().encode(`${told}\n`));
Deno.exit(0);
