/**
 * BlinkDL-named tensors → {@linkcode Checkpoint}: sizes from shapes, every tensor
 * checked against them, vectors flat, every matrix `[out, in]`.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { expectRwkv7 } from "./architecture.ts";
import {
  type Checkpoint,
  type StoredType,
  type TensorSpec,
  tensorSpecs,
} from "./checkpoint.ts";
import { type ModelShape, N } from "./shape.ts";
import { isStoredType, type StoredTensor, volume } from "./stored.ts";

/** A file's tensors by BlinkDL's names; each keeps its own name for messages. */
export type NamedTensors = ReadonlyMap<string, StoredTensor>;

/** How a file stores LoRA matrices: BlinkDL's `x W` or the `x Wᵀ` of the rest. */
export type LoraLayout = "in-out" | "out-in";

/** Official files carry these and no implementation reads them. */
const UNUSED = /^blocks\.0\.att\.v[012]$/;
const LORA = /^blocks\.\d+\.att\.[wavg][12]$/;

/**
 * Checks a file's tensors and puts them into canonical form.
 *
 * Where a file's naming does not say how LoRA matrices are stored, it is read from
 * the first that is not square.
 *
 * @throws {ModelError} `ERR_MODEL_CORRUPT` naming a tensor that is missing, wrong
 * or not expected; `ERR_MODEL_UNSUPPORTED` if this is not RWKV-7.
 */
export function canonical(
  tensors: NamedTensors,
  file: string,
  lora?: LoraLayout,
): Checkpoint {
  expectRwkv7([...tensors.keys()], file);
  const layout = layoutOf(tensors, file, lora);
  const { shape, flipped } = layout;
  const specs = new Map(tensorSpecs(shape).map((spec) => [spec.name, spec]));
  for (const spec of specs.values()) {
    expectShape(need(tensors, spec.name, file), spec, flipped, file);
  }
  for (const [name, tensor] of tensors) {
    if (!specs.has(name) && !UNUSED.test(name)) {
      throw corrupt(file, `tensor ${tensor.name} is not part of RWKV-7`);
    }
  }
  return {
    shape,
    stored: storedType(tensors, specs),
    async read(name, rows): Promise<Float32Array<ArrayBuffer>> {
      const spec = specs.get(name);
      if (spec === undefined) {
        throw new RangeError(`Cannot read tensor ${name}: no such tensor`);
      }
      const tensor = need(tensors, name, file);
      const [from, to] = rows ?? [0, spec.shape[0]];
      const values = flipped && LORA.test(name)
        ? transposeRows(await all(tensor), spec, from, to)
        : await readRows(tensor, spec, from, to);
      expectFinite(values, tensor, file);
      return values;
    },
  };
}

async function readRows(
  tensor: StoredTensor,
  { shape: [, ...rest] }: TensorSpec,
  from: number,
  to: number,
): Promise<Float32Array<ArrayBuffer>> {
  const row = volume(rest);
  return await tensor.values(from * row, to * row);
}

async function all(tensor: StoredTensor): Promise<Float32Array<ArrayBuffer>> {
  return await tensor.values(0, volume(tensor.shape));
}

/** Rows of the transpose of `stored`, which is `[columns, rows]`. */
function transposeRows(
  stored: Float32Array,
  { shape: [rows, columns] }: TensorSpec,
  from: number,
  to: number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array((to - from) * columns);
  for (let r = from; r < to; r++) {
    for (let c = 0; c < columns; c++) {
      values[(r - from) * columns + c] = stored[c * rows + r];
    }
  }
  return values;
}

function layoutOf(
  tensors: NamedTensors,
  file: string,
  lora: LoraLayout | undefined,
): { shape: ModelShape; flipped: boolean } {
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
  const L = layers(tensors, file);
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
  return { shape: { L, D, H, F, V, ranks }, flipped };
}

function layers(tensors: NamedTensors, file: string): number {
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

function need(
  tensors: NamedTensors,
  name: string,
  file: string,
): StoredTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw corrupt(file, `tensor ${name} is missing`);
  return tensor;
}

function expectShape(
  tensor: StoredTensor,
  { name, shape }: TensorSpec,
  flipped: boolean,
  file: string,
): void {
  const expected = flipped && LORA.test(name) ? shape.toReversed() : shape;
  const found = expected.length === 1
    ? tensor.shape.filter((size) => size !== 1)
    : tensor.shape;
  if (found.join() !== expected.join()) {
    throw corrupt(
      file,
      `tensor ${tensor.name} is [${tensor.shape}], expected [${expected}]`,
    );
  }
}

/** The narrowest type that holds every matrix, given how each is stored. */
function storedType(
  tensors: NamedTensors,
  specs: ReadonlyMap<string, TensorSpec>,
): StoredType {
  const types = new Set<string>();
  for (const [name, { shape }] of specs) {
    if (shape.length === 2) types.add(tensors.get(name)?.type ?? "F32");
  }
  const [type, other] = types;
  return other === undefined && isStoredType(type) ? type : "F32";
}

function expectFinite(
  values: Float32Array,
  tensor: StoredTensor,
  file: string,
): void {
  // 0 × x is NaN for infinities and NaN, and so is every sum that it enters.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += 0 * values[i];
  if (sum === 0) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  throw corrupt(file, `tensor ${tensor.name} holds ${values[at]}`);
}

function corrupt(file: string, found: string): ModelError {
  return new ModelError("ERR_MODEL_CORRUPT", `Cannot load ${file}: ${found}`);
}
