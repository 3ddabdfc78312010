/**
 * One load in a process of its own, so that its memory is nobody else's:
 * `child.ts MODEL DEVICE QUANTIZATION LANES`. Prints what it measured as JSON.
 *
 * @module
 */

import process from "node:process";
import { openPacked } from "../../src/serve/packed_weights.ts";
import { note, write } from "../../src/terminal.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { openWebGpu } from "../../src/device/webgpu/webgpu_device.ts";
import type { Quantization } from "../../src/device/device.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { openUnread } from "../../src/model/open_model.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";

/** What one load took. */
export interface Load {
  /** Reading the tables and the vocabulary. */
  readonly openMs: number;
  /** Reading, digesting and packing weights, and putting them on the device. */
  readonly loadMs: number;
  /** What both took of all cores together. */
  readonly cpuMs: number;
  /** Reading 64 tokens, then drawing 16. */
  readonly turnMs: number;
  /** Largest resident memory up to then, bytes. */
  readonly peak: number;
  /** Resident memory at the end, bytes. */
  readonly resident: number;
  /** Longest time that the event loop did not get round, ms. */
  readonly stallMs: number;
  /** The first tokens drawn. */
  readonly drawn: readonly number[];
}

if (import.meta.main) {
  const [model = "", kind, quantization, lanes] = Deno.args;
  write(JSON.stringify(
    await measure(
      model,
      kind === "webgpu" ? "webgpu" : "wasm",
      quantization as Quantization,
      Number(lanes),
    ),
  ));
  Deno.exit(0);
}

async function measure(
  path: string,
  kind: "wasm" | "webgpu",
  quantization: Quantization,
  lanes: number,
): Promise<Load> {
  const stall = watch();
  await using files = await openFiles(path);
  const device = kind === "wasm"
    ? wasmDevice()
    : await openWebGpu({ force: true });
  await using packed = await openPacked(files, {
    device,
    quantization,
    note,
  });
  const opening = performance.now();
  const before = process.cpuUsage();
  const { checkpoint, fingerprint } = (await openUnread(files))
    .identified(packed.fingerprint);
  const opened = performance.now();
  const model = await packed.load(
    fingerprint,
    (pieces) => device.load(checkpoint, { lanes, quantization, ...pieces }),
  );
  await fingerprint();
  const loaded = performance.now();
  const { user, system } = process.cpuUsage(before);
  const stallMs = stall();
  const tokens = Array.from({ length: 64 }, (_, i) => 1 + 7 * i);
  const [{ drawn }] = await model.step([{
    lane: 0,
    tokens,
    draw: 16,
    sampling: GREEDY,
  }]);
  return {
    openMs: opened - opening,
    loadMs: loaded - opened,
    cpuMs: (user + system) / 1000,
    turnMs: performance.now() - loaded,
    ...memory(),
    stallMs,
    drawn,
  };
}

/** This process's memory, as the kernel counts it. */
function memory(): Pick<Load, "peak" | "resident"> {
  const status = Deno.readTextFileSync("/proc/self/status");
  const field = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return { peak: field("VmHWM"), resident: field("VmRSS") };
}

/** How long the event loop stands still at most, until it is asked. */
function watch(): () => number {
  let last = performance.now(), longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 5);
    last = now;
  }, 5);
  return () => {
    clearInterval(timer);
    return longest;
  };
}
