import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { deflateSync } from "fflate";
import { StateError } from "../../src/errors.ts";
import {
  decodeSave,
  encodeSave,
  readSave,
} from "../../src/state/save_format.ts";
import type { Save } from "../../src/state/save.ts";
import {
  LONGEST_TRANSCRIPT,
  spokenTurns,
  type Transcript,
} from "../../src/state/transcript.ts";
import {
  decodeTranscript,
  encodeTranscript,
} from "../../src/state/transcript_section.ts";
import {
  exampleFormat,
  exampleNote,
  exampleSave,
  exampleTranscript,
} from "./support.ts";

const SAVES = new URL("../fixtures/saves/", import.meta.url);
const FORMAT = { ...exampleFormat(), shape: { L: 1, D: 64, V: 100_000 } };

/** Where the section of {@linkcode exampleTranscript}'s int4 save begins. */
const SECTION = 2624;

Deno.test("decodeSave() reads the file of version 2, and encodeSave() writes it again", async () => {
  const file = await Deno.readFile(new URL("v2.int4.save", SAVES));
  const expected = exampleTranscript();
  const save = decodeSave(file, FORMAT);
  assertEquals(save.transcript, {
    ...expected.transcript,
    words: new Map([...expected.transcript.words].sort(([a], [b]) => a - b)),
  });
  assertEquals(save.chain, expected.chain);
  const again = encodeSave(save, FORMAT, "int4", exampleNote);
  assertEquals(again.bytes, file);
  assertEquals(encodeSave(expected, FORMAT, "int4", exampleNote), again);
  assertEquals(spokenTurns(expected.transcript, expected.unread), [
    { role: "user", text: "Grüße" },
    { role: "assistant", text: "Ja.\ufffd" },
  ]);
});

Deno.test("a save without a transcript is written as version 1", () => {
  const { bytes } = encodeSave(exampleSave(), exampleFormat(), "int4");
  assertEquals(bytes[8], 1);
  assertEquals(readSave(bytes).save.transcript, undefined);
});

Deno.test("encodeTranscript() writes the documented bytes", () => {
  const { transcript, unread } = exampleTranscript();
  const hex = (text: string) => new TextEncoder().encode(text).toHex();
  const plain = [
    "0700", // seven words of one byte, no others
    "0000", // token 0, the end of text
    "0903" + "f09f8e", // token 10
    "2102" + hex("Ja"), // token 44
    "ff01" + "06" + hex("User: "), // token 300, 256 after 44 less 1
    "0002" + hex("\n\n"), // token 301
    "d1fd03" + "01" + hex("."), // token 65535
    "f022" + "07" + hex("Grüße"), // token 70000
    "06" + "000306040302", // six tokens
    "02", // two turns
    "03" + "06" + "07", // the user, after six bytes, seven of them
    "04" + "08" + "06", // the assistant
  ].join("");
  const { bytes, plainBytes } = encodeTranscript(transcript, unread);
  assertEquals(plainBytes, plain.length / 2);
  assertEquals(
    bytes.toHex(),
    deflateSync(Uint8Array.fromHex(plain), { level: 9 }).toHex(),
  );
});

Deno.test("decodeTranscript() undoes encodeTranscript()", () => {
  const token = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 2 ** 32 - 1 }));
  const property = fc.property(
    fc.array(token, { maxLength: 400 }),
    fc.array(token, { maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(7), fc.nat(9), fc.nat(9)), { maxLength: 9 }),
    (read, unread, gaps) => {
      const words = new Map(
        [...read, ...unread].map((id) => [
          id,
          Uint8Array.from({ length: id % 7 }, (_, i) => id + i),
        ]),
      );
      const length = [...read, ...unread].reduce((sum, id) => sum + id % 7, 0);
      let at = 0;
      const turns = gaps.map(([role, gap, size]) => {
        const from = Math.min(length, at + gap);
        at = Math.min(length, from + size);
        return { role: ROLES[role], from, to: at };
      });
      const transcript = { tokens: Uint32Array.from(read), words, turns };
      const { bytes, plainBytes } = encodeTranscript(transcript, unread);
      const found = decodeTranscript(bytes, plainBytes, read.length, unread);
      assertEquals(found.tokens, transcript.tokens);
      assertEquals(found.turns, turns);
      assertEquals(
        new Map([...found.words].sort()),
        new Map([...words].sort()),
      );
    },
  );
  fc.assert(property, { numRuns: 100 });
});

const ROLES = [
  "text",
  "continuation",
  "system",
  "user",
  "assistant",
  "tool",
  "thought",
  "tools",
] as const;

type Change = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

const set = (at: number, value: number): Change => (bytes) =>
  bytes.with(at, value);

/** The length in the header, once the file has another. */
const resized: Change = (bytes) => {
  new DataView(bytes.buffer).setUint32(20, bytes.length, true);
  return bytes;
};

const DAMAGE: readonly (readonly [string, Change, string])[] = [
  [
    "a section that is not known",
    (b) => {
      const changed = b.slice();
      changed.set(new TextEncoder().encode("logs"), SECTION);
      return changed;
    },
    `the section at byte ${SECTION} is "logs", and only "text" is known here`,
  ],
  [
    "no section",
    (b) => resized(b.slice(0, SECTION)),
    `no section at byte ${SECTION}, expected one`,
  ],
  [
    "something after the section",
    (b) => resized(Uint8Array.from([...b, 0, 0, 0, 0])),
    `the section at byte ${SECTION} has 62 bytes, expected 68 with its ` +
    "padding, for none follows it",
  ],
  [
    "version 1 with a section",
    set(8, 1),
    `sections end at byte ${SECTION}, expected 2696`,
  ],
  [
    "more tokens than read",
    set(24, 7),
    "in its transcript, it has 6 tokens, and the state has read 7",
  ],
  [
    "an unread token without a word",
    set(128, 1),
    "in its transcript, token 65281 has no word",
  ],
  [
    "a wrong size",
    set(SECTION + 8, 60),
    "in its transcript, its bytes are not 60 when decompressed",
  ],
  [
    "a vast size",
    set(SECTION + 11, 1),
    "in its transcript, its 16777271 bytes exceed 8388608",
  ],
];

for (const [name, change, found] of DAMAGE) {
  Deno.test(`decodeSave() refuses ${name}`, async () => {
    const file = await Deno.readFile(new URL("v2.int4.save", SAVES));
    assertThrows(() => decodeSave(change(file), FORMAT), {
      name: "StateError",
      code: "ERR_STATE_UNREADABLE",
      message: `Cannot read save: ${found}`,
    });
  });
}

Deno.test("decodeTranscript() refuses what no writer writes, byte by byte", () => {
  const { transcript, unread } = exampleTranscript();
  const { bytes, plainBytes } = encodeTranscript(transcript, unread);
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 16, 128]) {
      const damaged = bytes.slice();
      damaged[at] ^= bit;
      let found: Transcript;
      try {
        found = decodeTranscript(damaged, plainBytes, 6, unread);
      } catch (error) {
        assert(error instanceof StateError, String(error));
        continue;
      }
      assertEquals(found.tokens.length, 6);
    }
  }
});

Deno.test("decodeTranscript() refuses a few bytes that become many", () => {
  const zeros = deflateSync(new Uint8Array(2 ** 22), { level: 1 });
  assertThrows(() => decodeTranscript(zeros, 100, 0, []), {
    code: "ERR_STATE_UNREADABLE",
  });
});

Deno.test("a transcript beyond its most tokens is not written", () => {
  const tokens = new Uint32Array(LONGEST_TRANSCRIPT + 1);
  const words = new Map([[0, new Uint8Array()]]);
  const save: Save = {
    ...exampleSave(),
    position: tokens.length,
    unread: [],
    transcript: { tokens, words, turns: [] },
  };
  assertThrows(() => encodeSave(save, FORMAT, "int4"), {
    code: "ERR_STATE_TRANSCRIPT",
  });
});
