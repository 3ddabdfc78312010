/**
 * The memory that a model needs, and whether it is there, before any of it is
 * taken.
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import type { DeviceKind, Quantization } from "../../device/device.ts";
import { layout } from "../../device/wasm/layout.ts";
import { ModelError } from "../../errors.ts";
import {
  type Checkpoint,
  type StoredType,
  tensorSpecs,
} from "../../model/checkpoint.ts";
import { type ModelShape, stateLength } from "../../model/shape.ts";
import { bytes } from "./figures.ts";
import { SPARE_LANES } from "./resolve.ts";

/** Every way to keep matrices, the widest first. */
export const QUANTIZATIONS: readonly Quantization[] = ["none", "int8", "int4"];

/** What 32-bit addresses reach. */
const WASM_BYTES = 2 ** 32;

/** Rows of a pass of the wasm device, and of the webgpu device. */
const WASM_ROWS = 64, WEBGPU_ROWS = 256;

/** Bits of a weight on the webgpu device; quantised ones share f16 scales. */
const BITS = { F32: 32, F16: 16, BF16: 16, int8: 8.5, int4: 4.5 } as const;

/** What a model needs depends on these. */
export interface MemoryOptions {
  /** Lanes, those for copies of states too. */
  readonly lanes: number;
  /** How matrices are kept. */
  readonly quantization: Quantization;
  /** Threads of the wasm device. */
  readonly threads: number;
}

/**
 * Bytes that a model takes on a device: on `wasm` to the byte, on `webgpu` within
 * a few percent, as buffers are padded there to whole blocks and bindings.
 */
export function memoryNeeded(
  kind: DeviceKind,
  { shape, stored }: Pick<Checkpoint, "shape" | "stored">,
  { lanes, quantization, threads }: MemoryOptions,
): number {
  if (kind === "wasm") {
    const options = { lanes, quantization };
    return layout(shape, stored, options, threads, WASM_ROWS).bytes;
  }
  const { L, D, F, V, deep } = shape;
  const gated = deep === undefined ? 0 : F + 64 + L * deep ** 2;
  const rows = 4 * WEBGPU_ROWS * (24 * D + F + gated);
  const perLane = 4 * (stateLength(shape) + 6 * V);
  return webgpuWeights(shape, stored, quantization) + rows + lanes * perLane;
}

/** Bytes of weights on the webgpu device. */
export function webgpuWeights(
  shape: ModelShape,
  stored: StoredType,
  quantization: Quantization,
): number {
  const large = quantization === "none" ? stored : quantization;
  const small = quantization !== "none" && stored === "F32" ? "F16" : stored;
  return tensorSpecs(shape).reduce((sum, { name, shape: [rows, columns] }) => {
    if (columns === undefined || name.endsWith("r_k")) {
      return sum + 4 * rows * (columns ?? 1);
    }
    const bits = BITS[/att\.[wavg]2$|ffn\.s2$/.test(name) ? small : large];
    return sum + rows * columns * bits / 8;
  }, 0);
}

/** A machine's memory, as far as it is known. */
export interface Machine {
  /** Bytes that programs can still take. */
  readonly available?: number;
}

/** This machine's, where it may be asked. */
export async function thisMachine(): Promise<Machine> {
  const { state } = await Deno.permissions.query({
    name: "sys",
    kind: "systemMemoryInfo",
  });
  if (state !== "granted") return {};
  const { available, swapFree } = Deno.systemMemoryInfo();
  return { available: available + swapFree };
}

/**
 * Refuses what cannot fit on the wasm device, before it is read. What a GPU has
 * left, WebGPU does not tell: there the device itself says when it is full.
 *
 * @param options `lanes` are those of turns, as the settings have them.
 * @throws {ModelError} `ERR_MODEL_TOO_LARGE`, with what would fit.
 */
export function expectRoom(
  id: string,
  checkpoint: Pick<Checkpoint, "shape" | "stored">,
  { lanes, quantization, threads }: MemoryOptions,
  { available = Infinity }: Machine,
): void {
  const room = Math.min(available, WASM_BYTES);
  const needed = (lanes: number, quantization: Quantization) =>
    memoryNeeded("wasm", checkpoint, {
      lanes: lanes + SPARE_LANES,
      quantization,
      threads,
    });
  const wanted = needed(lanes, quantization);
  if (wanted <= room) return;
  const narrower = QUANTIZATIONS.slice(QUANTIZATIONS.indexOf(quantization) + 1);
  const fitting = narrower.find((narrow) => needed(lanes, narrow) <= room);
  const most = wanted > WASM_BYTES
    ? `WebAssembly reaches ${bytes(WASM_BYTES)}`
    : `${bytes(available)} are free`;
  const repair = fitting !== undefined
    ? `use --quant ${fitting}, which takes ${bytes(needed(lanes, fitting))}`
    : lanes > 1 && needed(1, "int4") <= room
    ? "use --quant int4 and fewer --lanes"
    : "use a smaller model, or --device webgpu with a GPU that has room";
  throw new ModelError(
    "ERR_MODEL_TOO_LARGE",
    `Cannot load ${id}: it takes ${bytes(wanted)} with ${lanes} lanes, and ` +
      `${most}; ${repair}`,
  );
}

/** Threads that the wasm device takes where the settings say nothing. */
export function threadsOf({ threads }: Pick<Config, "threads">): number {
  return threads ?? Math.min(navigator.hardwareConcurrency, 16);
}
