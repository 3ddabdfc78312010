/**
 * The kernels where code may not be compiled at run time: edge runtimes take
 * WebAssembly as modules that were deployed with the script. Stands in the place of
 * `../compiled_kernels.ts`, and its files beside it; there are no threads.
 *
 * @module
 */

import { DeviceError } from "../../errors.ts";
// The builder writes this file: the kernels with a memory of their own.
import inline from "./kernels.wasm";

/** For threads, which are not there. */
export function sharedKernels() {
  return Promise.reject(
    new DeviceError(
      "ERR_DEVICE_UNAVAILABLE",
      "Cannot use threads: this runtime has none",
    ),
  );
}

/** For the caller's own thread. */
export function inlineKernels() {
  return Promise.resolve(inline);
}
