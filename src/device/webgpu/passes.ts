/**
 * Passes turned into commands: which kernels, in what order, in how many submits.
 *
 * @module
 */

import { type Dispatch, encode } from "./dispatch.ts";
import { headPlan, layersPlan, type Path } from "./forward.ts";
import type { Gpu } from "./gpu.ts";
import { tileFor } from "./kernels/product.ts";
import { sample } from "./kernels/sample.ts";
import { paddedRows } from "./weight_packing.ts";
import { PASS_ROWS, type WorkBuffers } from "./buffers.ts";
import type { Pass } from "./pass_schedule.ts";
import { createTensor, type Tensor } from "./tensor.ts";
import { Timing } from "./kernel_timing.ts";
import type { Weights } from "./weights.ts";

/** Decode passes in one submit: long enough to hide its cost. */
export const PASSES_PER_SUBMIT = 8;

/** Bytes of the row tables of one submit. */
export const TABLES_BYTES: number = PASSES_PER_SUBMIT * PASS_ROWS * 16;

/** The dispatches of one kind of pass. */
interface Plan {
  readonly layers: readonly Dispatch[];
  /** Made when somebody asks for logits or draws. */
  head?: HeadPlan;
}

/** From the residual stream to a token. */
interface HeadPlan {
  readonly head: readonly Dispatch[];
  readonly sample: readonly Dispatch[];
  /** Where the head leaves its logits. */
  readonly logits: Tensor;
}

/** Where logits are copied to. */
export interface LogitsTarget {
  /** A buffer that the host will read. */
  readonly staging: GPUBuffer;
  /** The byte in it for one of an entry's logits. */
  place(entry: number, index: number): number;
}

/** Runs passes; each kind of pass is planned once. */
export class PassRunner {
  readonly #gpu: Gpu;
  readonly #weights: Weights;
  readonly #room: WorkBuffers;
  readonly #V: number;
  readonly #tables: GPUBuffer;
  readonly #plans = new Map<Path, Plan>();
  /** Logits of a whole chunk, made when somebody asks for them. */
  #chunkLogits: Tensor | undefined;
  #timing: Timing | undefined;

  /** Compiles what decoding one lane needs; the rest when it is needed. */
  constructor(gpu: Gpu, weights: Weights, room: WorkBuffers, V: number) {
    this.#gpu = gpu;
    this.#weights = weights;
    this.#room = room;
    this.#V = V;
    this.#tables = gpu.buffer("tables", TABLES_BYTES);
    this.#head(1);
  }

  /** Measures each dispatch from now on, where the adapter can; slower. */
  profile(): Timing {
    this.#timing ??= new Timing(this.#gpu);
    return this.#timing;
  }

  /** Submits passes in order. */
  run(passes: readonly Pass[], target: LogitsTarget): void {
    for (let at = 0; at < passes.length;) {
      const count = passes[at].kind === "decode" ? PASSES_PER_SUBMIT : 1;
      this.#submit(passes.slice(at, at + count), target);
      at += count;
    }
  }

  /** Frees what belongs to it alone. */
  dispose(): void {
    this.#tables.destroy();
    this.#chunkLogits?.buffer.destroy();
    this.#timing?.dispose();
  }

  #submit(passes: readonly Pass[], { staging, place }: LogitsTarget): void {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder();
    let offset = 0;
    let before: Uint32Array | undefined;
    for (const pass of passes) {
      const { table, rows, segments, kind } = pass;
      // Rows that go on from what they drew look the same in every pass.
      if (!before || !sameWords(before, table)) {
        device.queue.writeBuffer(this.#tables, offset, table);
        encoder.copyBufferToBuffer(
          this.#tables,
          offset,
          this.#room.rows.buffer,
          0,
          table.byteLength,
        );
        offset += table.byteLength;
        before = table;
      }
      const path = kind === "decode" ? tileFor(rows, this.#gpu.software) : kind;
      const size = { rows, segments };
      const headed = pass.draws || pass.logits.length > 0;
      const after = headed ? this.#head(path) : undefined;
      const dispatches = [
        this.#plan(path).layers,
        after?.head ?? [],
        after && pass.draws ? after.sample : [],
      ].flat();
      if (this.#timing) this.#timing.encode(encoder, dispatches, size);
      else {
        const compute = encoder.beginComputePass();
        encode(compute, dispatches, size);
        compute.end();
      }
      if (!after) continue;
      for (const { row, entry, index } of pass.logits) {
        encoder.copyBufferToBuffer(
          after.logits.buffer,
          4 * row * after.logits.shape[1],
          staging,
          place(entry, index),
          4 * this.#V,
        );
      }
    }
    device.queue.submit([encoder.finish()]);
    this.#timing?.collect();
  }

  #plan(path: Path): Plan {
    const known = this.#plans.get(path);
    if (known) return known;
    const gpu = this.#gpu, weights = this.#weights, room = this.#room;
    const plan = { layers: layersPlan(gpu, weights, room, path) };
    this.#plans.set(path, plan);
    return plan;
  }

  /** The dispatches after the last layer. */
  #head(path: Path): HeadPlan {
    const plan = this.#plan(path);
    if (plan.head) return plan.head;
    const gpu = this.#gpu, weights = this.#weights, room = this.#room;
    const reads = path === "chunk" || path === "few";
    if (reads) {
      const width = paddedRows(this.#V);
      this.#chunkLogits ??= createTensor(gpu, "logits", [PASS_ROWS, width]);
    }
    const logits = this.#chunkLogits && reads ? this.#chunkLogits : room.logits;
    return plan.head = {
      logits,
      head: headPlan(gpu, weights, room, { path, logits }),
      sample: reads ? [] : sample(gpu, room),
    };
  }
}

function sameWords(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}
