/**
 * What a codec makes the embedded model forget: facts told, then small talk with a
 * save and a load after each message, then every fact asked for, word for word.
 *
 * @module
 */

import { CODEC_NAMES } from "../../src/state/codec.ts";
import type { CodecName } from "../../src/state/save.ts";
import type { Chat } from "../../lab/curse/chat.ts";
import { Author } from "../../lab/curse/dialogue.ts";
import { cycle } from "./cycles.ts";

/** Facts recalled after some cycles. */
export interface Memory {
  /** The codec; `none` was never saved. */
  readonly codec: CodecName | "none";
  /** Save–load cycles, and messages of small talk. */
  readonly cycles: number;
  /** Facts asked for. */
  readonly asked: number;
  /** Answers that were right word for word. */
  readonly exact: number;
}

/** How much to ask. */
export interface MemoryOptions {
  /** Facts told in a dialogue. */
  readonly facts: number;
  /** Dialogues. */
  readonly dialogues: number;
  /** Numbers of cycles, ascending. */
  readonly cycles: readonly number[];
}

/** Tells, saves and loads, and asks. */
export async function measureMemory(
  chat: Chat,
  { facts, dialogues, cycles }: MemoryOptions,
): Promise<Memory[]> {
  const results: Memory[] = [];
  for (const codec of ["none", ...CODEC_NAMES] as const) {
    const exact = cycles.map(() => 0);
    for (let seed = 0; seed < dialogues; seed++) {
      const author = new Author(seed);
      const known = author.facts(facts, "seen");
      await chat.restart(known.map(({ told }) => told));
      for (let turn = 1; turn <= Math.max(...cycles); turn++) {
        await chat.read(chat.tokens(author.smallTalk()));
        if (codec !== "none") await cycle(chat.model, 0, codec);
        const at = cycles.indexOf(turn);
        if (at >= 0) {
          exact[at] += await chat.exact(known.map(({ asked }) => asked));
        }
      }
    }
    const asked = facts * dialogues;
    cycles.forEach((cycles, i) =>
      results.push({ codec, cycles, asked, exact: exact[i] })
    );
  }
  return results;
}
