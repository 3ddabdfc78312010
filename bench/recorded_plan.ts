/**
 * The dispatches of a pass, recorded without a GPU: the webgpu device's own plan is
 * made on a device that only remembers what it is asked for. So what
 * `time_model.ts` predicts is what the device would do, for a model of any size.
 *
 * @module
 */

import type { Quantization } from "../src/device/device.ts";
import { createBuffers } from "../src/device/webgpu/buffers.ts";
import type { Dispatch, PassSize } from "../src/device/webgpu/dispatch.ts";
import { headPlan, layersPlan } from "../src/device/webgpu/forward.ts";
import { Gpu } from "../src/device/webgpu/gpu.ts";
import { tileFor } from "../src/device/webgpu/kernels/product.ts";
import { sample } from "../src/device/webgpu/kernels/sample.ts";
import { matrixParts, tableParts } from "../src/device/webgpu/matrix_parts.ts";
import type { Pass } from "../src/device/webgpu/pass_schedule.ts";
import { createTensor } from "../src/device/webgpu/tensor.ts";
import {
  isPart,
  type PartPlan,
  planWeights,
  stackedRows,
  turnedWords,
} from "../src/device/webgpu/weight_plan.ts";
import type { Weights } from "../src/device/webgpu/weights.ts";
import type { ModelShape } from "../src/model/shape.ts";

/** One dispatch of a pass. */
export interface RecordedDispatch {
  /** The kernel: its label's first word. */
  readonly kernel: string;
  /** The kernel's label. */
  readonly label: string;
  /** Values of its `override`s. */
  readonly constants: Readonly<Record<string, number>>;
  /** Bytes of each binding's buffer. */
  readonly bytes: readonly number[];
  /** Workgroups. */
  readonly workgroups: number;
}

/** What a pass is recorded of. */
export interface RecordedPass {
  /** The model's sizes; its matrices are BF16 where they are not quantised. */
  readonly shape: ModelShape;
  /** How its matrices are kept. */
  readonly quantization: Quantization;
  /** Rows that are read in one go, or lanes that each draw a token. */
  readonly kind: Pass["kind"];
  /** Rows of the pass, or lanes. */
  readonly rows: number;
}

/** Records a pass, from the tokens to what is drawn. */
export function recordPass(
  { shape, quantization, kind, rows }: RecordedPass,
): RecordedDispatch[] {
  const gpu = Gpu.on(rememberingDevice());
  const plan = planWeights({ shape, stored: "BF16" }, quantization);
  const weights = standIn(gpu, plan) as Weights;
  const decode = kind === "decode";
  const room = createBuffers(gpu, shape, decode ? rows : 1);
  const path = decode ? tileFor(rows, false) : kind;
  const layers = layersPlan(gpu, weights, room, path);
  const after = !decode ? [] : [
    ...headPlan(gpu, weights, room, { path, logits: room.logits }),
    ...sample(gpu, room),
  ];
  const size = { rows, segments: decode ? rows : 1 };
  return [...layers, ...after].map((dispatch) => recorded(dispatch, size));
}

function recorded(
  { label, pipeline, bindings, grid }: Dispatch,
  size: PassSize,
): RecordedDispatch {
  const { constants } = pipeline as unknown as Pick<
    RecordedDispatch,
    "constants"
  >;
  const { bytes } = bindings as unknown as Pick<RecordedDispatch, "bytes">;
  const [x, y = 1, z = 1] = grid(size);
  const [kernel] = label.split(" ");
  return { kernel, label, constants, bytes, workgroups: x * y * z };
}

/** A device that remembers constants and sizes, and does nothing. */
function rememberingDevice(): GPUDevice {
  const limits = {
    maxBufferSize: 2 ** 32,
    maxStorageBufferBindingSize: 2 ** 32,
  };
  return {
    limits,
    features: new Set(),
    adapterInfo: { vendor: "", architecture: "", device: "", description: "" },
    lost: Promise.withResolvers().promise,
    queue: { writeBuffer() {} },
    addEventListener() {},
    createBuffer: ({ size }: GPUBufferDescriptor) => ({ size }),
    createShaderModule: () => ({}),
    createComputePipeline: ({ compute }: GPUComputePipelineDescriptor) => ({
      constants: compute.constants,
      getBindGroupLayout: () => ({}),
    }),
    createBindGroup: ({ entries }: GPUBindGroupDescriptor) => ({
      bytes: Array.from(
        entries,
        ({ resource }) => (resource as GPUBufferBinding).buffer.size,
      ),
    }),
  } as unknown as GPUDevice;
}

/** Weights of the right shapes that hold nothing. */
function standIn(gpu: Gpu, plan: unknown): unknown {
  if (isPart(plan)) return emptyPart(gpu, plan);
  if (typeof plan !== "object" || plan === null) return plan;
  if (Array.isArray(plan)) return plan.map((part) => standIn(gpu, part));
  return Object.fromEntries(
    Object.entries(plan).map(([name, part]) => [name, standIn(gpu, part)]),
  );
}

function emptyPart(gpu: Gpu, part: PartPlan): unknown {
  const empty = (shape: readonly number[]) => createTensor(gpu, "", shape);
  switch (part.kind) {
    case "vectors":
      return empty([part.names.length, part.length]);
    case "turned":
      return empty([turnedWords(part), part.columns]);
    case "matrix": {
      const { label, columns, format } = part;
      const rows = stackedRows(part);
      const parts = matrixParts(rows, part, gpu.mostBytes)
        .map(({ weights, scales, ...range }) => ({
          ...range,
          weights: empty(weights),
          scales: empty(scales),
        }));
      return { label, rows, columns, format, parts, bytes: 0 };
    }
    case "table":
      return tableParts(part, gpu.mostBytes)
        .map(({ table, scales, ...range }) => ({
          ...range,
          table: empty(table),
          scales: empty(scales),
        }));
  }
}
