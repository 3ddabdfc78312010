import {
  instantiate,
  type WasmKernels,
} from "../../../src/device/wasm/kernel_exports.ts";
import { kernels } from "../../../src/device/wasm/kernels.js";

/** The kernels over a memory of their own, with values put in and taken out. */
export class Room {
  /** The kernels. */
  readonly kernels: WasmKernels;
  /** What they are joined to. */
  readonly memory = new WebAssembly.Memory({
    initial: 256,
    maximum: 256,
    shared: true,
  });
  #end = 65_536;

  constructor() {
    this.kernels = instantiate(kernels, this.memory);
  }

  /** Zeroed bytes. */
  take(bytes: number): number {
    const at = this.#end;
    this.#end += Math.ceil(bytes / 64) * 64;
    return at;
  }

  /** f32 values. */
  put(values: ArrayLike<number>): number {
    const at = this.take(values.length * 4);
    this.floats(at, values.length).set(values);
    return at;
  }

  /** A view of f32 values. */
  floats(at: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, length);
  }

  /** A view of bytes. */
  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }
}
