/**
 * The codec's kernels as a module that was deployed with the script; stands in the
 * place of `../codec_module.ts`.
 *
 * @module
 */

import module from "./codec.wasm";

/** Compiled before the script began. */
export const codec = module;
