import { assert, assertEquals } from "@std/assert";
import { CODEC_NAMES } from "../../src/state/codec.ts";
import { decodeSave, encodeSave } from "../../src/state/save_format.ts";
import { portable, portableText } from "../../src/state/portable_token.ts";
import type { Save } from "../../src/state/save.ts";
import { spokenTurns } from "../../src/state/transcript.ts";
import { readElsewhere } from "../support/reader.ts";
import {
  exampleFormat,
  exampleNote,
  exampleSave,
  exampleTranscript,
} from "./support.ts";

/** A reader that somebody else could have written, beside the one here. */

const FORMAT = { ...exampleFormat(), shape: { L: 1, D: 64, V: 100_000 } };

/** What both say of a save's header. */
function aboutOf(save: Save): Record<string, unknown> {
  return {
    position: save.position,
    fingerprint: FORMAT.fingerprint.toHex(),
    chain: save.chain.toHex(),
    unread: [...save.unread],
    seed: [...save.seed],
    counts: [...save.counts],
    utf8: save.utf8.toHex(),
    open: save.chat.open,
    thinking: save.chat.thinking,
    ...exampleNote,
  };
}

Deno.test("a reader in Python reads portable saves of both versions and every codec", async () => {
  const told = exampleTranscript();
  const saves = [...CODEC_NAMES, "int8" as const].map((codec, i) => {
    const save = i < CODEC_NAMES.length ? exampleSave() : told;
    return encodeSave(save, FORMAT, codec, exampleNote);
  });
  const tokens = await Promise.all(
    saves.map(async ({ bytes }) => portableText(await portable(bytes))),
  );
  const found = await readElsewhere(...tokens);
  for (const [i, { bytes, codec }] of saves.entries()) {
    const save = decodeSave(bytes, FORMAT);
    const { values, ...rest } = found[i];
    const about = aboutOf(save);
    const said = Object.keys(about).map((name) => [name, rest[name]]);
    assertEquals(Object.fromEntries(said), about);
    assertEquals([rest["version"], rest["codec"]], [bytes[8], codec]);
    if (codec === "exact") assertEquals(values, null);
    else expectClose(values as number[], save.values);
  }
  const last = found.at(-1) ?? {};
  assertEquals(last["version"], 2);
  assertEquals(last["tokens"], [...told.transcript.tokens]);
  assertEquals(last["turns"], spokenTurns(told.transcript, told.unread));
  assertEquals(last["recomputed"], told.chain.toHex());
});

/** Equal but for the rounding of f32, in which only one of the two computes. */
function expectClose(found: readonly number[], expected: Float32Array): void {
  assertEquals(found.length, expected.length);
  const worst = found.reduce(
    (most, x, i) => Math.max(most, Math.abs(x - expected[i])),
    0,
  );
  assert(worst < 1e-6, `${worst}`);
}
