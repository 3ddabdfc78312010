/**
 * `deno task bench [--only start,engine,turns] [--device wasm|webgpu] [--profile]
 * [--long]`: measures this machine, prints the tables, and writes them with their plots to
 * `bench/results/<machine>/`.
 *
 * `--profile` measures nothing but the dispatches of the webgpu device, each
 * between two timestamps.
 *
 * The default takes under five minutes. `--long` has the 0.1B shape read 128k and
 * 1M tokens as well, which takes half an hour.
 *
 * @module
 */

import cliProgress from "cli-progress";
import type { Device } from "../src/device/device.ts";
import { Gpu } from "../src/device/webgpu/gpu.ts";
import { wasmDevice } from "../src/device/wasm/wasm_device.ts";
import { openWebGpu } from "../src/device/webgpu/webgpu_device.ts";
import { type Bandwidth, gpuBandwidth, wasmBandwidth } from "./bandwidth.ts";
import { CASES, checkpoints, type EngineRow, measure } from "./engine.ts";
import { readFlags, readParts } from "./flags.ts";
import { machine, slug } from "./machine.ts";
import { profileWebGpu } from "./profile.ts";
import { drawReport, type Results } from "./report.ts";
import { measureStartup } from "./startup.ts";
import { measureTurns, type TurnRow } from "./turns.ts";

const PARTS = ["start", "engine", "turns"], DEVICES = ["wasm", "webgpu"];

const HELP = `deno task bench [flags]

Measures this machine, prints the tables, and writes them with their plots to
bench/results/<machine>/. Takes under five minutes.

  --only LIST      ${PARTS.join(",")} (all)
  --device LIST    ${DEVICES.join(",")} (both)
  --profile        nothing but the dispatches of the webgpu device
  --long           the 0.1B shape reads 128k and 1M tokens too: half an hour
`;

const { values: flags } = readFlags(HELP, {
  options: {
    only: { type: "string", default: PARTS.join(",") },
    device: { type: "string", default: DEVICES.join(",") },
    profile: { type: "boolean", default: false },
    long: { type: "boolean", default: false },
  },
});
const only = readParts("only", flags.only, PARTS);
const kinds = readParts("device", flags.device, DEVICES);
const parts = flags.profile ? new Set() : only;
const about = await machine();
const folder = new URL(`results/${slug(about)}/`, import.meta.url);
await Deno.mkdir(folder, { recursive: true });
const file = new URL("results.json", folder);
let results: Results = { machine: about, ...await earlier() };

if (parts.has("start")) {
  await add({ startup: { machine: about, ...await measureStartup(5) } });
}
if (flags.profile) await profile();
else {for (const device of await devices()) {
    if (parts.has("engine")) await engine(device);
    // The turn is the story of the default device; software WebGPU is too slow
    // to read histories with.
    if (parts.has("turns") && device.kind === "wasm") await turns(device);
    await device.dispose();
  }}

async function engine(device: Device): Promise<void> {
  const software = device.kind === "webgpu" && device.name.includes("llvmpipe");
  const bar = progress(`${device.kind} engine`, CASES.length);
  const bandwidth = await openBandwidth(device);
  const rows: EngineRow[] = [];
  for (const wanted of CASES) {
    rows.push(
      await measure(device, wanted, { slow: software, bandwidth }),
    );
    bar.increment();
  }
  bandwidth.dispose();
  bar.stop();
  await add({
    engine: {
      ...results.engine,
      [device.kind]: { machine: about, adapter: device.name, rows },
    },
  });
}

async function openBandwidth({ kind }: Device): Promise<Bandwidth> {
  const gpu = kind === "wasm" ? undefined : await Gpu.open({ hardware: false });
  // A driver that runs shaders on the processor reads no faster than it can.
  if (gpu === undefined || gpu.software) {
    gpu?.dispose();
    return await wasmBandwidth(navigator.hardwareConcurrency);
  }
  const bandwidth = gpuBandwidth(gpu);
  return { ...bandwidth, dispose: () => gpu.dispose() };
}

async function profile(): Promise<void> {
  const device = await openWebGpu({ force: true });
  const slow = device.name.includes("llvmpipe");
  const rows = await profileWebGpu(device, { slow });
  await device.dispose();
  await add({ profile: { machine: about, adapter: device.name, rows } });
}

async function turns(device: Device): Promise<void> {
  const lengths = [1_024, 16_384, 131_072, 1_048_576];
  const rows: TurnRow[] = [];
  for (const model of ["embedded", "0.1B"] as const) {
    const ends = flags.long || model === "embedded"
      ? lengths
      : lengths.slice(0, 2);
    const bar = progress(`${model} history`, ends.at(-1) ?? 0);
    rows.push(
      ...await measureTurns(device, {
        model,
        checkpoint: await checkpoints[model](),
        lengths: ends,
        progress: (read) => bar.update(read),
      }),
    );
    bar.stop();
  }
  await add({ turns: { machine: about, adapter: device.name, rows } });
}

async function devices(): Promise<Device[]> {
  return [
    ...kinds.has("wasm") ? [wasmDevice()] : [],
    ...kinds.has("webgpu") ? [await openWebGpu({ force: true })] : [],
  ];
}

async function add(more: Partial<Results>): Promise<void> {
  results = { ...results, ...more };
  await Deno.writeTextFile(file, `${JSON.stringify(results, null, 2)}\n`);
  for (const [name, content] of drawReport(results)) {
    await Deno.writeTextFile(new URL(name, folder), content);
    if (name.endsWith(".md")) await print(content);
  }
}

async function earlier(): Promise<Partial<Results>> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

function progress(
  title: string,
  total: number,
): InstanceType<typeof cliProgress.SingleBar> {
  const bar = new cliProgress.SingleBar({
    format: `${title} [{bar}] {value}/{total}`,
  });
  bar.start(total, 0);
  return bar;
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}
