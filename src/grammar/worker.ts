/**
 * The thread that knows grammars. The library may hang or end on a grammar that it
 * does not understand, so nothing else lives here, and whoever asks does not wait
 * for ever.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { takeComplaint } from "./load.ts";
import { Matchers } from "./matchers.ts";
import type {
  GrammarReply,
  GrammarStart,
  Question,
  Questions,
} from "./messages.ts";

let matchers: Promise<Matchers> | undefined;

addEventListener(
  "message",
  async ({ data }: MessageEvent<GrammarStart | Questions>) => {
    if (!isQuestions(data)) {
      matchers = Matchers.create(data);
      return;
    }
    const replies: GrammarReply[] = [];
    for (const question of data) replies.push(await answer(question));
    const masks = replies.flatMap((reply) => "mask" in reply ? reply.mask : []);
    postMessage(replies, masks.map(({ buffer }) => buffer));
  },
);

function isQuestions(data: GrammarStart | Questions): data is Questions {
  return Array.isArray(data);
}

async function answer(question: Question): Promise<GrammarReply> {
  try {
    if (matchers === undefined) return { failure: "there is no vocabulary" };
    return await (await matchers).answer(question);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { failure: takeComplaint() || message };
  }
}
