/**
 * A model's identity: SHA-256 over what decides its behaviour. Two files with the
 * same values have the same fingerprint, whatever their format and dtype.
 *
 * The digest is a tree of two levels. Leaves are SHA-256 of 2²⁰ consecutive f32
 * values (little-endian) of all tensors, written one after another in canonical
 * order; the root is SHA-256 of a label, the sizes, the tokenizer's digest and
 * the leaves. So it needs little memory, reading and hashing overlap, and values may
 * come in any order: loading a model reads all of them anyway.
 *
 * @module
 */

import {
  type Checkpoint,
  parameters,
  type StoredType,
  tensorSpecs,
} from "./checkpoint.ts";
import { type ModelShape, N } from "./shape.ts";
import { volume } from "./stored_tensor.ts";

/** Version of the order in which a state's values are written. */
export const STATE_LAYOUT = 1;

const LEAF_VALUES = 1 << 20;
/** Leaves being hashed while the next is read. */
const LEAVES_AHEAD = 3;

/** Told how many of how many values have been read. */
export type DigestProgress = (done: number, total: number) => void;

/**
 * Reads every tensor once and digests it.
 *
 * @param tokenizer Digest of the vocabulary.
 * @param progress Told how many of how many values have been read.
 * @returns 32 bytes.
 * @throws {ModelError} What reading the checkpoint throws.
 */
export async function fingerprint(
  checkpoint: Checkpoint,
  tokenizer: Uint8Array,
  progress?: DigestProgress,
): Promise<Uint8Array<ArrayBuffer>> {
  const digested = new DigestedCheckpoint(checkpoint);
  return await digested.fingerprint(tokenizer, progress);
}

/** Where a tensor's values are among all, and which rows have been read. */
interface TensorDigestPart {
  readonly offset: number;
  readonly width: number;
  readonly read: Uint8Array;
}

/** Values on their way into a leaf. */
interface Leaf {
  readonly values: Float32Array<ArrayBuffer>;
  missing: number;
}

/** A checkpoint whose values are digested as they are read, each once. */
export class DigestedCheckpoint implements Checkpoint {
  /** Every size. */
  readonly shape: ModelShape;
  /** Of the large matrices. */
  readonly stored: StoredType;
  /** Of the LoRA matrices, where it is another. */
  readonly small?: StoredType;
  readonly #checkpoint: Checkpoint;
  readonly #tensorParts = new Map<string, TensorDigestPart>();
  readonly #valuesInAll: number;
  readonly #openLeaves = new Map<number, Leaf>();
  readonly #leafDigests: Promise<ArrayBuffer>[] = [];
  readonly #runningDigests: Promise<ArrayBuffer>[] = [];
  #valuesRead = 0;

  /** Has read nothing yet. */
  constructor(checkpoint: Checkpoint) {
    const { shape, stored, small } = checkpoint;
    this.shape = shape;
    this.stored = stored;
    if (small !== undefined) this.small = small;
    this.#checkpoint = checkpoint;
    this.#valuesInAll = parameters(shape);
    let offset = 0;
    for (const { name, shape: [rows, ...rest] } of tensorSpecs(shape)) {
      const width = volume(rest);
      this.#tensorParts.set(name, {
        offset,
        width,
        read: new Uint8Array(rows),
      });
      offset += rows * width;
    }
  }

  /** See {@linkcode Checkpoint.read}. */
  async read(
    name: string,
    rows?: readonly [from: number, to: number],
  ): Promise<Float32Array<ArrayBuffer>> {
    const values = await this.#checkpoint.read(name, rows);
    const part = this.#tensorParts.get(name);
    if (part !== undefined && this.#valuesRead < this.#valuesInAll) {
      this.#takeRows(part, rows?.[0] ?? 0, values);
      while (this.#runningDigests.length > LEAVES_AHEAD) {
        await this.#runningDigests.shift();
      }
    }
    return values;
  }

  /**
   * The identity of the model. What has not been read yet is read now.
   *
   * @param tokenizer Digest of the vocabulary.
   * @returns 32 bytes.
   * @throws {ModelError} What reading the checkpoint throws.
   */
  async fingerprint(
    tokenizer: Uint8Array,
    progress?: DigestProgress,
  ): Promise<Uint8Array<ArrayBuffer>> {
    for (const [name, { width, read }] of this.#tensorParts) {
      const step = Math.max(1, Math.floor(LEAF_VALUES / width));
      for (let row = 0; row < read.length; row += step) {
        const end = Math.min(read.length, row + step);
        if (read.subarray(row, end).includes(0)) {
          await this.read(name, [row, end]);
          progress?.(this.#valuesRead, this.#valuesInAll);
        }
      }
    }
    const { L, D, F, V, ranks, deep } = this.shape;
    const { w, a, v, g } = ranks;
    const sizes = [STATE_LAYOUT, L, D, N, F, V, w, a, v, g];
    if (deep !== undefined) sizes.push(deep);
    const view = new DataView(new ArrayBuffer(4 * sizes.length));
    sizes.forEach((size, i) => view.setUint32(4 * i, size, true));
    const label = deep === undefined ? "gosling model" : "gosling rwkv7a";
    return await sha256([
      new TextEncoder().encode(`${label}\0`),
      view.buffer,
      tokenizer.slice(),
      ...await Promise.all(this.#leafDigests),
    ]);
  }

  /** Takes the values of rows that were not read before. */
  #takeRows(
    { offset, width, read }: TensorDigestPart,
    first: number,
    values: Float32Array,
  ) {
    const count = values.length / width;
    for (let row = 0; row < count;) {
      const known = read[first + row];
      let end = row + 1;
      while (end < count && read[first + end] === known) end++;
      if (!known) {
        read.fill(1, first + row, first + end);
        const fresh = values.subarray(row * width, end * width);
        this.#addToLeaves(offset + (first + row) * width, fresh);
      }
      row = end;
    }
  }

  /** Puts values into their leaves. */
  #addToLeaves(at: number, values: Float32Array): void {
    this.#valuesRead += values.length;
    for (let done = 0; done < values.length;) {
      const index = Math.floor((at + done) / LEAF_VALUES),
        start = index * LEAF_VALUES;
      const size = Math.min(LEAF_VALUES, this.#valuesInAll - start);
      const leaf = this.#openLeaves.get(index) ??
        { values: new Float32Array(size), missing: size };
      this.#openLeaves.set(index, leaf);
      const from = at + done - start;
      const piece = values.subarray(done, done + size - from);
      leaf.values.set(piece, from);
      leaf.missing -= piece.length;
      done += piece.length;
      if (leaf.missing > 0) continue;
      this.#openLeaves.delete(index);
      const digest = crypto.subtle.digest("SHA-256", leaf.values);
      // Awaited later; until then a failure must not count as unhandled.
      digest.catch(() => {});
      this.#leafDigests[index] = digest;
      this.#runningDigests.push(digest);
    }
  }
}

async function sha256(
  parts: readonly BlobPart[],
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await new Blob([...parts]).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
