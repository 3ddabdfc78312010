/**
 * A checkpoint on its way to the device.
 *
 * @module
 */

import { type Checkpoint, tensorSpecs } from "../../model/checkpoint.ts";
import type { LoadOptions } from "../device.ts";
import type { Gpu } from "./gpu.ts";
import { Uploader } from "./tensor_uploader.ts";
import { isPart, planWeights } from "./weight_plan.ts";
import type { Weights } from "./weights.ts";

/**
 * Uploads a checkpoint, part by part in the order of its plan.
 *
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` if F is not a multiple of 32.
 */
export async function uploadWeights(
  gpu: Gpu,
  checkpoint: Checkpoint,
  { quantization, packed, progress }: Omit<LoadOptions, "lanes">,
): Promise<Weights> {
  const total = tensorSpecs(checkpoint.shape).length;
  let done = 0;
  const uploader = new Uploader(gpu, checkpoint, {
    pieces: packed,
    uploaded: (tensors) => progress?.(done += tensors, total),
  });
  // One after another: pieces of an earlier load come in this order.
  const make = async (plan: unknown): Promise<unknown> => {
    if (isPart(plan)) return await uploader.make(plan);
    if (typeof plan !== "object" || plan === null) return plan;
    const made: [string, unknown][] = [];
    for (const [name, value] of Object.entries(plan)) {
      made.push([name, await make(value)]);
    }
    return Array.isArray(plan)
      ? made.map(([, value]) => value)
      : Object.fromEntries(made);
  };
  return await make(planWeights(checkpoint, quantization)) as Weights;
}
