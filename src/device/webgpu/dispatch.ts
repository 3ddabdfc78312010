/**
 * A kernel bound to its tensors, ready to be recorded again and again.
 *
 * @module
 */

import type { Tensor } from "./tensor.ts";

/** How much a pass carries: the sizes that a dispatch may grow with. */
export interface PassSize {
  /** Rows: one token of one lane each. */
  readonly rows: number;
  /** Segments: runs of rows of one lane. */
  readonly segments: number;
}

/** Workgroups of a dispatch, by the size of the pass. */
export type Grid = (size: PassSize) => readonly [number, number?, number?];

/** What {@linkcode Gpu.dispatch} binds. */
export interface DispatchInit {
  /** The kernel's name, for profiles and error messages. */
  readonly label: string;
  /** WGSL with one entry point. */
  readonly source: string;
  /** Values of its `override`s. */
  readonly constants: Readonly<Record<string, number>>;
  /** In the order of its bindings. */
  readonly tensors: readonly Tensor[];
  /** Workgroups. */
  readonly grid: Grid;
}

/** A kernel bound to its tensors. */
export interface Dispatch {
  /** The kernel's name. */
  readonly label: string;
  /** The compiled kernel. */
  readonly pipeline: GPUComputePipeline;
  /** Its tensors. */
  readonly bindings: GPUBindGroup;
  /** Workgroups. */
  readonly grid: Grid;
}

/** Records `plan`, in order, into one compute pass. */
export function encode(
  pass: GPUComputePassEncoder,
  plan: Iterable<Dispatch>,
  size: PassSize,
): void {
  for (const { pipeline, bindings, grid } of plan) {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindings);
    pass.dispatchWorkgroups(...grid(size));
  }
}
