import { assertEquals } from "@std/assert";
import {
  type TakePart,
  thinkWithin,
} from "../../src/chat/thought/thought_budget.ts";
import type { Ask } from "../../src/chat/chat_turn.ts";
import type { DoneEvent, Finish } from "../../src/engine/engine.ts";
import { ClosingError } from "../../src/errors.ts";
import { fakeTokenizer } from "../support/fake_device.ts";
import { TURN } from "../engine/laws.ts";

const ASK: Ask = {
  ...TURN,
  save: undefined,
  input: { messages: [] },
  seed: undefined,
  stops: [],
  maxTokens: 100,
};

/** The end of a turn that stands in a thought. */
function end(finish: Finish, thinking = true): DoneEvent {
  const usage = {
    promptTokens: 1,
    completionTokens: 5,
    position: 6,
    prefillSavedTokens: 0,
  };
  const save = { chat: { open: true, thinking } };
  return { type: "done", finish, usage, save } as unknown as DoneEvent;
}

/** Takes a turn within three tokens of thought, and gives what was heard of its end. */
async function heard(take: TakePart): Promise<DoneEvent[]> {
  const ends: DoneEvent[] = [];
  await thinkWithin(3, take, ASK, {
    signal: new AbortController().signal,
    hear: (event) => {
      if (event.type === "done") ends.push(event);
      return Promise.resolve(true);
    },
    tokenizer: fakeTokenizer,
  });
  return ends;
}

Deno.test("thinkWithin() takes a turn that others cut off for what it is", async () => {
  let parts = 0;
  const ends = await heard(async (_ask, _signal, hear) => {
    parts++;
    await hear({ type: "text", text: "", reasoning: "x" });
    // A limit of time, or a server that ends.
    await hear(end("cancelled"));
  });
  assertEquals([parts, ends.map(({ finish }) => finish)], [1, ["cancelled"]]);
});

Deno.test("thinkWithin() gives what there is where the server ends behind a thought", async () => {
  for (const last of [1, 2]) {
    let parts = 0;
    const first = end("cancelled");
    const ends = await heard(async (_ask, signal, hear) => {
      if (parts++ === last) {
        throw new ClosingError("ERR_SHUTTING_DOWN", "It ends");
      }
      if (parts > 1) return void await hear(end("length"));
      await hear({ type: "text", text: "", reasoning: "a thought" });
      assertEquals(signal.aborted, true);
      await hear(first);
    });
    assertEquals([parts, ends], [last + 1, [first]]);
  }
});
