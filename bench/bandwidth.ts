/**
 * How fast this machine reads memory: through WebAssembly with any number of
 * threads, and through a WebGPU adapter. It is measured for as many bytes as a
 * token needs, again and again, so that what stays in a cache between two tokens
 * stays there here too.
 *
 * @module
 */

import type { Gpu } from "../src/device/webgpu/gpu.ts";
import { createTensor } from "../src/device/webgpu/tensor.ts";
import { compileKernels } from "../tools/wasm.ts";
import type { Job, Lap } from "./bandwidth_worker.ts";
import { median } from "./speed.ts";
import source from "./read.wgsl" with { type: "text" };

/** Measures a device's memory. */
export interface Bandwidth {
  /** Bytes a second when the same `bytes` are read over and over. */
  measure(bytes: number): Promise<number>;
  /** Gives the memory back. */
  dispose(): void;
}

/** Runs of each measurement; the fastest counts, as what is possible. */
const RUNS = 5;

/** Bytes read in a run: enough to outlast starting it. */
const VOLUME = 1 << 30;

/** Bytes of the memory that is read. */
const MOST = 512 << 20;

const PAGE = 65_536, STEP = 64;

/** Memory as `threads` workers read it, each its own contiguous share. */
export async function wasmBandwidth(threads: number): Promise<Bandwidth> {
  const module = await WebAssembly.compile(await compileKernels("stream.ts"));
  const pages = MOST / PAGE + 1;
  const memory = new WebAssembly.Memory({
    initial: pages,
    maximum: pages,
    shared: true,
  });
  // Pages that were never written are all the same page, and always in a cache.
  new Uint8Array(memory.buffer).fill(1);
  const workers = Array.from({ length: threads }, () => {
    const url = new URL("./bandwidth_worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    worker.postMessage({ module, memory });
    return worker;
  });
  return {
    async measure(bytes): Promise<number> {
      const total = Math.min(bytes, MOST);
      const share = Math.ceil(total / threads / STEP) * STEP;
      const times = Math.max(1, Math.ceil(VOLUME / threads / share));
      const speeds: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        const laps = await Promise.all(
          workers.map((worker, i) =>
            ask(worker, {
              from: Math.min(PAGE + i * share, PAGE + MOST - share),
              bytes: share,
              times,
            })
          ),
        );
        const began = Math.min(...laps.map(([from]) => from));
        const ended = Math.max(...laps.map(([, to]) => to));
        speeds.push(threads * share * times / (ended - began) * 1000);
      }
      return Math.max(...speeds);
    },
    dispose(): void {
      for (const worker of workers) worker.terminate();
    },
  };
}

function ask(worker: Worker, job: Job): Promise<Lap> {
  const { promise, resolve } = Promise.withResolvers<Lap>();
  worker.addEventListener("message", ({ data }) => resolve(data), {
    once: true,
  });
  worker.postMessage(job);
  return promise;
}

/** Invocations of a workgroup of read.wgsl, and 16-byte words each reads. */
const GROUP = 64, EACH = 64;

/** Reads in a submit, and how long they take if there are not too many. */
const MOST_READS = 16_384, LONG_MS = 200;

/** Memory as a compute shader reads it. */
export function gpuBandwidth(gpu: Gpu): Bandwidth {
  const most = Math.min(gpu.mostBytes, MOST);
  const input = createTensor(gpu, "input", [most / 4]);
  const groups = (bytes: number) =>
    Math.max(1, Math.floor(Math.min(bytes, most) / (16 * GROUP * EACH)));
  const sums = createTensor(gpu, "sums", [GROUP * groups(most)]);
  const { pipeline, bindings } = gpu.dispatch({
    label: "read",
    source,
    constants: {},
    tensors: [input, sums],
    grid: () => [1],
  });
  const run = async (count: number, times: number) => {
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindings);
    const y = Math.ceil(count / 65_535);
    for (let i = 0; i < times; i++) {
      pass.dispatchWorkgroups(Math.ceil(count / y), y);
    }
    pass.end();
    const commands = encoder.finish();
    const started = performance.now();
    gpu.device.queue.submit([commands]);
    await gpu.device.queue.onSubmittedWorkDone();
    gpu.assertUsable();
    return performance.now() - started;
  };
  return {
    async measure(bytes): Promise<number> {
      const count = groups(bytes), size = count * 16 * GROUP * EACH;
      let times = 1;
      while (times < MOST_READS && await run(count, times) < LONG_MS) {
        times *= 2;
      }
      const speeds: number[] = [];
      for (let i = 0; i < 3; i++) {
        // The wait for the end takes up to 11 ms more, whatever the work.
        const little = await run(count, 1), much = await run(count, times + 1);
        speeds.push(size * times / (much - little) * 1000);
      }
      return median(speeds);
    },
    dispose(): void {
      input.buffer.destroy();
      sums.buffer.destroy();
    },
  };
}
