/**
 * Puts a checkpoint into shared memory: the main thread reads rows, the workers
 * pack them.
 *
 * @module
 */

import type { Checkpoint } from "../../model/checkpoint.ts";
import type { LoadOptions } from "../device.ts";
import { PANEL, roundUp } from "./wasm_matrix.ts";
import type { TensorPlace } from "./memory_arena.ts";
import type { MemoryLayout } from "./memory_layout.ts";
import type { UnpackedRows } from "./thread_messages.ts";
import type { WasmThread } from "./worker_thread.ts";

/** Pieces that a worker, or a file, may have in hand, so that it never waits. */
const PACKING_AHEAD = 2;

/** Bytes of rows at least that a worker gets at once, all but the last. */
const LEAST_MESSAGE_BYTES = 256 << 10;

/** Bytes of a piece of packed weights at most. */
const PACKED_PIECE_BYTES = 4 << 20;

/** Fills in all weights. */
export async function loadWeights(
  checkpoint: Checkpoint,
  memory: WebAssembly.Memory,
  layout: MemoryLayout,
  threads: readonly WasmThread[],
  { packed, progress }: Pick<LoadOptions, "packed" | "progress">,
): Promise<void> {
  let packing: Promise<void> | undefined;
  const pack = () =>
    packing ??= packWeights(checkpoint, memory, layout, threads, progress);
  if (packed === undefined) return await pack();
  const filling: Promise<void>[] = [];
  let done = 0;
  for (const place of layout.places.values()) {
    const end = place.offset + placeBytes(place);
    for (let at = place.offset; at < end; at += PACKED_PIECE_BYTES) {
      const size = Math.min(PACKED_PIECE_BYTES, end - at);
      const target = new Uint8Array(memory.buffer, at, size);
      const filled = packed.fill(target, pack);
      // Awaited in its turn; until then a failure must not count as unhandled.
      filled.catch(() => {});
      filling.push(filled);
      if (filling.length > PACKING_AHEAD) await filling.shift();
    }
    if (packing === undefined) progress?.(++done, layout.places.size);
  }
  await Promise.all(filling);
}

/** Bytes that a tensor takes, with its padding. */
function placeBytes({ kind, rows, rowBytes }: TensorPlace): number {
  return (kind === "panels" ? roundUp(rows, PANEL) : rows) * rowBytes;
}

/** Reads and packs everything. */
async function packWeights(
  checkpoint: Checkpoint,
  memory: WebAssembly.Memory,
  layout: MemoryLayout,
  threads: readonly WasmThread[],
  progress: LoadOptions["progress"],
): Promise<void> {
  const queue = new PackQueue(threads);
  let done = 0;
  for (const [name, place] of layout.places) {
    if (place.kind === "vector") {
      const values = await checkpoint.read(name);
      new Float32Array(memory.buffer, place.offset, values.length).set(values);
    } else {
      await packTensor(checkpoint, name, place, layout.stagingBytes, queue);
    }
    progress?.(++done, layout.places.size);
  }
  await queue.finish();
}

async function packTensor(
  checkpoint: Checkpoint,
  name: string,
  place: TensorPlace,
  stagingBytes: number,
  queue: PackQueue,
): Promise<void> {
  const { rows, width } = place;
  const most = Math.floor(stagingBytes / (width * 4) / PANEL) * PANEL;
  for (let row = 0; row < rows; row += most) {
    const values = await checkpoint.read(name, [
      row,
      Math.min(row + most, rows),
    ]);
    await queue.add({ place, row, width, values });
  }
}

/** Hands pieces to the workers in turn, a few ahead of what they have packed. */
class PackQueue {
  readonly #threads: readonly WasmThread[];
  readonly #pendingPacks: Promise<undefined>[] = [];
  #pendingPieces: UnpackedRows[] = [];
  #pendingBytes = 0;
  #nextThread = 0;

  constructor(threads: readonly WasmThread[]) {
    this.#threads = threads;
  }

  /** Takes a piece; small ones wait for others, for a message takes its time. */
  async add(piece: UnpackedRows): Promise<void> {
    this.#pendingPieces.push(piece);
    this.#pendingBytes += piece.values.byteLength;
    if (this.#pendingBytes < LEAST_MESSAGE_BYTES) return;
    this.#send();
    if (this.#pendingPacks.length > PACKING_AHEAD * this.#threads.length) {
      await this.#pendingPacks.shift();
    }
  }

  async finish(): Promise<void> {
    this.#send();
    await Promise.all(this.#pendingPacks);
  }

  #send(): void {
    const pieces = this.#pendingPieces;
    this.#pendingPieces = [];
    this.#pendingBytes = 0;
    const thread = this.#threads[this.#nextThread++ % this.#threads.length];
    const packed = thread.do<"pack">(
      { name: "pack", pieces },
      pieces.map(({ values }) => values.buffer),
    );
    // If reading fails first, nobody is left to hear that packing was cut short.
    packed.catch(() => {});
    this.#pendingPacks.push(packed);
  }
}
