/**
 * What the benches of WGSL kernels share: a layer of the 0.1B shape on the adapter
 * of the kernel tests, and the very dispatches that the model makes of it.
 *
 * @module
 */

import type { Quantization } from "../../src/device/device.ts";
import type { Dispatch } from "../../src/device/webgpu/dispatch.ts";
import {
  headPlan,
  layersPlan,
  type Path,
} from "../../src/device/webgpu/forward.ts";
import {
  createBuffers,
  PASS_ROWS,
  type WorkBuffers,
} from "../../src/device/webgpu/buffers.ts";
import { uploadWeights } from "../../src/device/webgpu/upload_weights.ts";
import type { Weights } from "../../src/device/webgpu/weights.ts";
import type { ModelShape } from "../../src/model/shape.ts";
import { gpu, run, segments } from "../../test/support/gpu.ts";
import {
  PRESETS,
  randomCheckpoint,
} from "../../test/support/models/random_model.ts";

/** Bytes of an f32. */
export const F32 = 4;

/** The 0.1B shape, cut down to what a kernel sees; layer 1 is like all after it. */
const checkpoint = randomCheckpoint({
  ...PRESETS["0.1B"],
  L: 2,
  V: 8192,
  type: "BF16",
});

/** The sizes of {@linkcode openLayer}'s model. */
export const shape: ModelShape = checkpoint.shape;

/** Passes that are timed: one token, or a chunk of one lane. */
export const PASSES = {
  decode: [1, 1],
  prefill: ["chunk", PASS_ROWS],
} as const;

/** A layer on the device. */
export interface Layer {
  /** The model it belongs to. */
  readonly weights: Weights;
  /** What it works in, for one lane. */
  readonly room: WorkBuffers;
}

/** Uploads the layers; the rows of a pass are one segment of `rows` tokens. */
export async function openLayer(
  { quantization = "int8", rows = 1 }: {
    quantization?: Quantization;
    rows?: number;
  } = {},
): Promise<Layer> {
  const weights = await uploadWeights(gpu, checkpoint, { quantization });
  const room = createBuffers(gpu, shape, 1);
  return {
    weights,
    room: { ...room, rows: segments([rows], { room: PASS_ROWS }) },
  };
}

/** A dispatch of the last layer, of the embedding or of the head, by its label. */
export function dispatchOf(
  { weights, room }: Layer,
  path: Path,
  label: string,
): Dispatch {
  const plan = [
    ...layersPlan(gpu, weights, room, path),
    ...path === "chunk"
      ? []
      : headPlan(gpu, weights, room, { path, logits: room.logits }),
  ];
  const found = plan.findLast((dispatch) => dispatch.label === label);
  if (found) return found;
  const labels = new Set(plan.map(({ label }) => label));
  throw new RangeError(`Cannot time ${label}: there are ${[...labels]}`);
}

/** Runs of a plan for one token: waiting for the end then counts for little. */
const TIMES = 64;

/**
 * Times a plan, or many runs of a short one in a submit; the name says what is
 * moved in all.
 *
 * @param bytes Read and written by one run.
 */
export function benchPlan(
  name: string,
  plan: readonly Dispatch[],
  { bytes, rows = 1 }: { bytes: number; rows?: number },
): void {
  const times = rows === 1 ? TIMES : 1;
  const all = Array.from({ length: times }, () => plan).flat();
  const megabytes = (times * bytes / 1e6).toPrecision(3);
  Deno.bench(`${name}, ${times} × = ${megabytes} MB`, {
    n: rows === 1 ? 5 : 3,
    warmup: 1,
  }, async () => {
    await run(all, { rows });
    await gpu.device.queue.onSubmittedWorkDone();
  });
}
