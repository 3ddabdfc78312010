import fc from "fast-check";
import { stateLength } from "../../src/model/shape.ts";
import type { StateShape } from "../../src/state/codec.ts";
import { fromPlanes } from "../../src/state/codec_exact.ts";
import { random } from "../support/random.ts";

const GOLDENS = new URL("../fixtures/goldens/", import.meta.url);

/** A golden state: its values and the model's sizes. */
export async function golden(
  prompt: string,
): Promise<{ values: Float32Array<ArrayBuffer>; shape: StateShape }> {
  const shape = { L: prompt.startsWith("lm128") ? 4 : 3, D: 128 };
  // Of this prompt only the encodings are kept.
  if (prompt === "lm128.text2000") {
    const planes = await read(`codec.${prompt}.planes32.bin`);
    return { values: fromPlanes(planes, shape), shape };
  }
  const { buffer } = await read(`${prompt}.state.bin`);
  return { values: new Float32Array(buffer), shape };
}

/** Sizes and hashes of the reference encodings, by `<model>.<prompt>.<codec>`. */
export async function goldenCodecs(): Promise<
  Record<string, { bytes: number; sha256: string; decoded_f32_sha256: string }>
> {
  const text = await Deno.readTextFile(new URL("codec.goldens.json", GOLDENS));
  return JSON.parse(text);
}

function read(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL(name, GOLDENS));
}

/** SHA-256, in hex. */
export async function sha256(
  bytes: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}

/** States that are hard on a codec: zeros, spikes, every size a float may have. */
export function states(): fc.Arbitrary<
  { values: Float32Array<ArrayBuffer>; shape: StateShape }
> {
  const rows = fc.constantFrom<(next: () => number) => number>(
    () => 0,
    () => -0,
    (next) => 2 * next() - 1,
    (next) => next() < 0.02 ? 2 * next() - 1 : 0,
    (next) => (2 * next() - 1) ** 9,
    (next) => next() < 0.5 ? -1 : 1,
    (next) => Math.floor(next() * 255) - 127,
    (next) => Math.exp(20 * (next() - 0.5)),
  );
  const sizes = fc.oneof(
    fc.constantFrom(0, -8, -3, 2, 5),
    fc.integer({ min: -45, max: 36 }),
  );
  return fc.record({
    shape: fc.constantFrom({ L: 1, D: 64 }, { L: 2, D: 64 }, { L: 1, D: 128 }),
    seed: fc.integer(),
    kinds: fc.array(fc.tuple(rows, sizes), { minLength: 1, maxLength: 40 }),
  }).map(({ shape, seed, kinds }) => {
    const next = random(seed);
    const values = Float32Array.from(
      { length: stateLength(shape) },
      (_, i) => {
        const [kind, size] = kinds[Math.floor(i / 64) % kinds.length];
        return kind(next) * 10 ** size;
      },
    );
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) values[i] = 0;
    }
    return { values, shape };
  });
}
