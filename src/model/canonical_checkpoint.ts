/**
 * BlinkDL-named tensors → {@linkcode Checkpoint}: sizes from shapes, every tensor
 * checked against them, vectors flat, every matrix `[out, in]`.
 *
 * @module
 */

import { expectRwkv7 } from "./architecture.ts";
import {
  type Checkpoint,
  SMALL,
  type StoredType,
  type TensorSpec,
  tensorSpecs,
} from "./checkpoint.ts";
import {
  corrupt,
  type LoraLayout,
  type NamedTensors,
  need,
  readLayout,
} from "./checkpoint_layout.ts";
import { isStoredType, type StoredTensor, volume } from "./stored_tensor.ts";

/** Exponent of an f32. */
const EXPONENT = 0x7f800000;

/** Official files carry these and no implementation reads them. */
const UNUSED = /^blocks\.0\.att\.v[012]$/;

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
  const { shape, flipped } = readLayout(tensors, file, lora);
  const specs = new Map(tensorSpecs(shape).map((spec) => [spec.name, spec]));
  for (const spec of specs.values()) {
    const turned = flipped(spec.name);
    expectShape(need(tensors, spec.name, file), spec, turned, file);
  }
  for (const [name, tensor] of tensors) {
    if (!specs.has(name) && !UNUSED.test(name)) {
      throw corrupt(file, `tensor ${tensor.name} is not part of RWKV-7`);
    }
  }
  return {
    shape,
    ...storedTypes(tensors, specs),
    async read(name, rows): Promise<Float32Array<ArrayBuffer>> {
      const spec = specs.get(name);
      if (spec === undefined) {
        throw new RangeError(`Cannot read tensor ${name}: no such tensor`);
      }
      const tensor = need(tensors, name, file);
      const [from, to] = rows ?? [0, spec.shape[0]];
      const values = flipped(name)
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

function expectShape(
  tensor: StoredTensor,
  { shape }: TensorSpec,
  flipped: boolean,
  file: string,
): void {
  const expected = flipped ? shape.toReversed() : shape;
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

/** The narrowest types that hold all matrices, given how each is stored. */
function storedTypes(
  tensors: NamedTensors,
  specs: ReadonlyMap<string, TensorSpec>,
): Pick<Checkpoint, "stored" | "small"> {
  const largeTypes = new Set<string>(), smallTypes = new Set<string>();
  for (const [name, { shape }] of specs) {
    // Few numbers, and files store them as they like.
    if (shape.length !== 2 || name.endsWith("r_k")) continue;
    (SMALL.test(name) ? smallTypes : largeTypes)
      .add(tensors.get(name)?.type ?? "F32");
  }
  const stored = holding(largeTypes), small = holding(smallTypes);
  return small === stored ? { stored } : { stored, small };
}

/** The type that holds values of all of these. */
function holding([type, ...others]: ReadonlySet<string>): StoredType {
  return others.length === 0 && isStoredType(type) ? type : "F32";
}

function expectFinite(
  values: Float32Array,
  tensor: StoredTensor,
  file: string,
): void {
  // All bits of the exponent are set in infinities and NaN, and in them alone.
  const { buffer, byteOffset, length } = values;
  const bits = new Int32Array(buffer, byteOffset, length);
  let most = 0;
  for (let i = 0; i < length; i++) most = Math.max(most, bits[i] & EXPONENT);
  if (most < EXPONENT) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  throw corrupt(file, `tensor ${tensor.name} holds ${values[at]}`);
}
