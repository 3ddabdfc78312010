/**
 * The story of a save that outlives its model, under a key that its owner holds.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client } from "../../src/client/client.ts";
import { lockSecret, newLabel } from "../../src/client/passphrase.ts";
import { formatSaveFile } from "../../src/client/save_file.ts";
import { twin } from "../support/models/twin.ts";
import { readElsewhere } from "../support/reader.ts";
import { serve } from "./server.ts";

const GREEDY = { temperature: 0, max_tokens: 24 } as const;
const ASKED = [{ role: "user", content: "What is my name?" }] as const;

Deno.test("what one model was told another knows, audited, locked, and read by a stranger", async () => {
  const folder = await Deno.makeTempDir();
  let told: string | undefined;
  try {
    await using gone = await serve("--device", "wasm", ...await twin(folder));
    const answer = await gone.client.generate({
      ...GREEDY,
      messages: [{ role: "user", content: "My name is Dave." }],
      transcript: true,
    });
    told = answer.state;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assert(told !== undefined);
  await using server = await serve("--device", "wasm", "--portable", "yes");
  const { client, url } = server;
  await assertRejects(
    () => client.generate({ ...GREEDY, messages: ASKED, state: told }),
    { code: "ERR_STATE_MISMATCH" },
  );
  const found = await client.generate({
    ...GREEDY,
    messages: ASKED,
    state: told,
    on_mismatch: "rebase",
  });
  assert(found.text.includes("Dave"), found.text);
  assert((found.rebased?.tokens ?? 0) > 10);
  const { state = "" } = found;

  const audit = await client.post("/v1/state/audit", { state }) as {
    intact: boolean;
    words: string;
  };
  assertEquals([audit.intact, audit.words], [true, "checked"]);

  const secret = await lockSecret("correct horse", newLabel());
  const owner = new Client({ url, secret });
  const { state: locked = "" } = await owner.generate({
    prompt: "",
    max_tokens: 0,
    state,
  });
  const ask = { ...GREEDY, messages: ASKED, state: locked };
  await assertRejects(() => client.generate(ask), {
    code: "ERR_STATE_REJECTED",
  });
  assert((await owner.generate(ask)).text.includes("Dave"));
  const past = [{ user: "My name is Dave.", answer: "Hello!" }];
  const file = formatSaveFile({ name: "dave", turn: {}, past, state: locked });
  assert(!file.includes("Dave"));

  const { state: portable = "" } = await owner.generate({
    prompt: "",
    max_tokens: 0,
    state: locked,
    state_profile: "portable",
  });
  const [read] = await readElsewhere(portable);
  const { turns, chain, recomputed } = read as {
    turns: readonly { role: string; text: string }[];
    chain: string;
    recomputed: string;
  };
  assertEquals(chain, recomputed);
  assertEquals(turns[0], { role: "user", text: "My name is Dave." });
  assertEquals(turns[2], { role: "user", text: ASKED[0].content });
  assert(turns[3]?.text.includes("Dave"));
});
