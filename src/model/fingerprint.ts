/**
 * A model's identity: SHA-256 over what decides its behaviour. Two files with the
 * same values have the same fingerprint, whatever their format and dtype.
 *
 * The digest is a tree of two levels. Leaves are SHA-256 of 2²⁰ consecutive f32
 * values (little-endian) of all tensors, written one after another in canonical
 * order; the root is SHA-256 of a label, the sizes, the tokenizer's digest and
 * the leaves. So it needs little memory, and reading and hashing overlap.
 *
 * @module
 */

import { type Checkpoint, parameters, tensorSpecs } from "./checkpoint.ts";
import { N } from "./shape.ts";
import { volume } from "./stored.ts";

/** Version of the order in which a state's values are written. */
export const STATE_LAYOUT = 1;

const LEAF = 1 << 20;
/** Leaves being hashed while the next is read. */
const AHEAD = 3;

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
  progress?: (done: number, total: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const leaves: Promise<ArrayBuffer>[] = [];
  let leaf = new Float32Array(LEAF), filled = 0, read = 0;
  const total = parameters(checkpoint.shape);
  const flush = async () => {
    const digest = crypto.subtle.digest("SHA-256", leaf.subarray(0, filled));
    // Awaited in order below; until then a failure must not count as unhandled.
    digest.catch(() => {});
    leaves.push(digest);
    leaf = new Float32Array(LEAF);
    filled = 0;
    await leaves.at(-1 - AHEAD);
  };
  for await (const values of pieces(checkpoint)) {
    for (let done = 0; done < values.length;) {
      const part = values.subarray(done, done + LEAF - filled);
      leaf.set(part, filled);
      filled += part.length;
      done += part.length;
      if (filled === LEAF) await flush();
    }
    progress?.(read += values.length, total);
  }
  if (filled > 0) await flush();
  const { L, D, F, V, ranks, deep } = checkpoint.shape;
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
    ...await Promise.all(leaves),
  ]);
}

/** All values in canonical order, at most about a leaf at a time. */
async function* pieces(checkpoint: Checkpoint): AsyncGenerator<Float32Array> {
  for (const { name, shape } of tensorSpecs(checkpoint.shape)) {
    const [rows, ...rest] = shape;
    const step = Math.max(1, Math.floor(LEAF / volume(rest)));
    for (let row = 0; row < rows; row += step) {
      yield await checkpoint.read(name, [row, Math.min(rows, row + step)]);
    }
  }
}

async function sha256(
  parts: readonly BlobPart[],
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await new Blob([...parts]).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
