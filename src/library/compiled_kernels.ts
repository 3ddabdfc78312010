/**
 * The kernels, compiled where the library runs: with relaxed SIMD where the engine
 * has it (Node.js 20 does not) and fuses multiply-adds (JavaScriptCore does not),
 * so that the bits are the same everywhere.
 *
 * The build for edge runtimes, which compile no code of their own, has
 * `edge/kernels.js` in the place of this file.
 *
 * @module
 */

import relaxed from "../device/wasm/kernels.wasm" with { type: "bytes" };
import plain from "../device/wasm/kernels_plain.wasm" with { type: "bytes" };
import { unshared } from "../device/wasm/unshared_kernels.ts";

/** For threads. */
export async function sharedKernels(): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await best());
}

/** For the caller's own thread. */
export async function inlineKernels(): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(unshared(await best()));
}

async function best(): Promise<Uint8Array<ArrayBuffer>> {
  const fused = await fuses();
  if (plain[0] === 0) return fused ? relaxed : plain; // 00 61 73 6d: a module
  const both = await inflated(plain);
  const length = new DataView(relaxed.buffer, relaxed.byteOffset)
    .getUint32(0, true);
  return fused ? both.slice(length) : both.slice(0, length);
}

/** `(a, b, c) => f32x4.relaxed_madd(a, b, c)[0]`, assembled by hand. */
const MADD = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
  ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7d, 0x7d, 0x7d, 0x01, 0x7d], // type
  ...[0x03, 0x02, 0x01, 0x00], // function
  ...[0x07, 0x05, 0x01, 0x01, 0x61, 0x00, 0x00], // export "a"
  ...[0x0a, 0x16, 0x01, 0x14, 0x00], // code
  ...[0x20, 0x00, 0xfd, 0x13, 0x20, 0x01, 0xfd, 0x13], // splat a, splat b
  ...[0x20, 0x02, 0xfd, 0x13, 0xfd, 0x85, 0x02], // splat c, relaxed_madd
  ...[0xfd, 0x1f, 0x00, 0x0b], // lane 0, end
);

/** Whether relaxed multiply-adds are there, and round once. */
async function fuses(): Promise<boolean> {
  if (!WebAssembly.validate(MADD)) return false;
  const { instance } = await WebAssembly.instantiate(MADD);
  const madd = instance.exports["a"] as (
    a: number,
    b: number,
    c: number,
  ) => number;
  // (1 + 2^-12)^2 ends in 2^-24, which the product alone would round away.
  const x = 1 + 2 ** -12;
  return madd(x, x, -(1 + 2 ** -11)) === 2 ** -24;
}

/**
 * The builder deflates the modules as one, a third of their size: `plain` is both of
 * them there, and `relaxed` how many bytes of that the first has.
 */
async function inflated(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
