/**
 * States and transcripts in steps: the same bytes as at once, in pieces small enough
 * that the loop is never held for long. Steps are counted, not timed.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deflateSync } from "fflate";
import { N, stateLength } from "../../src/model/shape.ts";
import { atOnce, inSteps, type Steps } from "../../src/steps.ts";
import {
  CODEC_NAMES,
  decodingValues,
  encodeValues,
  encodingValues,
} from "../../src/state/codec.ts";
import { extendChain, extendingChain } from "../../src/state/token_chain.ts";
import { decompressing } from "../../src/state/compress.ts";
import {
  exportingState,
  exportState,
  STATE_LAYOUTS,
} from "../../src/state/foreign/convert_state.ts";
import { LONGEST_TRANSCRIPT } from "../../src/state/transcript.ts";
import {
  decodeTranscript,
  decodingTranscript,
  encodeTranscript,
  encodingTranscript,
} from "../../src/state/transcript_section.ts";
import { zstdPieces } from "../../src/state/zstd_frame.ts";
import { random } from "../support/random.ts";
import { exampleSave } from "./support.ts";

const SHAPE = { L: 6, D: 512 };
const LAYER = SHAPE.D * (N + 2);

function values(seed: number): Float32Array<ArrayBuffer> {
  const next = random(seed);
  return Float32Array.from({ length: stateLength(SHAPE) }, () => next() - 0.5);
}

/** Does work, one step after the other, and counts them. */
async function counted<T>(work: Steps<T>): Promise<[T, number]> {
  for (let steps = 0;; steps++) {
    const next = work.next();
    if (next.done) return [next.value, steps];
    await next.value;
  }
}

for (const codec of CODEC_NAMES) {
  Deno.test(`${codec} in steps is ${codec} at once, a layer a step at most`, async () => {
    const given = values(1);
    const expected = encodeValues(given, codec, SHAPE, 8);
    const [{ bytes, codec: used }, steps] = await counted(
      encodingValues(given, codec, SHAPE, 8, "inSteps"),
    );
    assertEquals(used, codec);
    assertEquals(bytes, expected.bytes);
    assertEquals(bytes.byteOffset, 8);
    assert(steps >= SHAPE.L, `${steps} steps`);
    const [decoded, more] = await counted(
      decodingValues(bytes, codec, SHAPE, "inSteps"),
    );
    assertEquals(decoded.length, SHAPE.L * LAYER);
    assertEquals(encodeValues(decoded, codec, SHAPE, 8).bytes, bytes);
    assert(more >= SHAPE.L, `${more} steps`);
  });
}

Deno.test("codecs take turns in the kernels' memory, and none finds another's rows", async () => {
  const jobs = (["int4", "int6", "int8", "int10"] as const).map((codec, i) => ({
    codec,
    values: values(i),
    work: encodingValues(values(i), codec, SHAPE, 0, "inSteps"),
  }));
  const found = await Promise.all(jobs.map(async ({ work }) => {
    for (;;) {
      const next = work.next();
      if (next.done) return next.value.bytes;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }));
  for (const [i, { codec, values }] of jobs.entries()) {
    assertEquals(found[i], encodeValues(values, codec, SHAPE).bytes, codec);
  }
});

for (const layout of STATE_LAYOUTS) {
  Deno.test(`exportingState() writes ${layout} as exportState() does`, async () => {
    const save = { ...exampleSave(), values: values(2) };
    const [bytes, steps] = await counted(exportingState(save, layout, SHAPE));
    assertEquals(bytes, exportState(save, layout, SHAPE));
    // Copied as it is, 35 MB take 30 ms.
    assert(steps >= SHAPE.L || layout === "llama.cpp", `${steps} steps`);
  });
}

/** A frame of blocks, RFC 8878: raw (0) or of one byte repeated (1). */
function frame(...blocks: readonly (readonly [kind: 0 | 1, size: number])[]) {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x48];
  blocks.forEach(([kind, size], i) => {
    const word = size << 3 | kind << 1 | (i === blocks.length - 1 ? 1 : 0);
    bytes.push(word & 255, word >> 8 & 255, word >> 16);
    bytes.push(...Array(kind === 1 ? 1 : size).fill(7));
  });
  return Uint8Array.from(bytes);
}

Deno.test("zstdPieces() cuts a frame where at most 1 MiB comes out", () => {
  const bytes = frame(...Array(100).fill([1, 2 ** 17] as const));
  const pieces = [...zstdPieces(bytes, 100 * 2 ** 17)];
  assertEquals(pieces.length, 13);
  assertEquals(pieces.map(({ last }) => last).indexOf(true), 12);
  assertEquals(pieces.flatMap(({ piece }) => [...piece]), [...bytes]);
});

const HOSTILE: readonly [string, Uint8Array][] = [
  ["that grows beyond a state", frame(...Array(400).fill([1, 2 ** 17]))],
  ["of blocks of nothing", frame(...Array(9000).fill([0, 0]))],
  ["that is too short", frame([0, 100])],
  ["with a block of a kind that there is not", frame([0, 9], [3 as 0, 9])],
];

for (const [what, bytes] of HOSTILE) {
  Deno.test(`decompressing() refuses a frame ${what}, in steps too`, async () => {
    await assertRejects(
      async () => await inSteps(decompressing(bytes, 2 ** 22, "inSteps")),
      { code: "ERR_STATE_UNREADABLE" },
    );
    assertThrows(() => atOnce(decompressing(bytes, 2 ** 22, "atOnce")), {
      code: "ERR_STATE_UNREADABLE",
    });
  });
}

Deno.test("a frame that grows is given up soon after it is too large", async () => {
  const bytes = frame(...Array(4000).fill([1, 2 ** 17] as const));
  const work = decompressing(bytes, 2 ** 22, "inSteps");
  const taken = counted(work);
  await assertRejects(() => taken, { code: "ERR_STATE_UNREADABLE" });
  assertEquals(work.next().done, true);
});

Deno.test("a long transcript is written and read in steps, and so is its chain", async () => {
  const next = random(3);
  const tokens = Uint32Array.from(
    { length: 60_000 },
    () => Math.floor(40_000 * next()),
  );
  const words = new Map(
    [...new Set(tokens)].map((token) => [token, Uint8Array.of(token, 1, 2)]),
  );
  const turns = [{ role: "text", from: 0, to: 180_000 }] as const;
  const transcript = { tokens, words, turns };
  const [encoded, steps] = await counted(encodingTranscript(transcript, []));
  assertEquals(encoded, encodeTranscript(transcript, []));
  assert(steps >= tokens.length / 2 ** 13);
  const { bytes, plainBytes } = encoded;
  const [found, more] = await counted(
    decodingTranscript(bytes, plainBytes, tokens.length, []),
  );
  assertEquals(found, transcript);
  assert(more >= tokens.length / 2 ** 13 + bytes.length / 2 ** 12);
  const blank = new Uint8Array(32);
  const some = tokens.subarray(0, 5000);
  const [chain, links] = await counted(extendingChain(blank, some));
  assertEquals(chain, extendChain(blank, some));
  assertEquals(links, 4);
});

Deno.test("decodeTranscript() refuses more words than tokens before it reads them", () => {
  // 8 kB that would be four million words.
  const plain = new Uint8Array(2 ** 23);
  plain.set([0x80, 1, 0x80, 0x80, 0x80, 2]);
  const section = deflateSync(plain);
  assert(section.length < 10_000);
  assertThrows(
    () => decodeTranscript(section, plain.length, LONGEST_TRANSCRIPT, []),
    { code: "ERR_STATE_UNREADABLE", message: /words for 262144 tokens/ },
  );
});
