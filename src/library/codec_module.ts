/**
 * The codec's kernels as a module, in the place of `state/codec_kernels.js`: few
 * engines know `import source`.
 *
 * @module
 */

import { inflateSync } from "fflate";
import bytes from "../state/codec_kernels.wasm" with { type: "bytes" };

/** The builder deflates the module to a quarter; `00 61 73 6d` begins one. */
const module = bytes[0] === 0 ? bytes : new Uint8Array(inflateSync(bytes));

/** Compiled at once: 6 kB take no time, and the codec is used without a wait. */
export const codec: WebAssembly.Module = new WebAssembly.Module(module);
