import { wasmDevice } from "../../src/device/wasm/wasm.ts";
import { conformance } from "./conformance.ts";

conformance(
  "wasm, 2 threads",
  () => Promise.resolve(wasmDevice({ threads: 2 })),
);
