/**
 * Where the time of a pass goes on the webgpu device: each dispatch in a compute
 * pass of its own, between two timestamps.
 *
 * @module
 */

import type { Quantization } from "../src/device/device.ts";
import type { WebGpuDevice } from "../src/device/webgpu/webgpu_device.ts";
import { checkpoints, type ModelName } from "./engine.ts";
import { GREEDY } from "../src/text/sampling_options.ts";

/** One kernel in one phase. */
export interface ProfileRow {
  /** The model. */
  readonly model: ModelName;
  /** How its matrices were kept. */
  readonly quantization: Quantization;
  /** Reading a prompt, or drawing token by token. */
  readonly phase: "prefill" | "decode";
  /** Tokens of the phase. */
  readonly tokens: number;
  /** The kernel's label. */
  readonly kernel: string;
  /** Dispatches in the phase. */
  readonly dispatches: number;
  /** Milliseconds on the device, all of them together. */
  readonly ms: number;
}

/** Profiles int8 models of two sizes; of each phase the longest kernels first. */
export async function profileWebGpu(
  device: WebGpuDevice,
  { slow }: { readonly slow: boolean },
): Promise<ProfileRow[]> {
  const rows: ProfileRow[] = [];
  const quantization: Quantization = "int8";
  for (const model of ["embedded", "0.1B"] as const) {
    const loaded = await device.load(await checkpoints[model](), {
      lanes: 1,
      quantization,
    });
    const few = slow && model === "0.1B";
    const amount = { prefill: few ? 64 : 256, decode: few ? 4 : 32 };
    const tokens = Array.from(
      { length: amount.prefill },
      (_, i) => 1 + (i * 7919) % (loaded.shape.V - 1),
    );
    const phases = {
      prefill: { lane: 0, tokens, draw: 0 },
      decode: {
        lane: 0,
        tokens: [],
        draw: amount.decode,
        sampling: GREEDY,
      },
    };
    // Compiles everything before a clock runs, and leaves a draw to go on from.
    const draw = { lane: 0, draw: 2, sampling: GREEDY };
    await loaded.step([{ lane: 0, tokens, draw: 0 }]);
    await loaded.step([{ ...draw, tokens: tokens.slice(0, 9) }]);
    const timing = loaded.profile();
    let before = new Map<string, { dispatches: number; ms: number }>();
    for (const phase of ["decode", "prefill"] as const) {
      await loaded.step([phases[phase]]);
      const totals = await timing.totals();
      const found = totals.map(({ label, dispatches, ms }) => ({
        model,
        quantization,
        phase,
        tokens: amount[phase],
        kernel: label,
        dispatches: dispatches - (before.get(label)?.dispatches ?? 0),
        ms: ms - (before.get(label)?.ms ?? 0),
      })).filter(({ dispatches }) => dispatches > 0);
      rows.push(...found.sort((a, b) => b.ms - a.ms));
      before = new Map(totals.map(({ label, ...total }) => [label, total]));
    }
    await loaded.dispose();
  }
  return rows;
}
