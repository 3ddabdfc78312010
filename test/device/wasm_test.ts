import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { conformance } from "./conformance.ts";
import { inlineKernels } from "./wasm/inline_kernels.ts";

for (const options of [{ threads: 2 }, { threads: 1, chunk: 16 }]) {
  conformance(
    `wasm ${JSON.stringify(options)}`,
    () => Promise.resolve(wasmDevice(options)),
  );
}

conformance(
  "wasm in line, without relaxed SIMD",
  async () =>
    wasmDevice({ inline: true, kernels: await inlineKernels("kernels_plain") }),
);
