/**
 * The models of `bench/peers.ts` as llama.cpp reads them: the values that ours
 * reads, rounded to F16, Q8_0 or Q4_0 by ggml's rule for each.
 *
 * Every matrix but the small ones of LoRA takes the type, embedding and head as
 * well. (`llama-quantize` keeps the head of a Q4_0 file in Q6_K; here it has as few
 * bits as ours.)
 *
 * @module
 */

import { readTensors } from "../../src/model/file_format.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { EMBEDDED } from "../../src/hub/resolve_model.ts";
import type { StoredTensor } from "../../src/model/stored_tensor.ts";
import {
  PRESETS,
  randomTensors,
} from "../../test/support/models/random_model.ts";
import {
  GGUF_TYPES,
  type GgufTensor,
  type Key,
  llamaKeys,
  llamaTensors,
  writeGguf,
} from "../../test/support/models/write_gguf.ts";

/** What llama.cpp calls the ways to keep a matrix. */
export type GgufType = "F16" | "Q8_0" | "Q4_0";

/** Weights that share a scale in ggml's Q8_0 and Q4_0. */
const BLOCK = 32;

/** ggml's number of Q4_0. */
const Q4_0 = 2;

/** Writes the file unless it is there; returns its path. */
export async function ggufModel(
  name: string,
  type: GgufType,
  folder: string,
): Promise<string> {
  const path = `${folder}/${name}-${type}.gguf`;
  if (await exists(path)) return path;
  const tensors = await tensorsOf(name);
  const halves = await llamaTensors(tensors, "F16");
  const written = halves.map((tensor) => quantized(tensor, type));
  await Deno.writeFile(path, writeGguf(keys(tensors), written));
  return path;
}

async function tensorsOf(name: string): Promise<readonly StoredTensor[]> {
  if (name !== "embedded") {
    const preset = PRESETS[name as keyof typeof PRESETS];
    return randomTensors({ ...preset, type: "F16" });
  }
  const files = await openFiles(EMBEDDED.pathname);
  return [...(await readTensors(files.weights)).tensors.values()];
}

function keys(tensors: readonly StoredTensor[]): Record<string, Key> {
  const shape = (name: string) => {
    const tensor = tensors.find((tensor) => tensor.name === name);
    if (tensor === undefined) throw new Error(`Cannot find ${name}`);
    return tensor.shape;
  };
  const [V, D] = shape("emb.weight");
  const sizes = {
    context_length: 1 << 20,
    embedding_length: D,
    block_count: tensors.filter(({ name }) => name.endsWith("ln1.bias")).length,
    feed_forward_length: shape("blocks.0.ffn.key.weight")[0],
    "attention.head_count": 0,
    "attention.decay_lora_rank": shape("blocks.0.att.w1")[1],
    "attention.iclr_lora_rank": shape("blocks.0.att.a1")[1],
    "attention.value_residual_mix_lora_rank": shape("blocks.1.att.v1")[1],
    "attention.gate_lora_rank": shape("blocks.0.att.g1")[1],
  };
  const U32 = 4;
  return {
    ...llamaKeys(V),
    ...Object.fromEntries(
      Object.entries(sizes).map(([key, value]) =>
        [`rwkv7.${key}`, [U32, value]] as const
      ),
    ),
  };
}

function quantized(tensor: GgufTensor, type: GgufType): GgufTensor {
  if (tensor.type !== GGUF_TYPES.F16 || type === "F16") return tensor;
  const values = Float32Array.from(new Float16Array(tensor.data.buffer));
  return type === "Q8_0"
    ? { ...tensor, type: GGUF_TYPES.Q8_0, data: toQ8(values) }
    : { ...tensor, type: Q4_0, data: toQ4(values) };
}

/** d = max |x| / 127, q = round(x / d). */
function toQ8(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length / BLOCK * 34);
  const view = new DataView(bytes.buffer);
  for (let from = 0, at = 0; from < values.length; from += BLOCK, at += 34) {
    const scale = Math.abs(furthest(values, from)) / 127;
    const inverse = scale === 0 ? 0 : 1 / scale;
    view.setFloat16(at, scale, true);
    for (let i = 0; i < BLOCK; i++) {
      bytes[at + 2 + i] = Math.round(values[from + i] * inverse);
    }
  }
  return bytes;
}

/** d = x / −8 for the x furthest from 0, n = ⌊x / d + 8.5⌋ in 0..15. */
function toQ4(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length / BLOCK * 18);
  const view = new DataView(bytes.buffer);
  for (let from = 0, at = 0; from < values.length; from += BLOCK, at += 18) {
    const scale = furthest(values, from) / -8;
    const inverse = scale === 0 ? 0 : 1 / scale;
    view.setFloat16(at, scale, true);
    const n = (i: number) =>
      Math.min(15, Math.floor(values[from + i] * inverse + 8.5));
    for (let i = 0; i < 16; i++) bytes[at + 2 + i] = n(i) | n(i + 16) << 4;
  }
  return bytes;
}

function furthest(values: Float32Array, from: number): number {
  let most = 0;
  for (let i = from; i < from + BLOCK; i++) {
    if (Math.abs(values[i]) > Math.abs(most)) most = values[i];
  }
  return most;
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
