import { wasmDevice } from "../../src/device/wasm/wasm.ts";
import { conformance } from "./conformance.ts";

for (const options of [{ threads: 2 }, { threads: 1, chunk: 16 }]) {
  conformance(
    `wasm ${JSON.stringify(options)}`,
    () => Promise.resolve(wasmDevice(options)),
  );
}
