/**
 * Whether the memory that a model needs is there, before any of it is taken.
 *
 * @module
 */

import type { Config } from "../config/settings.ts";
import {
  type Device,
  type DeviceKind,
  type DeviceMemory,
  type MemoryOptions,
  type Quantization,
  QUANTIZATIONS,
} from "../device/device.ts";
import { WASM_BYTES } from "../device/wasm/memory_layout.ts";
import { ConfigError, DeviceError, ModelError } from "../errors.ts";
import { SPARE_LANES } from "../hub/resolve_model.ts";
import type { Sizes } from "../model/checkpoint.ts";
import { formatBytes } from "../text/format_units.ts";

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

/** What a model has to fit into. */
export interface Space {
  /** The device's. */
  readonly kind: DeviceKind;
  /** What a model takes there with this many lanes for turns. */
  readonly memory: (sizes: Sizes, options: MemoryOptions) => DeviceMemory;
  /** Bytes of one buffer and lanes for turns at most, where that is bounded. */
  readonly most?: { readonly buffer: number; readonly lanes: number };
  /** Bytes in all, from each thing that bounds them, and in what words. */
  readonly bounds: readonly (readonly [bytes: number, words: string])[];
}

/** What bounds a model on a device: its own reach, and what the settings allow. */
export function spaceOn(
  device: Pick<Device, "kind" | "capacity" | "memory">,
  { "model-memory": most }: Pick<Config, "model-memory">,
  { available }: Machine = {},
): Space {
  const { kind, capacity } = device;
  const bounds: [number, string][] = [];
  if (kind === "wasm") {
    bounds.push([WASM_BYTES, `WebAssembly reaches ${formatBytes(WASM_BYTES)}`]);
  }
  if (most !== undefined) {
    bounds.push([most, `--model-memory allows ${formatBytes(most)}`]);
  }
  // What a GPU has left, WebGPU does not tell: it says itself when it is full.
  if (available !== undefined && !capacity?.own) {
    bounds.push([available, `${formatBytes(available)} are free`]);
  }
  return {
    kind,
    memory: (sizes, { lanes, quantization }) =>
      device.memory(sizes, { lanes: lanes + SPARE_LANES, quantization }),
    bounds,
    ...(capacity && {
      most: {
        buffer: capacity.buffer,
        lanes: capacity.lanes - SPARE_LANES,
      },
    }),
  };
}

/**
 * Refuses what cannot fit, before it is read.
 *
 * @param options `lanes` are those of turns, as the settings have them.
 * @throws {ModelError} `ERR_MODEL_TOO_LARGE`, with what would fit.
 * @throws {ConfigError} If no model has so many lanes there.
 */
export function expectRoom(
  id: string,
  checkpoint: Sizes,
  { lanes, quantization }: MemoryOptions,
  { kind, memory, bounds, most = { buffer: Infinity, lanes: Infinity } }: Space,
): void {
  const refuse = (found: string, repair: string) =>
    new ModelError(
      "ERR_MODEL_TOO_LARGE",
      `Cannot load ${id}: ${found}; ${repair}`,
    );
  if (lanes > most.lanes) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot use ${lanes} lanes: the ${kind} device has room for ${most.lanes}`,
    );
  }
  const largest = (lanes: number) =>
    memory(checkpoint, { lanes, quantization }).buffer;
  if (largest(lanes) > most.buffer) {
    let fewer = lanes;
    while (fewer > 1 && largest(fewer) > most.buffer) fewer--;
    throw refuse(
      `with ${lanes} lanes a buffer takes ${
        formatBytes(largest(lanes))
      }, and the ` +
        `GPU takes at most ${formatBytes(most.buffer)}`,
      largest(fewer) <= most.buffer
        ? `use --lanes ${fewer}`
        : "use --device wasm",
    );
  }
  const needed = (lanes: number, quantization: Quantization) =>
    memory(checkpoint, { lanes, quantization }).bytes;
  const [[room, words] = [Infinity, ""]] = bounds.toSorted(([a], [b]) => a - b);
  const wanted = needed(lanes, quantization);
  if (wanted <= room) return;
  const narrower = QUANTIZATIONS.slice(QUANTIZATIONS.indexOf(quantization) + 1);
  const fitting = narrower.find((narrow) => needed(lanes, narrow) <= room);
  throw refuse(
    `it takes ${formatBytes(wanted)} with ${lanes} lanes, and ${words}`,
    fitting !== undefined
      ? `use --quant ${fitting}, which takes ${
        formatBytes(needed(lanes, fitting))
      }`
      : lanes > 1 && needed(1, "int4") <= room
      ? "use --quant int4 and fewer --lanes"
      : kind === "wasm"
      ? "use a smaller model, or --device webgpu with a GPU that has room"
      : "use a smaller model",
  );
}

/**
 * What a GPU says that turned out to be full, with what would take less; any other
 * error as it is.
 */
export function explainFull(
  error: unknown,
  { kind, memory }: Pick<Space, "kind" | "memory">,
  checkpoint: Sizes,
  { lanes, quantization }: MemoryOptions,
): unknown {
  const full = error instanceof DeviceError &&
    error.code === "ERR_DEVICE_FAILED" && /memory/i.test(error.message);
  if (!full || kind !== "webgpu") return error;
  const needed = (quantization: Quantization) =>
    formatBytes(memory(checkpoint, { lanes, quantization }).bytes);
  const [narrower] = QUANTIZATIONS.slice(
    QUANTIZATIONS.indexOf(quantization) + 1,
  );
  const repair = narrower === undefined
    ? "use fewer --lanes or a smaller model"
    : `--quant ${narrower} takes ${needed(narrower)}`;
  return new ModelError(
    "ERR_MODEL_TOO_LARGE",
    `${error.message}. It takes about ${needed(quantization)}; ${repair}`,
    { cause: error },
  );
}
