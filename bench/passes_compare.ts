/**
 * Two builds of the wasm kernels in whole models: `deno run -A
 * bench/passes_compare.ts BEFORE.wasm [MODEL] [QUANTIZATION] [THREADS]` times passes
 * of both in turn, in one process.
 *
 * `git show COMMIT:src/device/wasm/kernels.wasm > before.wasm` is a build.
 *
 * @module
 */

import { cpuUsage } from "node:process";
import type { Quantization } from "../src/device/device.ts";
import { wasmDevice } from "../src/device/wasm/wasm_device.ts";
import { GREEDY } from "../src/text/sampling_options.ts";
import { checkpoints, type ModelName } from "./engine.ts";
import { median } from "./speed.ts";
import { table } from "./table.ts";

/** Rounds, the first of which warm up. */
const ROUNDS = 13, WARM = 3;

/** What a round times: lanes, tokens read on each, and whether they draw. */
const PARTS = [
  { name: "one token", lanes: 1, read: 1, draw: 12 },
  { name: "8 conversations, a token", lanes: 8, read: 1, draw: 6 },
  { name: "turn of 21 tokens", lanes: 1, read: 21, draw: 1 },
  { name: "prompt of 512", lanes: 1, read: 512, draw: 0 },
];

const [before, model = "0.1B", quantization = "int8", threads] = Deno.args;
const checkpoint = await checkpoints[model as ModelName]();
const models = await Promise.all(
  [before, new URL("../src/device/wasm/kernels.wasm", import.meta.url)].map(
    async (file) => {
      const kernels = new WebAssembly.Module(await Deno.readFile(file));
      const count = threads === undefined ? {} : { threads: Number(threads) };
      return await wasmDevice({ kernels, ...count }).load(checkpoint, {
        lanes: 8,
        quantization: quantization as Quantization,
      });
    },
  ),
);
const rows = [];
for (const { name, lanes, read, draw } of PARTS) {
  const wall: number[][] = [[], []], cpu: number[][] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const i of round % 2 ? [0, 1] : [1, 0]) {
      const tokens = Array.from({ length: read }, (_, t) => 1 + t);
      const batch = Array.from({ length: lanes }, (_, lane) => ({
        lane,
        tokens,
        draw,
        ...draw > 0 && { sampling: GREEDY },
      }));
      const used = cpuUsage(), from = performance.now();
      await models[i].step(batch);
      const passes = Math.max(draw, 1);
      wall[i].push((performance.now() - from) / passes);
      const { user, system } = cpuUsage(used);
      cpu[i].push((user + system) / 1000 / passes);
    }
  }
  const [a, b] = wall.map((all) => median(all.slice(WARM)));
  const [c, d] = cpu.map((all) => median(all.slice(WARM)));
  rows.push([
    name,
    ...[a, b].map((ms) => ms.toFixed(2)),
    `${(a / b).toFixed(2)} ×`,
    ...[c, d].map((ms) => ms.toFixed(2)),
    `${(c / d).toFixed(2)} ×`,
  ]);
}
for (const one of models) await one.dispose();
const text = table(
  ["pass", "before, ms", "after", "gain", "before, CPU ms", "after", "gain"],
  rows,
);
await Deno.stdout.write(
  new TextEncoder().encode(`${model} ${quantization}\n\n${text}\n`),
);
