/**
 * llama.cpp beside the wasm device: the same shapes and weights, the same number
 * of threads, runs taken in turn so that both meet the same machine.
 *
 * `deno run -A bench/peers.ts --build DIR --folder DIR` takes `llama-bench` and
 * `llama-quantize` from a build of llama.cpp, and writes the models it needs to
 * the folder once.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { Quantization } from "../src/device/device.ts";
import { wasmDevice } from "../src/device/wasm/wasm_device.ts";
import { canonical } from "../src/model/canonical_checkpoint.ts";
import {
  type Key,
  llamaKeys,
  llamaTensors,
  writeGguf,
} from "../test/support/models/write_gguf.ts";
import { machine, slug } from "./machine.ts";
import {
  PRESETS,
  type RandomModel,
  randomTensors,
} from "../test/support/models/random_model.ts";
import { median, speed } from "./speed.ts";
import { table } from "./table.ts";

const { values: { build, folder, rounds } } = parseArgs({
  options: {
    build: { type: "string" },
    folder: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
});
if (build === undefined || folder === undefined) {
  throw new Error("Cannot compare: give --build DIR and --folder DIR");
}

const PROMPT = 512, DRAWN = 64;
const THREADS = navigator.hardwareConcurrency;

/** Our quantisation and the one of llama.cpp that takes as many bits. */
const PAIRS: readonly (readonly [Quantization, string])[] = [
  ["none", "F16"],
  ["int8", "Q8_0"],
  ["int4", "Q4_0"],
];

const MODELS = ["5.5M", "0.1B"] as const;

interface Figures {
  readonly prefill: number;
  readonly decode: number;
}

const rows: string[][] = [];
const device = wasmDevice({ threads: THREADS });
for (const name of MODELS) {
  const model: RandomModel = { ...PRESETS[name], type: "F16" };
  const checkpoint = canonical(
    new Map(randomTensors(model).map((tensor) => [tensor.name, tensor])),
    name,
  );
  for (const [quantization, theirName] of PAIRS) {
    const file = await gguf(name, model, theirName);
    const loaded = await device.load(checkpoint, { lanes: 1, quantization });
    const ours: Figures[] = [], theirs: Figures[] = [];
    for (let round = 0; round < Number(rounds); round++) {
      ours.push(
        await speed(loaded, {
          prefillTokens: PROMPT,
          decodeTokens: DRAWN,
          lanes: 1,
          runs: 3,
        }),
      );
      theirs.push(await llamaBench(file));
    }
    await loaded.dispose();
    rows.push([
      name,
      `${quantization} / ${theirName}`,
      ...(["prefill", "decode"] as const).flatMap((part) => {
        const mine = ours.map((figures) => figures[part]);
        const other = theirs.map((figures) => figures[part]);
        const ratios = mine.map((value, i) => value / other[i]);
        return [
          median(mine).toFixed(0),
          median(other).toFixed(0),
          median(ratios).toFixed(2),
        ];
      }),
    ]);
    await print(`${rows.at(-1)?.join("  ")}\n`);
  }
}
await device.dispose();

const about = await machine();
const results = new URL(`results/${slug(about)}/`, import.meta.url);
await Deno.mkdir(results, { recursive: true });
const text = [
  "# llama.cpp beside the wasm device",
  `${about.cpu}, ${THREADS} threads each · ${about.runtime} · ` +
  `llama.cpp ${await llamaCommit()} · ${about.date} · ${about.commit}`,
  table([
    "model",
    "matrices",
    "prefill 512",
    "llama.cpp",
    "ratio",
    "decode 64",
    "llama.cpp",
    "ratio",
  ], rows),
].join("\n\n");
await Deno.writeTextFile(new URL("peers.md", results), `${text}\n`);
await print(`${text}\n`);

/** The model as llama.cpp reads it: ours in F16, the rest by its own tool. */
async function gguf(
  name: string,
  model: RandomModel,
  type: string,
): Promise<string> {
  const path = `${folder}/${name}-${type}.gguf`;
  if (await exists(path)) return path;
  if (type !== "F16") {
    await run("llama-quantize", await gguf(name, model, "F16"), path, type);
    return path;
  }
  const tensors = await llamaTensors(randomTensors(model), "F16");
  await Deno.writeFile(path, writeGguf(keys(model), tensors));
  return path;
}

function keys(model: RandomModel): Record<string, Key> {
  const { L, D, V } = model;
  const rank = (name: string) =>
    randomTensors(model).find((tensor) => tensor.name === name)?.shape[1] ?? 0;
  const U32 = 4;
  const sizes = {
    context_length: 1 << 20,
    embedding_length: D,
    block_count: L,
    feed_forward_length: 4 * D,
    "attention.head_count": 0,
    "attention.decay_lora_rank": rank("blocks.0.att.w1"),
    "attention.iclr_lora_rank": rank("blocks.0.att.a1"),
    "attention.value_residual_mix_lora_rank": rank("blocks.1.att.v1"),
    "attention.gate_lora_rank": rank("blocks.0.att.g1"),
  };
  return {
    ...llamaKeys(V),
    ...Object.fromEntries(
      Object.entries(sizes).map((
        [key, value],
      ) => [`rwkv7.${key}`, [U32, value] as const]),
    ),
  };
}

async function llamaBench(file: string): Promise<Figures> {
  const printed = await run(
    "llama-bench",
    ...["-m", file, "-t", `${THREADS}`, "-p", `${PROMPT}`, "-n", `${DRAWN}`],
    ...["-r", "3", "-o", "json"],
  );
  const [prefill, decode] = JSON.parse(printed);
  return { prefill: middle(prefill), decode: middle(decode) };
}

function middle({ samples_ts }: { samples_ts: number[] }): number {
  return median(samples_ts);
}

async function llamaCommit(): Promise<string> {
  const [{ build_commit }] = JSON.parse(
    await run(
      "llama-bench",
      ...["-m", await gguf("5.5M", PRESETS["5.5M"], "F16")],
      ...["-p", "8", "-n", "0", "-r", "1", "-o", "json"],
    ),
  );
  return build_commit;
}

async function run(tool: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(
    `${build}/bin/${tool}`,
    { args },
  ).output();
  if (success) return new TextDecoder().decode(stdout);
  const said = new TextDecoder().decode(stderr).slice(-2000);
  throw new Error(`Cannot run ${tool}: it said ${said}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text));
}
