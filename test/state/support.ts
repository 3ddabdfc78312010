import fc from "fast-check";
import { atOnce } from "../../src/steps.ts";
import { N, stateLength } from "../../src/model/shape.ts";
import type { StateShape } from "../../src/state/codec.ts";
import { fromPlanes } from "../../src/state/codec_exact.ts";
import type { StateKey } from "../../src/state/state_keys.ts";
import { blankChain, extendChain } from "../../src/state/token_chain.ts";
import type { Save, SaveFormat, SaveNote } from "../../src/state/save.ts";
import type { Transcript } from "../../src/state/transcript.ts";
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
    return { values: atOnce(fromPlanes(planes, shape)), shape };
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

/** What a state of a property test is made of: short to print. */
export interface Recipe {
  /** Sizes. */
  readonly shape: StateShape;
  /** Of the random numbers. */
  readonly seed: number;
  /** For each 64 values in turn: which kind, and its power of ten. */
  readonly kinds: readonly (readonly [kind: number, size: number])[];
}

const KINDS: readonly ((next: () => number) => number)[] = [
  () => 0,
  () => -0,
  (next) => 2 * next() - 1,
  (next) => next() < 0.02 ? 2 * next() - 1 : 0,
  (next) => (2 * next() - 1) ** 9,
  (next) => next() < 0.5 ? -1 : 1,
  (next) => Math.floor(next() * 255) - 127,
  (next) => Math.exp(20 * (next() - 0.5)),
];

/** States that are hard on a codec: zeros, spikes, every size a float may have. */
export function states(): fc.Arbitrary<Recipe> {
  const sizes = fc.oneof(
    { weight: 60, arbitrary: fc.constantFrom(0, -8, -3, 2, 5) },
    { weight: 60, arbitrary: fc.integer({ min: -45, max: 25 }) },
    // Too large for most codecs, so that one in three states is.
    { weight: 1, arbitrary: fc.integer({ min: 26, max: 36 }) },
  );
  return fc.record({
    shape: fc.constantFrom({ L: 1, D: 64 }, { L: 2, D: 64 }, { L: 1, D: 128 }),
    seed: fc.integer(),
    kinds: fc.array(fc.tuple(fc.nat(KINDS.length - 1), sizes), {
      minLength: 1,
      maxLength: 40,
    }),
  });
}

/**
 * The state that a recipe makes, all finite. Shifts stay small but in every eighth
 * state: f16 holds no more.
 */
export function stateOf({ shape, seed, kinds }: Recipe): {
  values: Float32Array<ArrayBuffer>;
  shape: StateShape;
} {
  const next = random(seed);
  const values = Float32Array.from({ length: stateLength(shape) }, (_, i) => {
    const [kind, size] = kinds[Math.floor(i / 64) % kinds.length];
    const place = i % (shape.D * (N + 2));
    const isShift = place < shape.D || place >= shape.D * (N + 1);
    const power = isShift && seed % 8 !== 0 ? Math.min(size, 0) : size;
    const value = Math.fround(KINDS[kind](next) * 10 ** power);
    return Number.isFinite(value) ? value : 0;
  });
  return { values, shape };
}

/** A small save with something in every field; the same at every call. */
export function exampleSave(): Save {
  const next = random(7);
  const shape = exampleFormat().shape;
  return {
    values: Float32Array.from(
      { length: stateLength(shape) },
      () => (2 * next() - 1) ** 3,
    ),
    position: 2 ** 32 + 5,
    unread: [65535, 10],
    seed: [0xdeadbeef, 7],
    counts: new Map([[40000, 0.5], [7, 1], [12, 1.75]]),
    utf8: Uint8Array.of(0xf0, 0x9f, 0x8e),
    chat: { open: true, thinking: false },
    chain: Uint8Array.from({ length: 32 }, (_, i) => i),
  };
}

/** The same with a transcript of what it has read. */
export function exampleTranscript(): Save & {
  readonly transcript: Transcript;
} {
  const word = (text: string) => new TextEncoder().encode(text);
  const tokens = Uint32Array.of(0, 300, 70_000, 301, 300, 44);
  return {
    ...exampleSave(),
    position: tokens.length,
    chain: extendChain(blankChain(), tokens),
    transcript: {
      tokens,
      words: new Map([
        [0, word("")],
        [300, word("User: ")],
        [70_000, word("Grüße")],
        [301, word("\n\n")],
        [44, word("Ja")],
        [65535, word(".")],
        [10, Uint8Array.of(0xf0, 0x9f, 0x8e)],
      ]),
      turns: [
        { role: "user", from: 6, to: 13 },
        { role: "assistant", from: 21, to: 27 },
      ],
    },
  };
}

/** The model of {@linkcode exampleSave}. */
export function exampleFormat(): SaveFormat {
  return {
    fingerprint: Uint8Array.from({ length: 32 }, (_, i) => 255 - i),
    shape: { L: 1, D: 64, V: 65536 },
  };
}

/** Who wrote it. */
export const exampleNote: SaveNote = {
  engine: "gosling 0.1.0",
  device: "wasm, 2 threads",
};

/** Keys for tests, and for tokens that are kept as fixtures: known to everyone. */
export function exampleKey(kid: string): StateKey {
  const secret = new Uint8Array(32).fill(kid.length);
  secret.set(new TextEncoder().encode(kid));
  return { kid, secret };
}
