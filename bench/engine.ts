/**
 * Prefill and decode, by model size, device, quantisation and lanes.
 *
 * @module
 */

import type { Device, DeviceKind, Quantization } from "../src/device/device.ts";
import { canonical } from "../src/model/canonical_checkpoint.ts";
import type { Checkpoint, StoredType } from "../src/model/checkpoint.ts";
import { readTensors } from "../src/model/file_format.ts";
import { openFiles } from "../src/hub/model_files.ts";
import { openModel } from "../src/model/open_model.ts";
import { bytesSource } from "../src/model/byte_source.ts";
import type { Bandwidth } from "./bandwidth.ts";
import {
  PRESETS,
  randomCheckpoint,
  type RandomModel,
  randomTensors,
  safetensors,
} from "../test/support/models/random_model.ts";
import { passBytes } from "./roofline.ts";
import { speed, type SpeedOptions } from "./speed.ts";

/** One line of the table. */
export interface EngineRow {
  /** The model: `embedded`, or a random one of a preset's shape. */
  readonly model: ModelName;
  /** Where it ran. */
  readonly device: DeviceKind;
  /** How its matrices were kept. */
  readonly quantization: Quantization;
  /** Conversations at once. */
  readonly lanes: number;
  /** Tokens a second, all lanes together. */
  readonly prefill: number;
  /** Tokens a second, all lanes together. */
  readonly decode: number;
  /** Bytes of weights on the device. */
  readonly weightBytes: number;
  /** Bytes that a decode pass of all lanes moves. */
  readonly passBytes: number;
  /** Bytes a second that this machine reads of a memory of that size. */
  readonly bandwidth: number;
  /** Milliseconds to put the model on the device. */
  readonly loadMs: number;
}

/** The models of this bench. */
export type ModelName = "embedded" | "5.5M" | "0.1B";

/** One thing to measure. */
export interface EngineCase {
  /** Which model. */
  readonly model: ModelName;
  /** How to keep its matrices. */
  readonly quantization: Quantization;
  /** Conversations at once. */
  readonly lanes: number;
}

const QUANTIZATIONS = ["none", "int8", "int4"] as const;

/** Every size, quantisation and number of lanes that the bench measures. */
export const CASES: readonly EngineCase[] = [
  ...(["embedded", "5.5M", "0.1B"] as const).flatMap((model) =>
    QUANTIZATIONS.map((quantization) => ({ model, quantization, lanes: 1 }))
  ),
  ...(["embedded", "0.1B"] as const).map((model) => ({
    model,
    quantization: "int8" as const,
    lanes: 8,
  })),
];

/** Loads a case onto `device` and measures it. */
export async function measure(
  device: Device,
  { model: name, quantization, lanes }: EngineCase,
  { slow, bandwidth }: {
    readonly slow: boolean;
    readonly bandwidth: Bandwidth;
  },
): Promise<EngineRow> {
  const checkpoint = await checkpoints[name]();
  const started = performance.now();
  const model = await device.load(checkpoint, { lanes, quantization });
  const loadMs = performance.now() - started;
  const { prefill, decode } = await speed(model, {
    ...amount(name, slow, lanes),
    lanes,
  });
  const { weightBytes } = model;
  await model.dispose();
  const { kind } = device;
  const bytes = passBytes(
    { checkpoint, kind, quantization, weightBytes },
    lanes,
  );
  return {
    model: name,
    device: kind,
    quantization,
    lanes,
    prefill,
    decode,
    weightBytes,
    passBytes: bytes,
    bandwidth: await bandwidth.measure(bytes),
    loadMs,
  };
}

/** How much a size is worth running: a few seconds of each. */
function amount(
  name: ModelName,
  slow: boolean,
  lanes: number,
): Omit<SpeedOptions, "lanes"> {
  if (name !== "0.1B") {
    return { prefillTokens: slow ? 256 : 512, decodeTokens: 128, runs: 3 };
  }
  if (slow) {
    return { prefillTokens: lanes > 1 ? 16 : 64, decodeTokens: 8, runs: 1 };
  }
  return { prefillTokens: lanes > 1 ? 128 : 512, decodeTokens: 48, runs: 3 };
}

/** Opens each model, once. */
export const checkpoints: Record<ModelName, () => Promise<Checkpoint>> = {
  embedded: once(embedded),
  "5.5M": once(() => Promise.resolve(randomCheckpoint(PRESETS["5.5M"]))),
  "0.1B": once(() => inMemory({ ...PRESETS["0.1B"], type: "BF16" })),
};

/** A random model whose values are made once, not at every load. */
async function inMemory(
  model: RandomModel & { type: StoredType },
): Promise<Checkpoint> {
  const file = safetensors(randomTensors(model), model.type);
  const bytes = await new Blob(await Array.fromAsync(file)).bytes();
  const source = bytesSource("random model", bytes);
  const { tensors, lora } = await readTensors([source]);
  return canonical(tensors, source.name, lora);
}

async function embedded(): Promise<Checkpoint> {
  const folder = new URL("../models/gosling/", import.meta.url);
  // The checkpoint reads from its files for as long as the bench lasts.
  return (await openModel(await openFiles(folder))).checkpoint;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
