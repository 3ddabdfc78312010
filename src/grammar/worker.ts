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
import type { Question, Reply, Start } from "./messages.ts";

let matchers: Promise<Matchers> | undefined;

addEventListener(
  "message",
  async ({ data }: MessageEvent<Start | Question>) => {
    if (!("name" in data)) {
      matchers = Matchers.create(data);
      return;
    }
    const reply = await answer(data);
    postMessage(reply, "mask" in reply ? [reply.mask.buffer] : []);
  },
);

async function answer(question: Question): Promise<Reply> {
  try {
    if (matchers === undefined) return { failure: "there is no vocabulary" };
    return await (await matchers).answer(question);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { failure: takeComplaint() || message };
  }
}
