/**
 * The codec's kernels as a module, in the place of `state/codec_kernels.js`: few
 * engines know `import source`.
 *
 * @module
 */

import bytes from "../state/codec_kernels.wasm" with { type: "bytes" };

/** Compiled at once: 6 kB take no time, and the codec is used without a wait. */
export const codec: WebAssembly.Module = new WebAssembly.Module(bytes);
