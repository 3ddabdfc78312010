import { assertEquals, assertRejects } from "@std/assert";
import type { DoneEvent } from "../../src/engine/engine.ts";
import { takeTurn } from "../../src/chat/chat_turn.ts";
import { randomKey } from "../../src/state/state_keys.ts";
import { Vault } from "../../src/state/vault.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";
import { harness } from "./client.ts";
import { fakeEngine } from "./fake_engine.ts";

/** The end of an empty turn of the fake engine. */
async function done(): Promise<DoneEvent> {
  const signal = new AbortController().signal;
  const turn = { prompt: "", maxTokens: 0, sampling: GREEDY, stops: [] };
  for await (const event of fakeEngine().generate(turn, signal)) {
    if (event.type === "done") return event;
  }
  throw new Error("A turn had no end");
}

for (const left of [4096, 4097]) {
  Deno.test(`takeTurn() of a turn cut off with ${left} tokens unread`, async () => {
    const end = await done();
    const engine = {
      ...fakeEngine(),
      async *generate() {
        const unread = new Array<number>(left).fill(1);
        yield { ...end, save: { ...end.save, unread } };
      },
    };
    const ask = {
      save: undefined,
      input: { prompt: "Hi" },
      maxTokens: 1,
      sampling: GREEDY,
      seed: undefined,
      stops: [],
    };
    const events = takeTurn({ engine }, ask, new AbortController().signal);
    if (left === 4096) return assertEquals((await events.next()).done, false);
    await assertRejects(() => events.next(), {
      code: "ERR_DEVICE_LOST",
      message:
        "Cannot save the turn: it was cancelled with 4097 tokens of its prompt " +
        "unread; take it again with the state it began with",
    });
  });
}

Deno.test("score reads what a state left unread once, not for every text", async () => {
  const { format } = fakeEngine();
  const vault = await Vault.create({
    keys: [randomKey()],
    format,
    audience: "test",
  });
  const here = harness({ sealer: vault });
  const { save } = await done();
  for (const [unread, turns] of [[[5], 0], [[5, 6], 1]] as const) {
    const { token } = await vault.seal({ ...save, unread }, { codec: "int8" });
    const response = await here.post("/v1/state/score", {
      state: token,
      texts: ["a", "b"],
    });
    assertEquals(response.status, 200);
    assertEquals(here.engine.turns.length, turns);
  }
});
