/**
 * KoboldCpp's routes against fakes.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { promptText } from "../../../src/text/prompt_pieces.ts";
import { harness } from "../client.ts";
import { byteTokenizer } from "../fake_engine.ts";

const PATH = "/api/v1/generate";
const STREAM = "/api/extra/generate/stream";

/** The events of a stream, each of which says that it is a message. */
function messagesOf(text: string): Record<string, unknown>[] {
  return text.trimEnd().split("\n\n").map((block) => {
    const [, json] = /^event: message\ndata: (.*)$/.exec(block) ?? [];
    return JSON.parse(json ?? "");
  });
}

Deno.test("a generation goes on with memory and prompt, and from a state without the memory", async () => {
  const { post, engine } = harness();
  const read = () =>
    promptText(engine.turns.at(-1)?.prompt ?? "", byteTokenizer);
  const ask = async (body: object) => {
    const response = await post(PATH, body);
    const { results } = await response.json();
    assertEquals(response.status, 200);
    return results;
  };
  const [first] = await ask({
    prompt: "User: Hi\n\nAssistant:",
    memory: "Told before.\n",
    max_length: 4,
    max_context_length: 4096,
    trim_stop: true,
    quiet: true,
  });
  assertEquals(read(), "Told before.\nUser: Hi\n\nAssistant:");
  assertEquals([first.text, first.finish_reason], [" Hel", "length"]);
  assertEquals([first.prompt_tokens, first.completion_tokens], [33, 4]);
  const again = {
    prompt: "lo",
    memory: "Told before.\n",
    state: first.state,
    stop_sequence: ["llo"],
    sampler_seed: 3,
  };
  const [second] = await ask(again);
  assertEquals([read(), second.text, second.finish_reason], [
    "lo",
    " He",
    "stop",
  ]);
  assertEquals((await ask({ prompt: "a", n: 2 })).length, 2);
  const text = await (await post(STREAM, again)).text();
  const events = messagesOf(text);
  assertEquals(events.map(({ token }) => token).join(""), " He");
  assertEquals(events.at(-1)?.finish_reason, "stop");
  assertEquals(typeof events.at(-1)?.state, "string");
});

Deno.test("what clients ask before they generate", async () => {
  const { get, post } = harness();
  const ask = async (path: string) => await (await get(path)).json();
  assertEquals(await ask("/api/v1/model"), { result: "koboldcpp/fake" });
  const version = await ask("/api/extra/version");
  assertEquals([version.result, version.protected], ["KoboldCpp", false]);
  assertMatch(version.version, /^\d+\.\d+$/);
  assertMatch((await ask("/api/v1/info/version")).result, /^\d+\.\d+\.\d+$/);
  for (
    const path of [
      "/api/v1/config/max_context_length",
      "/api/v1/config/max_length",
      "/api/extra/true_max_context_length",
    ]
  ) assert((await ask(path)).value > 4096);
  const counted = await post("/api/extra/tokencount", { prompt: "Hé" });
  assertEquals(await counted.json(), { value: 3, ids: [73, 196, 170] });
});

Deno.test("a generation with a name is ended by it, by its own tenant alone", async () => {
  const digest = async (key: string) =>
    new Uint8Array(
      await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)),
    ).toHex();
  const { post } = harness({
    tokenMs: 2,
    reply: () => "a".repeat(60_000),
    keys: [
      { name: "me", digest: await digest("mine") },
      { name: "you", digest: await digest("yours") },
    ],
  });
  const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
  const body = { prompt: "a", max_length: 60_000, genkey: "KCPP1" };
  const response = await post(STREAM, body, as("mine"));
  const abort = async (key: string, body?: object) =>
    await (await post("/api/extra/abort", body ?? "", as(key))).json();
  const asked = { genkey: "KCPP1" };
  assertEquals((await abort("yours", asked)).success, "false");
  assertEquals((await abort("mine")).success, "false");
  assertEquals((await abort("mine", asked)).success, "true");
  const events = messagesOf(await response.text());
  assertEquals(typeof events.at(-1)?.state, "string");
  assertEquals((await abort("mine", asked)).success, "false");
});

Deno.test("errors are in KoboldCpp's words", async () => {
  const { post, get } = harness();
  for (
    const [body, status, found] of [
      [{ prompt: 1 }, 422, "/prompt"],
      [{ prompt: "a", images: ["b"] }, 422, "images are not taken"],
      [{ prompt: "a", model: "b" }, 404, "Cannot use model"],
    ] as const
  ) {
    const response = await post(PATH, body);
    const { detail, code } = await response.json();
    assertEquals(response.status, status);
    assert(detail.msg.includes(found), detail.msg);
    assertMatch(code, /^ERR_/);
  }
  const check = await get("/api/extra/generate/check");
  assertEquals((await check.json()).detail.type, "bad_input");
});
