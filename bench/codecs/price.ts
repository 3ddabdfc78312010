/**
 * What a codec costs: bytes, and milliseconds to write and to read.
 *
 * @module
 */

import { stateLength } from "../../src/model/shape.ts";
import {
  CODEC_NAMES,
  decodeValues,
  encodeValues,
  type StateShape,
} from "../../src/state/codec.ts";
import { randomKey } from "../../src/state/state_keys.ts";
import type { CodecName, Save } from "../../src/state/save.ts";
import { Vault } from "../../src/state/vault.ts";

/** The price of a codec at one shape. */
export interface Price {
  /** The codec. */
  readonly codec: CodecName;
  /** Bytes of the values. */
  readonly bytes: number;
  /** Characters of the sealed token as text. */
  readonly token: number;
  /** Milliseconds to write the values. */
  readonly encodeMs: number;
  /** Milliseconds to read them. */
  readonly decodeMs: number;
  /** Milliseconds from a save to a token, writing included. */
  readonly sealMs: number;
  /** Milliseconds from a token to a save, reading included. */
  readonly openMs: number;
}

const WARM = 20, RUNS = 31;

/**
 * Measures every codec at `shape`, on a state like those of a real model: `sample`,
 * layer by layer, over and over, each time by another factor.
 */
export async function measurePrice(
  shape: StateShape,
  sample: Float32Array,
): Promise<Price[]> {
  const values = Float32Array.from(
    { length: stateLength(shape) },
    (_, i) =>
      sample[i % sample.length] * (1 + Math.floor(i / sample.length) / 97),
  );
  const vault = await Vault.create({
    keys: [randomKey()],
    format: { fingerprint: new Uint8Array(32), shape },
    audience: "bench",
  });
  const save: Save = {
    values,
    position: 1000,
    unread: [0],
    seed: [0, 0],
    counts: new Map(),
    utf8: new Uint8Array(),
    chat: { open: false, thinking: false },
    chain: new Uint8Array(32),
  };
  const prices: Price[] = [];
  for (const codec of CODEC_NAMES) {
    const { bytes } = encodeValues(values, codec, shape);
    const { token } = await vault.seal(save, { codec });
    prices.push({
      codec,
      bytes: bytes.length,
      token: token.length,
      encodeMs: await median(() => encodeValues(values, codec, shape)),
      decodeMs: await median(() => decodeValues(bytes, codec, shape)),
      sealMs: await median(() => vault.seal(save, { codec })),
      openMs: await median(() => vault.open(token)),
    });
  }
  return prices;
}

async function median(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < WARM + RUNS; run++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.slice(WARM).sort((a, b) => a - b)[RUNS >> 1];
}
