/**
 * What the shapes of a file's tensors say: the model's sizes, and which matrices
 * are stored the other way round.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { type ModelShape, N } from "./shape.ts";
import { type StoredTensor, volume } from "./stored_tensor.ts";

/** A file's tensors by BlinkDL's names; each keeps its own name for messages. */
export type NamedTensors = ReadonlyMap<string, StoredTensor>;

/** How a file stores LoRA matrices: BlinkDL's `x W` or the `x Wᵀ` of the rest. */
export type LoraLayout = "in-out" | "out-in";

/** A model's sizes, and how its matrices are stored. */
export interface CheckpointLayout {
  /** The sizes. */
  readonly shape: ModelShape;
  /** Whether a tensor is stored as the transpose of its canonical form. */
  flipped(name: string): boolean;
}

const LORA = /^blocks\.\d+\.att\.[wavg][12]$/;
/** DeepEmbed's, of which files store the last two as `x W` too. */
const DEEP = /^blocks\.\d+\.ffn\.(s_emb(_x)?\.weight|s[012])$/;
const DEEP_PAIR = /^blocks\.\d+\.ffn\.s[12]$/;

/** Largest rank of DeepEmbed; released models have 32. */
const MOST_DEEP = 64;

/**
 * Reads every size from shapes. Where a file's naming does not say how LoRA
 * matrices are stored, the first that is not square does; DeepEmbed's are read
 * from their own shapes.
 *
 * @throws {ModelError} `ERR_MODEL_CORRUPT` if sizes disagree,
 * `ERR_MODEL_UNSUPPORTED` if no device could run them.
 */
export function readLayout(
  tensors: NamedTensors,
  file: string,
  lora: LoraLayout | undefined,
): CheckpointLayout {
  const shapeOf = (name: string) => {
    const tensor = need(tensors, name, file);
    if (tensor.shape.length === 2 && volume(tensor.shape) > 0) {
      return tensor.shape;
    }
    throw corrupt(
      file,
      `tensor ${tensor.name} is [${tensor.shape}], not a matrix`,
    );
  };
  const [V, D] = shapeOf("emb.weight");
  const [H, headSize] = shapeOf("blocks.0.att.r_k");
  if (headSize !== N) {
    throw new ModelError(
      "ERR_MODEL_UNSUPPORTED",
      `Cannot load ${file}: its head size is ${headSize}, and ${N} is supported`,
    );
  }
  if (H * N !== D) {
    throw corrupt(
      file,
      `emb.weight is ${D} wide, but blocks.0.att.r_k has ${H} heads of ${N}`,
    );
  }
  const L = layerCount(tensors, file);
  const [F] = shapeOf("blocks.0.ffn.key.weight");
  const loras = [...tensors].filter(([name]) => LORA.test(name));
  const telling = loras.find(([, { shape: [a, b] }]) => a !== b);
  const flipped = lora !== undefined
    ? lora === "in-out"
    : telling === undefined ||
      (telling[1].shape[0] === D) === telling[0].endsWith("1");
  const rank = (name: string) => shapeOf(name)[flipped ? 1 : 0];
  const ranks = {
    w: rank("blocks.0.att.w1"),
    a: rank("blocks.0.att.a1"),
    v: L > 1 ? rank("blocks.1.att.v1") : 0,
    g: rank("blocks.0.att.g1"),
  };
  const shape = { L, D, H, F, V, ranks };
  const loraFlipped = (name: string) => flipped && LORA.test(name);
  if (![...tensors.keys()].some((name) => DEEP.test(name))) {
    return { shape, flipped: loraFlipped };
  }
  const deep = deepRank(shapeOf("blocks.0.ffn.s_emb.weight")[1], file);
  const deepFlipped = shapeOf("blocks.0.ffn.s2")[0] === deep;
  return {
    shape: { ...shape, deep },
    flipped: (name) =>
      loraFlipped(name) || (deepFlipped && DEEP_PAIR.test(name)),
  };
}

/** The side of DeepEmbed's square matrices, from how many values one has. */
function deepRank(values: number, file: string): number {
  const deep = Math.sqrt(values);
  if (!Number.isInteger(deep)) {
    throw corrupt(
      file,
      `blocks.0.ffn.s_emb.weight has ${values} values a token, which make ` +
        "no square matrix",
    );
  }
  if (deep % 8 === 0 && deep <= MOST_DEEP) return deep;
  throw new ModelError(
    "ERR_MODEL_UNSUPPORTED",
    `Cannot load ${file}: the rank of its DeepEmbed is ${deep}, and multiples ` +
      `of 8 up to ${MOST_DEEP} are supported`,
  );
}

function layerCount(tensors: NamedTensors, file: string): number {
  let L = 0;
  for (const name of tensors.keys()) {
    const [, layer] = /^blocks\.(\d{1,9})\./.exec(name) ?? [];
    if (layer !== undefined) L = Math.max(L, Number(layer) + 1);
  }
  // Every layer has dozens of tensors; a huge number in one name is damage.
  if (L > tensors.size) {
    throw corrupt(
      file,
      `it names layer ${L - 1} but has ${tensors.size} tensors`,
    );
  }
  return L;
}

/** A tensor that must be there. */
export function need(
  tensors: NamedTensors,
  name: string,
  file: string,
): StoredTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw corrupt(file, `tensor ${name} is missing`);
  return tensor;
}

/** A file that is not what it should be. */
export function corrupt(file: string, found: string): ModelError {
  return new ModelError("ERR_MODEL_CORRUPT", `Cannot load ${file}: ${found}`);
}
