import { assertEquals, assertRejects } from "@std/assert";
import type { ThreadStart } from "../../../src/device/wasm/thread_messages.ts";
import { WorkerThread } from "../../../src/device/wasm/worker_thread.ts";
import { wasmDevice } from "../../../src/device/wasm/wasm_device.ts";
import { inlineKernels } from "./inline_kernels.ts";
import { GOLDEN_MODELS, openGolden } from "../../support/goldens.ts";

Deno.test("WorkerThread tells of a crash, and rejects what waits and what comes", async () => {
  const { promise: crash, resolve } = Promise.withResolvers<Error>();
  const memory = new WebAssembly.Memory({
    initial: 1,
    maximum: 1,
    shared: true,
  });
  // A module that imports what nobody gives: the worker fails as it begins.
  const module = new WebAssembly.Module(
    Uint8Array.of(
      0,
      97,
      115,
      109,
      1,
      0,
      0,
      0,
      2,
      8,
      1,
      1,
      97,
      1,
      98,
      3,
      127,
      0,
    ),
  );
  const start = { module, memory, thread: 1 } as unknown as ThreadStart;
  const thread: WorkerThread = new WorkerThread(start, (error) => {
    thread.end(error);
    resolve(error);
  });
  const waiting = thread.do({ name: "serve" });
  await assertRejects(() => waiting, {
    code: "ERR_DEVICE_LOST",
    message: /worker 1 failed/,
  });
  assertEquals((await crash).name, "DeviceError");
  await assertRejects(() => thread.do({ name: "serve" }), {
    code: "ERR_DEVICE_LOST",
  });
});

Deno.test("wasmDevice() names the headers that a page without isolation lacks", async () => {
  const checkpoint = await openGolden(GOLDEN_MODELS.rand);
  const options = { lanes: 1, quantization: "none" } as const;
  Object.defineProperty(globalThis, "crossOriginIsolated", {
    configurable: true,
    value: false,
  });
  try {
    const device = wasmDevice({ threads: 2 });
    await assertRejects(() => device.load(checkpoint, options), {
      code: "ERR_DEVICE_UNAVAILABLE",
      message:
        /Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: req/,
    });
    await device.dispose();
    const alone = wasmDevice({
      inline: true,
      kernels: await inlineKernels("kernels"),
    });
    await (await alone.load(checkpoint, options)).dispose();
    await alone.dispose();
  } finally {
    Reflect.deleteProperty(globalThis, "crossOriginIsolated");
  }
});
