/**
 * Damaged model files: whatever is done to one, it opens or it is said what is
 * wrong with it, without reading past its end and without delay.
 *
 * @module
 */

import { AssertionError } from "node:assert";
import { assert } from "@std/assert";
import fc from "fast-check";
import { randomTensors, safetensors } from "../support/models/random_model.ts";
import { ModelError } from "../../src/errors.ts";
import { openModel } from "../../src/model/open_model.ts";
import { type ByteSource, bytesSource } from "../../src/model/byte_source.ts";
import {
  llamaKeys,
  llamaTensors,
  worldLines,
  writeGguf,
} from "../support/models/write_gguf.ts";
import { writePth } from "../support/models/write_pth.ts";
import type { FuzzOptions } from "./barrage.ts";

const MODEL = { L: 1, D: 64, V: 300, ranks: { w: 4, a: 5, v: 6, g: 7 } };
const tensors = randomTensors(MODEL);

const vocabulary = bytesSource(
  "vocab.txt",
  new TextEncoder().encode(worldLines(MODEL.V)),
);

/** Writes a small model in each format. */
export const FILES: Readonly<
  Record<string, () => Promise<Uint8Array<ArrayBuffer>>>
> = {
  async safetensors() {
    const parts = await Array.fromAsync(safetensors(tensors, "BF16"));
    return await new Blob(parts).bytes();
  },
  pth: () => writePth(tensors, "BF16"),
  "pth of 64 bits": () => writePth(tensors, "F16", { large: true }),
  async gguf() {
    const renamed = await llamaTensors(tensors, "Q8_0");
    return writeGguf(llamaKeys(MODEL.V), renamed);
  },
};

/** What happens to files: each turns some bytes into other bytes. */
type Damage = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

const place = fc.double({ min: 0, max: 1, noNaN: true });

/** Most damage is done where a header or a directory is, at either end. */
const ends = fc.oneof(
  place.map((x) => x ** 8),
  place.map((x) => 1 - x ** 8),
  place,
);

const damage: fc.Arbitrary<Damage> = fc.oneof(
  place.map((x): Damage => (bytes) =>
    bytes.slice(0, Math.floor(x * bytes.length))
  ),
  fc.tuple(ends, fc.uint8Array({ minLength: 1, maxLength: 9 }))
    .map(([x, noise]): Damage => (bytes) => put(bytes, x, noise)),
  fc.tuple(ends, fc.constantFrom(0, 1, 127, 128, 255))
    .map(([x, byte]): Damage => (bytes) =>
      put(bytes, x, new Uint8Array(8).fill(byte))
    ),
  fc.tuple(ends, ends, fc.nat(300)).map(([x, y, length]): Damage => (bytes) =>
    put(bytes, x, bytes.slice(Math.floor(y * bytes.length)).slice(0, length))
  ),
  fc.tuple(ends, fc.nat(99)).map(([x, length]): Damage => (bytes) => {
    const at = Math.floor(x * bytes.length);
    const rest = bytes.slice(at + length);
    const cut = new Uint8Array(at + rest.length);
    cut.set(bytes.subarray(0, at));
    cut.set(rest, at);
    return cut;
  }),
);

function put(
  bytes: Uint8Array<ArrayBuffer>,
  place: number,
  data: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const changed = bytes.slice();
  const at = Math.floor(place * (bytes.length - 1));
  changed.set(data.subarray(0, bytes.length - at), at);
  return changed;
}

/** A source that is never asked for more than it has. */
function watched(source: ByteSource): ByteSource {
  return {
    ...source,
    read(offset, length) {
      assert(Number.isSafeInteger(offset) && length >= 0);
      return source.read(offset, length);
    },
  };
}

/** Files between two reports. */
const BATCH = 50;

/** Milliseconds that a file may take; a machine may stand still for a while. */
const LIMIT = 30_000;

/**
 * Opens damaged files of one format.
 *
 * @returns How many were refused; the others were whole enough.
 * @throws {AssertionError} If one was refused in another way than by a reason
 * that names it, or took longer than 30 s.
 */
export async function fuzzModelFiles(
  format: string,
  { seed, count, progress }: FuzzOptions,
): Promise<number> {
  const whole = await FILES[format]();
  const weights = (bytes: Uint8Array<ArrayBuffer>) => [
    watched(bytesSource(`m.${format}`, bytes)),
  ];
  await openModel({ weights: weights(whole), vocabulary });
  let refused = 0;
  for (let done = 0; done < count; done += BATCH) {
    const numRuns = Math.min(BATCH, count - done);
    for (const harm of fc.sample(damage, { numRuns, seed: seed + done })) {
      const start = performance.now();
      try {
        await openModel({ weights: weights(harm(whole)), vocabulary });
      } catch (error) {
        if (!(error instanceof ModelError)) {
          throw new AssertionError({ message: Deno.inspect(error) });
        }
        assert(error.message.includes(`m.${format}`), error.message);
        refused++;
      }
      const ms = performance.now() - start;
      assert(ms < LIMIT, `a ${format} file took ${Math.round(ms)} ms`);
    }
    progress?.(Math.min(done + BATCH, count));
  }
  return refused;
}
