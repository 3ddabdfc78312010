/**
 * Clients that go away by every door: what they asked for ends, and their lanes are
 * free.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { tinyServer } from "../fuzz/tiny_server.ts";
import { until } from "../support/until.ts";

const CHAT = [{ role: "user", content: "a" }];
const FACT = { question: "a", answer: "b" };
/** The end of the text is never drawn. */
const ON = { logit_bias: { "0": -100 } };
const LONG = "a".repeat(400_000);
const SAID = "w".repeat(1500);

/** Requests that take a while, by each of the routes that take turns. */
const DOORS: readonly [path: string, (state: string) => object][] = [
  ["/v1/generate", () => ({ prompt: "a", max_tokens: 60_000, ...ON })],
  ["/v1/generate", () => ({
    prompt: "a",
    max_tokens: 60_000,
    stream: true,
    ...ON,
  })],
  ["/v1/completions", () => ({ prompt: "a", max_tokens: 60_000, ...ON })],
  ["/v1/chat/completions", () => ({
    messages: CHAT,
    max_tokens: 60_000,
    ...ON,
  })],
  ["/v1/responses", () => ({ input: "a", max_output_tokens: 60_000, ...ON })],
  ["/v1/messages", () => ({ messages: CHAT, max_tokens: 60_000, ...ON })],
  ["/api/chat", () => ({
    messages: CHAT,
    options: { num_predict: 60_000, ...ON },
  })],
  ["/api/generate", () => ({
    prompt: "a",
    options: { num_predict: 60_000, ...ON },
    stream: false,
  })],
  ["/completion", () => ({
    prompt: "a",
    n_predict: 60_000,
    logit_bias: [[0, -100]],
  })],
  ["/slots/0?action=save", () => ({ prompt: LONG })],
  ["/api/v1/generate", () => ({ prompt: "a", max_length: 60_000, ...ON })],
  ["/api/extra/generate/stream", () => ({
    prompt: "a",
    max_length: 60_000,
    ...ON,
  })],
  ["/v1/state/branch", (state) => ({
    state,
    branches: Array(4).fill({ prompt: "a", max_tokens: 60_000, ...ON }),
  })],
  ["/v1/state/score", () => ({ texts: Array(64).fill("b".repeat(9000)) })],
  ["/v1/state/rebase", () => ({ prompt: LONG })],
  ["/v1/state/teach", (state) => ({
    state,
    statements: Array(20).fill(SAID),
    facts: [FACT],
    candidates: 1,
  })],
  ["/v1/state/forget", (state) => ({
    state,
    statements: Array(20).fill(SAID),
    facts: [FACT],
    candidates: 1,
  })],
  ["/v1/state/merge", (state) => ({
    states: Array(2).fill({
      state,
      messages: [{ role: "user", content: SAID.repeat(10) }],
    }),
    facts: [FACT],
  })],
];

Deno.test("a client that goes away frees its lanes, by whatever route it came", async () => {
  await using server = await tinyServer({ lanes: 2 });
  const { engine } = server;
  const { state } = await (await server.post("/v1/generate", {
    prompt: "hi",
    max_tokens: 2,
  })).json();
  for (const [path, body] of DOORS) {
    const client = new AbortController();
    let over = false;
    const answer = server.fetch(
      new Request(`http://tiny${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body(state)),
        signal: client.signal,
      }),
    ).then((response) => response.arrayBuffer()).catch(() => {})
      .finally(() => over = true);
    await until(`${path} is at work`, () => engine.load.busy > 0 || over);
    assertEquals([path, over], [path, false]);
    client.abort();
    // None of the turns that it had still before it is taken.
    await answer;
    await until(
      `${path} is over`,
      () => engine.load.busy + engine.load.waiting === 0,
    );
    assertEquals(engine.load, { busy: 0, waiting: 0 });
  }
  assertEquals(server.reported, []);
});
