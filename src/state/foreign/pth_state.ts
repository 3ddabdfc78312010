/**
 * States in PyTorch's files, as BlinkDL's tools use them:
 *
 * - `rwkv`: what the `rwkv` package carries, a list of three tensors a layer,
 *   `att_shift[D] wkv[H, N, N] ffn_shift[D]`;
 * - `time-state`: what state tuning leaves, a dict of `blocks.{l}.att.time_state`,
 *   `[H, N, N]` with the key channel first, hence turned on loading. Shifts are
 *   zero: it is where a text begins.
 *
 * @module
 */

import { ModelError, StateError } from "../../errors.ts";
import { N, stateLength } from "../../model/shape.ts";
import { readPth } from "../../model/pickle/pth.ts";
import { bytesSource } from "../../model/byte_source.ts";
import type { StoredTensor } from "../../model/stored_tensor.ts";
import type { StateShape } from "../codec.ts";
import { letOthers } from "../../steps.ts";
import { layersOf } from "../analysis/layer_parts.ts";
import { type NamedTensor, writePth } from "./write_pth.ts";

/** Layers that are read in one step. */
const LAYERS_A_STEP = 4;

/** The two kinds of file. */
export type PthLayout = "rwkv" | "time-state";

/**
 * Reads a file of either kind, F32, F16 or BF16. Nothing in it is executed.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if it is no such file, or a tensor is
 * missing or of another size, naming it.
 */
export async function readPthState(
  bytes: Uint8Array<ArrayBuffer>,
  { L, D }: StateShape,
): Promise<Float32Array<ArrayBuffer>> {
  const tensors = await readPth(bytesSource("state", bytes)).catch((cause) => {
    if (!(cause instanceof ModelError)) throw cause;
    throw new StateError("ERR_STATE_UNREADABLE", cause.message, { cause });
  });
  const values = new Float32Array(stateLength({ L, D }));
  const layers = layersOf(values, { L, D });
  const tuned = tensors.has("blocks.0.att.time_state");
  expectCount(tensors, tuned ? L : 3 * L);
  for (const [l, { attShift, heads, ffnShift }] of layers.entries()) {
    if (l % LAYERS_A_STEP === LAYERS_A_STEP - 1) await letOthers();
    if (tuned) {
      const name = `blocks.${l}.att.time_state`;
      const wkv = await tensorValues(tensors, name, D * N);
      for (const [h, head] of heads.entries()) {
        head.set(turned(wkv.subarray(h * N * N, (h + 1) * N * N)));
      }
      continue;
    }
    attShift.set(await tensorValues(tensors, `${3 * l}`, D));
    const wkv = await tensorValues(tensors, `${3 * l + 1}`, D * N);
    for (const [h, head] of heads.entries()) {
      head.set(wkv.subarray(h * N * N, (h + 1) * N * N));
    }
    ffnShift.set(await tensorValues(tensors, `${3 * l + 2}`, D));
  }
  return values;
}

/** Writes a file in F32, a layer a step; of `time-state`, the shifts are lost. */
export function* writePthState(
  values: Float32Array,
  { L, D }: StateShape,
  layout: PthLayout,
): Generator<void, Uint8Array<ArrayBuffer>> {
  const shape = [D / N, N, N];
  const tensors: NamedTensor[] = [];
  for (
    const [l, { attShift, heads, ffnShift }] of layersOf(values, { L, D })
      .entries()
  ) {
    if (layout === "time-state") {
      const name = `blocks.${l}.att.time_state`;
      tensors.push({ name, shape, values: joinedHeads(heads.map(turned)) });
    } else {
      tensors.push(
        { shape: [D], values: attShift },
        { shape, values: joinedHeads(heads) },
        { shape: [D], values: ffnShift },
      );
    }
    yield;
  }
  return yield* writePth(tensors);
}

/** A head's matrix, rows for columns. */
function turned(head: Float32Array): Float32Array<ArrayBuffer> {
  const matrix = new Float32Array(N * N);
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) matrix[i * N + j] = head[j * N + i];
  }
  return matrix;
}

function joinedHeads(
  heads: readonly Float32Array[],
): Float32Array<ArrayBuffer> {
  const all = new Float32Array(heads.length * N * N);
  heads.forEach((head, h) => all.set(head, h * N * N));
  return all;
}

async function tensorValues(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  length: number,
): Promise<Float32Array> {
  const tensor = tensors.get(name);
  const found = tensor?.shape.reduce((product, size) => product * size, 1);
  if (tensor === undefined || found !== length) {
    const has = tensor === undefined ? "is missing" : `has ${found} values`;
    throw unreadablePthState(`tensor ${name} ${has}, expected ${length}`);
  }
  return await tensor.values(0, length);
}

function expectCount(
  tensors: ReadonlyMap<string, StoredTensor>,
  expected: number,
): void {
  if (tensors.size === expected) return;
  throw unreadablePthState(
    `it has ${tensors.size} tensors, expected ${expected}`,
  );
}

function unreadablePthState(found: string): StateError {
  return new StateError(
    "ERR_STATE_UNREADABLE",
    `Cannot convert PyTorch state: ${found}`,
  );
}
