/**
 * `deno run -A bench/load_time.ts [--shapes 0.1B,0.4B,1.5B] [--kinds
 * safetensors,pth,gguf] [--quants none,int8,int4] [--device wasm|webgpu]
 * [--folder DIR] [--keep] [--cap GIGABYTES]`: time and memory of loads, each in a
 * process of its own.
 *
 * Random models of official shapes are written into the folder (3 GB for 1.5B)
 * and removed afterwards, unless they are kept for another run. Quantised weights are loaded twice: the first load packs
 * them, the second takes what was kept. `--cap` holds each process, with the pages
 * of the files that it reads, under a bound. Rows are added to
 * `results/loading/results.json`, and the page beside it is written from all.
 *
 * @module
 */

import { join } from "@std/path";
import { parseArgs } from "node:util";
import { note } from "../src/terminal.ts";
import type { Quantization } from "../src/device/device.ts";
import { type Cap, memoryCap } from "./loading/cap.ts";
import type { Load } from "./loading/child.ts";
import { type Kind, modelFile } from "./loading/files.ts";
import { loadingPage, type LoadRow } from "./loading/page.ts";
import { machine } from "./machine.ts";
import { PRESETS } from "../test/support/models/random_model.ts";
import { worldLines } from "../test/support/models/write_gguf.ts";

const { values: flags } = parseArgs({
  options: {
    shapes: { type: "string", default: "0.1B,0.4B,1.5B" },
    kinds: { type: "string", default: "safetensors" },
    quants: { type: "string", default: "none,int8,int4" },
    device: { type: "string", default: "wasm" },
    folder: { type: "string" },
    keep: { type: "boolean", default: false },
    cap: { type: "string" },
  },
});

/** Lanes of every load. */
const LANES = 4;

const about = await machine();
const page = new URL("results/loading/", import.meta.url);
await Deno.mkdir(page, { recursive: true });
const results = new URL("results.json", page);
const rows: LoadRow[] = await earlier();
const own = flags.folder === undefined;
const folder = flags.folder ?? await Deno.makeTempDir();
try {
  for (const shape of flags.shapes.split(",")) {
    for (const kind of flags.kinds.split(",")) {
      await measure(shape as keyof typeof PRESETS, kind as Kind);
    }
  }
} finally {
  if (own) await Deno.remove(folder, { recursive: true });
}

async function measure(
  shape: keyof typeof PRESETS,
  kind: Kind,
): Promise<void> {
  const place = join(folder, `${shape}-${kind}`);
  const path = join(place, `model.${kind}`);
  await Deno.mkdir(place, { recursive: true });
  try {
    const model = PRESETS[shape];
    if (!await exists(path)) {
      const pieces = ReadableStream.from(modelFile(model, kind));
      await Deno.writeFile(`${path}.part`, pieces);
      await Deno.writeTextFile(join(place, "vocab.txt"), worldLines(model.V));
      await Deno.rename(`${path}.part`, path);
    }
    const { size } = await Deno.stat(path);
    // Packed weights are kept once their source is a few seconds old.
    await new Promise((done) => setTimeout(done, 2500));
    for (
      const quantization of flags.quants.split(",").filter(
        Boolean,
      ) as Quantization[]
    ) {
      const loads = quantization === "none" ? ["none"] : ["made", "taken"];
      for (const packed of loads) {
        const load = await run(path, quantization);
        const row: LoadRow = {
          machine: about,
          shape,
          kind,
          device: flags.device,
          quantization,
          packed,
          fileBytes: size,
          ...(flags.cap && { cap: 1e9 * Number(flags.cap) }),
          ...load,
        };
        note(JSON.stringify(row));
        await keep(row);
      }
      for await (const { name } of Deno.readDir(place)) {
        if (name.endsWith(".cache")) await Deno.remove(join(place, name));
      }
    }
  } finally {
    if (!flags.keep) await Deno.remove(place, { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

/** One load; what went wrong, if it did not end well. */
async function run(
  path: string,
  quantization: Quantization,
): Promise<Load | { readonly failure: string }> {
  using cap = flags.cap === undefined
    ? undefined
    : memoryCap(1e9 * Number(flags.cap));
  const child = new URL("loading/child.ts", import.meta.url).pathname;
  const args = ["run", "-A", child, path, flags.device, quantization];
  const [command, given] = wrapped(cap, [...args, `${LANES}`]);
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: given,
  }).output();
  if (code === 0) return JSON.parse(new TextDecoder().decode(stdout));
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  const said = lines.find((line) => /\w*Error: /.test(line)) ?? "";
  return { failure: said.replace(/^.*?Error: /, "") || `exit code ${code}` };
}

function wrapped(
  cap: Cap | undefined,
  args: string[],
): [command: string, args: string[]] {
  return cap?.wrap(Deno.execPath(), args) ?? [Deno.execPath(), args];
}

/** Puts a row in the place of an earlier one of the same load. */
async function keep(row: LoadRow): Promise<void> {
  const same = rows.findIndex((other) => nameOf(other) === nameOf(row));
  if (same >= 0) rows[same] = row;
  else rows.push(row);
  await Deno.writeTextFile(results, `${JSON.stringify(rows, null, 1)}\n`);
  await Deno.writeTextFile(new URL("README.md", page), loadingPage(rows));
}

function nameOf(
  { shape, kind, device, quantization, packed, cap }: LoadRow,
): string {
  return [shape, kind, device, quantization, packed, cap].join();
}

async function earlier(): Promise<LoadRow[]> {
  try {
    return JSON.parse(await Deno.readTextFile(results));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
