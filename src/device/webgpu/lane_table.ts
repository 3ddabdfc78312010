/**
 * What the host knows of each lane, and the part of a step that is about lanes
 * instead of layers: how they sample, what they drew.
 *
 * @module
 */

import { penalized } from "../../text/penalties.ts";
import type { LaneResult, LaneStep } from "../device.ts";
import type { Gpu } from "./gpu.ts";
import { MAX_DRAWN } from "../step_checks.ts";
import { FEW_COUNTS, type LaneBuffers } from "./buffers.ts";
import { denseValues, packSampling, tokenBits } from "./sampling_table.ts";

/** Bytes of a lane's cursor, and where its fields lie. */
const CURSOR = { bytes: 16, done: 4, pending: 8, drawn: 12 };

/** What a draw leaves where no logit was finite. */
const NONE = 0xffffffff;

/** One lane, as the host knows it. */
interface Lane {
  /** Where in its text the draws end that the device's counts will have. */
  counted?: number | undefined;
  /** The biases that the device has, if it has any. */
  biases?: ReadonlyMap<number, number> | undefined;
  /** The stop tokens that it has. */
  stops?: ReadonlySet<number> | undefined;
}

/** The draws of one step. */
export interface StepDraws {
  /** Bytes to download. */
  readonly bytes: number;
  /** Encodes what must happen before the passes. */
  reset(encoder: GPUCommandEncoder): void;
  /** Encodes the copies to `staging`, from byte `offset` on. */
  copy(encoder: GPUCommandEncoder, staging: GPUBuffer, offset: number): void;
  /** Reads what was downloaded. */
  results(bytes: ArrayBuffer, offset: number): LaneResult[];
}

/** The lanes of a model. */
export class LaneTable {
  readonly #gpu: Gpu;
  readonly #V: number;
  readonly #buffers: LaneBuffers;
  readonly #lanes: readonly Lane[];

  /** Lanes that have drawn nothing yet. */
  constructor(gpu: Gpu, V: number, lanes: number, buffers: LaneBuffers) {
    this.#gpu = gpu;
    this.#V = V;
    this.#buffers = buffers;
    this.#lanes = Array.from({ length: lanes }, () => ({}));
  }

  /** What a lane's turn left on the device has been wiped. */
  forget(lane: number): void {
    const known = this.#lanes[lane];
    known.biases = undefined;
    known.stops = undefined;
    known.counted = undefined;
  }

  /** Encodes a copy of what a lane drew last, by way of `between`. */
  copy(
    encoder: GPUCommandEncoder,
    { from, to, between }: { from: number; to: number; between: GPUBuffer },
  ): void {
    const { buffer } = this.#buffers.cursors;
    const { bytes } = CURSOR;
    // Counts stay behind.
    this.#lanes[to].counted = undefined;
    encoder.copyBufferToBuffer(buffer, from * bytes, between, 0, bytes);
    encoder.copyBufferToBuffer(between, 0, buffer, to * bytes, bytes);
  }

  /** Uploads how lanes sample; call {@linkcode StepDraws} in its order. */
  begin(batch: readonly LaneStep[]): StepDraws {
    const { cursors, drawn } = this.#buffers;
    const resets: number[] = [];
    const fresh: LaneStep[] = [];
    for (const step of batch) {
      const lane = this.#lanes[step.lane];
      const at = step.lane * CURSOR.bytes;
      resets.push(at + CURSOR.drawn);
      if (step.tokens.length > 0) resets.push(at + CURSOR.done);
      if (step.draw > 0 && step.sampling && penalized(step.sampling)) {
        const { position, counts } = step.sampling;
        // Whoever goes on from draws may not have heard of them all: two answers
        // that come at once are both known here before the first is there.
        if (step.tokens.length > 0 || lane.counted !== position) {
          fresh.push(step);
          this.#writeCounts(step.lane, counts);
          resets.push(at + CURSOR.pending);
        }
        lane.counted = position + step.draw;
      }
      if (step.draw > 0) this.#writeSampling(step);
    }

    const sizes = batch.map(({ draw }) =>
      draw === 0 ? 0 : CURSOR.bytes + 4 * draw
    );
    return {
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      reset: (encoder): void => {
        for (const at of resets) encoder.clearBuffer(cursors.buffer, at, 4);
        for (const { lane, sampling } of fresh) {
          if (sampling) this.#placeCounts(encoder, lane, sampling.counts);
        }
      },
      copy(encoder, staging, offset): void {
        for (const { lane, draw } of batch) {
          if (draw === 0) continue;
          encoder.copyBufferToBuffer(
            cursors.buffer,
            lane * CURSOR.bytes,
            staging,
            offset,
            CURSOR.bytes,
          );
          encoder.copyBufferToBuffer(
            drawn.buffer,
            4 * lane * MAX_DRAWN,
            staging,
            offset + CURSOR.bytes,
            4 * draw,
          );
          offset += CURSOR.bytes + 4 * draw;
        }
      },
      results(bytes, offset): LaneResult[] {
        return batch.map(({ draw }, i) => {
          if (draw === 0) return { drawn: [], stopped: false };
          const words = new Uint32Array(bytes, offset, sizes[i] / 4);
          offset += sizes[i];
          const count = words[CURSOR.drawn / 4];
          const tokens = [...words.subarray(4, 4 + count)];
          const stopped = words[CURSOR.done / 4] !== 0;
          if (tokens.at(-1) !== NONE) return { drawn: tokens, stopped };
          return {
            drawn: tokens.slice(0, -1),
            stopped: false,
            failure: "Cannot sample: no logit is finite",
          };
        });
      },
    };
  }

  #writeSampling({ lane, sampling, stopTokens }: LaneStep): void {
    if (!sampling) return;
    const { queue } = this.#gpu.device;
    const { parameters, sets } = this.#buffers;
    const known = this.#lanes[lane];
    const packed = packSampling(sampling);
    queue.writeBuffer(parameters.buffer, lane * packed.byteLength, packed);

    const setBytes = 4 * Math.ceil(this.#V / 32);
    const offset = 2 * lane * setBytes;
    // A turn gives the same ones with each of its steps.
    if (stopTokens === undefined || known.stops !== stopTokens) {
      const stopBits = tokenBits(stopTokens ?? [], this.#V);
      queue.writeBuffer(sets.buffer, offset + setBytes, stopBits);
      known.stops = stopTokens;
    }
    if (sampling.mask) {
      queue.writeBuffer(sets.buffer, offset, new Uint32Array(sampling.mask));
    }
    const { logitBias } = sampling;
    if (logitBias.size > 0 && known.biases !== logitBias) {
      this.#writeTally(1, lane, logitBias);
      known.biases = logitBias;
    }
  }

  /** Uploads a lane's counts: all of them, or the few that there are. */
  #writeCounts(lane: number, counts: ReadonlyMap<number, number>): void {
    if (counts.size > FEW_COUNTS) return this.#writeTally(0, lane, counts);
    if (counts.size === 0) return;
    const values = Float32Array.from(counts.values());
    const { queue } = this.#gpu.device;
    queue.writeBuffer(
      this.#buffers.counts.buffer,
      4 * lane * FEW_COUNTS,
      values,
    );
  }

  /** Encodes the way of a few counts to their places. */
  #placeCounts(
    encoder: GPUCommandEncoder,
    lane: number,
    counts: ReadonlyMap<number, number>,
  ): void {
    if (counts.size > FEW_COUNTS) return;
    const { tallies, counts: few } = this.#buffers;
    const row = 4 * lane * this.#V;
    encoder.clearBuffer(tallies.buffer, row, 4 * this.#V);
    let from = 4 * lane * FEW_COUNTS;
    for (const token of counts.keys()) {
      const to = row + 4 * token;
      if (token < this.#V) {
        encoder.copyBufferToBuffer(few.buffer, from, tallies.buffer, to, 4);
      }
      from += 4;
    }
  }

  /** Writes a lane's counts (0) or biases (1). */
  #writeTally(
    which: 0 | 1,
    lane: number,
    values: ReadonlyMap<number, number>,
  ): void {
    const dense = denseValues(values, this.#V);
    const row = which * this.#lanes.length + lane;
    this.#gpu.device.queue.writeBuffer(
      this.#buffers.tallies.buffer,
      row * dense.byteLength,
      dense,
    );
  }
}
