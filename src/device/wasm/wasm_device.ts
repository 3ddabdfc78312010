/**
 * The device that every machine has: its processor, through WebAssembly SIMD and
 * one worker a core.
 *
 * @module
 */

import { DeviceError } from "../../errors.ts";
import type { Checkpoint } from "../../model/checkpoint.ts";
import type { Device, DeviceModel, LoadOptions } from "../device.ts";
import { WASM_PACKING } from "./wasm_matrix.ts";
import { kernels } from "./kernels.js";
import { layout, type MemoryLayout } from "./memory_layout.ts";
import { loadWeights } from "./load_weights.ts";
import type { ThreadStart } from "./thread_messages.ts";
import { WasmModel } from "./wasm_model.ts";
import { InlineThread } from "./inline_thread.ts";
import { type WasmThread, WorkerThread } from "./worker_thread.ts";

/** What {@linkcode wasmDevice} may be told. */
export interface WasmOptions {
  /**
   * Threads that compute every pass. By default as many as make it shortest, which
   * passes show while they run: one a core at most, and up to 16.
   */
  readonly threads?: number;
  /** Most tokens of a pass. */
  readonly chunk?: number;
  /**
   * Compute on the caller's own thread, in memory that is nobody else's: for
   * pages that are not isolated, and hosts without workers.
   */
  readonly inline?: boolean;
  /** The compiled kernels, for hosts that cannot import them as a module. */
  readonly kernels?: WebAssembly.Module;
}

/** Tokens of a pass at which matrices stream from memory as fast as they multiply. */
const PASS_ROWS = 64;

/** Threads after which memory, and meeting at barriers, set the pace. */
const MOST_THREADS = 16;

/** Bytes of a WebAssembly page, and what 32-bit addresses reach. */
const PAGE = 65_536, PAGES = 65_536;

/** How a device computes. */
type Setup = Required<WasmOptions> & {
  /** Whether all threads compute every pass. */
  readonly allThreads: boolean;
};

/** Makes the device; it takes nothing until a model is loaded. */
export function wasmDevice(options: WasmOptions = {}): Device {
  const { inline = false, chunk = PASS_ROWS } = options;
  const threads = inline
    ? 1
    : options.threads ?? Math.min(navigator.hardwareConcurrency, MOST_THREADS);
  const allThreads = inline || options.threads !== undefined;
  const plan = {
    inline,
    chunk,
    threads,
    allThreads,
    kernels: options.kernels ?? kernels,
  };
  const models = new Set<Promise<DeviceModel>>();
  return {
    kind: "wasm",
    name: threads === 1
      ? "WebAssembly SIMD, 1 thread"
      : `WebAssembly SIMD, ${allThreads ? "" : "up to "}${threads} threads`,
    packing: WASM_PACKING,
    memory(sizes, options) {
      const { bytes } = layout(sizes, options, threads, chunk);
      return { bytes, buffer: bytes };
    },
    load(checkpoint, loadOptions) {
      const model = load(checkpoint, loadOptions, plan);
      models.add(model);
      return model;
    },
    async dispose() {
      const loaded = await Promise.allSettled(models);
      models.clear();
      for (const result of loaded) {
        if (result.status === "fulfilled") await result.value.dispose();
      }
    },
  };
}

async function load(
  checkpoint: Checkpoint,
  options: LoadOptions,
  { threads: count, allThreads, chunk, inline, kernels }: Setup,
): Promise<DeviceModel> {
  if (!inline) expectIsolation();
  const { shape } = checkpoint;
  const plan = layout(checkpoint, options, count, chunk);
  const memory = allocate(plan, !inline);
  for (const [offset, values] of plan.words) {
    new Uint32Array(memory.buffer, offset, values.length).set(values);
  }
  const { promise: lost, resolve } = Promise.withResolvers<Error>();
  const threads: WasmThread[] = [];
  const crashed = (error: Error) => {
    for (const thread of threads) thread.end(error);
    resolve(error);
  };
  const begin = (thread: number): ThreadStart => ({
    module: kernels,
    memory,
    layout: plan,
    thread,
    V: shape.V,
    lanes: options.lanes,
    allThreads,
  });
  const open = (thread: number): WasmThread =>
    inline
      ? new InlineThread(begin(thread))
      : new WorkerThread(begin(thread), crashed);
  const lead = open(0);
  threads.push(lead);
  const others = Array.from({ length: count - 1 }, (_, i) => open(i + 1));
  threads.push(...others);
  try {
    await loadWeights(checkpoint, memory, plan, threads, options);
    await Promise.all(others.map((thread) => thread.do({ name: "serve" })));
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    for (const thread of threads) thread.end(reason);
    throw error;
  }
  const { lanes } = options;
  const { weightBytes } = plan;
  return new WasmModel({
    shape,
    lanes,
    weightBytes,
    lost,
    shared: !inline,
    inUse: new Uint32Array(memory.buffer, plan.inUse, 2),
    staging: plan.staged.map((at) => ({
      at,
      values: new Float32Array(memory.buffer, at, plan.stateBytes / 4),
    })),
    threads: [lead, ...others],
  });
}

/**
 * Makes sure that memory can be shared with workers: pages may only where they are
 * isolated from other origins. Elsewhere sending it fails without a reason.
 */
function expectIsolation(): void {
  if (Reflect.get(globalThis, "crossOriginIsolated") !== false) return;
  throw new DeviceError(
    "ERR_DEVICE_UNAVAILABLE",
    "Cannot compute on several threads: this page is not cross-origin isolated. " +
      "Serve it with Cross-Origin-Opener-Policy: same-origin and " +
      "Cross-Origin-Embedder-Policy: require-corp, or compute on the page's " +
      "own thread (inline)",
  );
}

function allocate(
  { bytes }: MemoryLayout,
  shared: boolean,
): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  try {
    return new WebAssembly.Memory({
      initial: pages,
      maximum: pages,
      shared,
    });
  } catch (cause) {
    const gib = (bytes / 2 ** 30).toFixed(1);
    const repair = pages > PAGES
      ? "WebAssembly addresses 4; keep the matrices as int8 or int4"
      : "this machine has less; keep the matrices as int8 or int4";
    throw new DeviceError(
      "ERR_DEVICE_FAILED",
      `Cannot load the model: it takes ${gib} GiB and ${repair}`,
      { cause },
    );
  }
}
