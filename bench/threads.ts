/**
 * What a pass costs by threads and rows: `deno run -A bench/threads.ts [MODELS]`
 * prints milliseconds, for matrices in int8. Rounds alternate between one thread,
 * one a core, and the device's own choice.
 *
 * @module
 */

import { wasmDevice } from "../src/device/wasm/wasm_device.ts";
import { GREEDY } from "../src/text/sampling_options.ts";
import { checkpoints, type ModelName } from "./engine.ts";
import { median } from "./speed.ts";

/** Rows of a pass: one token drawn, or so many read. */
const ROWS = [1, 2, 4, 8, 16, 64];

/** Rounds, the first of which warm up. */
const ROUNDS = 11, WARM = 3;

const cores = navigator.hardwareConcurrency;
const names = Deno.args.length > 0
  ? Deno.args as ModelName[]
  : ["embedded", "0.1B"] as const;
print(`model, rows: 1 thread, ${cores} threads, chosen (ms a pass)`);
for (const name of names) await measure(name);

async function measure(name: ModelName): Promise<void> {
  const checkpoint = await checkpoints[name]();
  const models = [];
  for (const options of [{ threads: 1 }, { threads: cores }, {}]) {
    const load = { lanes: 1, quantization: "int8" } as const;
    models.push(await wasmDevice(options).load(checkpoint, load));
  }
  for (const rows of ROWS) {
    const passes = name === "embedded" ? 64 : 8;
    const times: number[][] = models.map(() => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, model] of models.entries()) {
        const from = performance.now();
        if (rows === 1) {
          const draw = { draw: passes, sampling: GREEDY };
          await model.step([{ lane: 0, tokens: [1], ...draw }]);
        } else {
          const tokens = Array.from({ length: rows }, (_, t) => 1 + t);
          for (let pass = 0; pass < passes; pass++) {
            await model.step([{ lane: 0, tokens, draw: 0 }]);
          }
        }
        times[i].push((performance.now() - from) / passes);
      }
    }
    const ms = times.map((all) => median(all.slice(WARM)).toFixed(3));
    const { decode, prefill } = models[2].threads ?? {};
    print(
      `${name}, ${rows}: ${ms.join(", ")} (${decode} and ${prefill} threads)`,
    );
  }
  for (const model of models) await model.dispose();
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
