/**
 * The bounds that SECURITY.md names, each tried at its edge: what is within is taken,
 * and one more is refused before anything is done.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  type BodyWriter,
  streamBody,
} from "../../src/http/answer/answer_body.ts";
import type { AppEnv } from "../../src/http/services.ts";
import { parseCommand } from "../../src/config/command_line.ts";
import { readConfig } from "../../src/config/read_config.ts";
import { PAGES } from "../../src/grammar/thread/grammar_supervisor.ts";
import { Trials } from "../../src/grammar/thread/grammar_trials.ts";
import { STEPS } from "../../src/grammar/work_bound.ts";
import { stateLength } from "../../src/model/shape.ts";
import { Hono } from "hono";
import { harness } from "../http/client.ts";
import { SHAPE } from "../http/fake_engine.ts";
import { fakeTimers } from "../support/timers.ts";

const MI = 2 ** 20;
const encoder = new TextEncoder();

/** A list of one thing as JSON. */
const many = (count: number, item: string) =>
  `[${Array(count).fill(item).join()}]`;

const { post, engine } = harness();

async function status(path: string, body: string | object): Promise<number> {
  const given = typeof body === "string" ? encoder.encode(body) : body;
  const response = await post(path, given);
  await response.body?.cancel();
  return response.status;
}

/** Expects `body(most)` to have one status, and `body(most + 1)` another. */
async function edge(
  path: string,
  most: number,
  body: (count: number) => string | object,
  [within, beyond]: readonly [number, number],
): Promise<void> {
  const found = [
    await status(path, body(most)),
    await status(path, body(most + 1)),
  ];
  assertEquals([path, ...found], [path, within, beyond]);
}

Deno.test("a body has the bytes of its states and of a text, and no more", async () => {
  const state = 4 * stateLength(SHAPE) + 8 * SHAPE.V;
  const most = (states: number) =>
    Math.ceil(states * state * 4 / 3) + 4 * MI + 2 ** 16;
  const padded = (json: string) => (bytes: number) => json.padEnd(bytes);
  await edge("/v1/tokenize", most(1), padded('{"text":"a"}'), [200, 413]);
  await edge("/v1/state/mix", most(8), padded('{"states":[]}'), [422, 413]);
  await edge(
    "/v1/messages",
    most(4),
    padded('{"max_tokens":1,"messages":[{"role":"user","content":"a"}]}'),
    [200, 413],
  );
});

Deno.test("a body holds 262,144 values, 65,536 members, 32,768 lists and objects, 512 deep", async () => {
  await edge(
    "/v1/detokenize",
    262_144,
    (count) => `{"tokens":${many(count, "65")}}`,
    [200, 413],
  );
  await edge(
    "/v1/generate",
    65_536,
    (count) =>
      `{${Array.from({ length: count }, (_, i) => `"${i}":1`).join()}}`,
    [422, 413],
  );
  await edge(
    "/v1/detokenize",
    32_768 - 2,
    (count) => `{"tokens":${many(count, "[]")}}`,
    [422, 413],
  );
  await edge(
    "/v1/detokenize",
    512 - 1,
    (depth) => `{"tokens":${"[".repeat(depth)}${"]".repeat(depth)}}`,
    [422, 413],
  );
  // A context is the numbers of a state, besides.
  const numbers = 262_144 + stateLength(SHAPE) + 2 * SHAPE.V;
  await edge(
    "/api/generate",
    numbers - 1,
    (count) => `{"prompt":"a","context":${many(count, "1")}}`,
    [400, 413],
  );
});

Deno.test("a text has 1 Mi characters, a conversation 10,000 messages", async () => {
  for (
    const [path, body, refusal] of [
      ["/v1/tokenize", (text: string) => ({ text }), 422],
      ["/v1/generate", (prompt: string) => ({ prompt }), 422],
      ["/v1/completions", (prompt: string) => ({ prompt }), 400],
      ["/completion", (prompt: string) => ({ prompt }), 400],
      ["/api/generate", (prompt: string) => ({ prompt, stream: false }), 400],
      ["/api/v1/generate", (prompt: string) => ({ prompt }), 422],
    ] as const
  ) {
    await edge(path, MI, (count) => body("a".repeat(count)), [200, refusal]);
  }
  const messages = (count: number) =>
    many(count, '{"role":"user","content":""}');
  await edge(
    "/v1/generate",
    10_000,
    (count) => `{"messages":${messages(count)}}`,
    [200, 422],
  );
  await edge(
    "/v1/messages",
    10_000,
    (count) => `{"max_tokens":1,"messages":${messages(count)}}`,
    [200, 400],
  );
});

Deno.test("an answer has 65,536 tokens at most, whatever a request says", async () => {
  const chat = [{ role: "user", content: "a" }];
  for (
    const [path, body] of [
      ["/v1/generate", (n: number) => ({ prompt: "a", max_tokens: n })],
      ["/v1/completions", (n: number) => ({ prompt: "a", max_tokens: n })],
      ["/v1/chat/completions", (n: number) => ({
        messages: chat,
        max_tokens: n,
      })],
      ["/v1/responses", (n: number) => ({ input: "a", max_output_tokens: n })],
      ["/v1/messages", (n: number) => ({ messages: chat, max_tokens: n })],
      ["/api/chat", (n: number) => ({
        messages: chat,
        options: { num_predict: n },
      })],
      ["/api/generate", (n: number) => ({
        prompt: "a",
        options: { num_predict: n },
      })],
      ["/completion", (n: number) => ({ prompt: "a", n_predict: n })],
      ["/api/v1/generate", (n: number) => ({ prompt: "a", max_length: n })],
    ] as const
  ) {
    for (const wanted of [65_536, 65_537, 2 ** 53 - 1]) {
      const { length } = engine.turns;
      const found = await status(path, body(wanted));
      const taken = engine.turns.slice(length).map(({ maxTokens }) =>
        maxTokens
      );
      // Refused, or taken for what can be.
      if (wanted > 65_536 && taken.length === 0) {
        assert(found === 422 || found === 400, `${path}: ${found}`);
      } else assertEquals([path, found, taken], [path, 200, [65_536]]);
    }
  }
});

Deno.test("a request has 4,194,304 log probabilities, those of alternatives included", async () => {
  const most = 4_194_304;
  for (
    const [path, body, refusal] of [
      ["/v1/chat/completions", (n: number, max_tokens: number) => ({
        messages: [{ role: "user", content: "a" }],
        logprobs: true,
        top_logprobs: 15,
        max_tokens,
        n,
      }), 400],
      ["/completion", (n: number, n_predict: number) => ({
        prompt: "a",
        n_probs: 15,
        n_predict,
        n,
      }), 400],
    ] as const
  ) {
    const tokens = most / 16 / 16;
    await edge(path, tokens, (count) => body(16, count), [200, refusal]);
    assertEquals(await status(path, body(1, 65_536)), 200);
  }
});

Deno.test("stops are 64 of 256 characters, of the native API 16", async () => {
  const stops = (count: number, length = 1) =>
    Array.from({ length: count }, (_, i) => `${i}`.padStart(length, "x"));
  for (
    const [path, most, refusal, body] of [
      ["/v1/generate", 16, 422, (stop: string[]) => ({ prompt: "a", stop })],
      ["/v1/completions", 64, 400, (stop: string[]) => ({ prompt: "a", stop })],
      ["/completion", 64, 400, (stop: string[]) => ({ prompt: "a", stop })],
      ["/api/v1/generate", 64, 422, (stop_sequence: string[]) => ({
        prompt: "a",
        stop_sequence,
      })],
    ] as const
  ) {
    await edge(path, most, (count) => body(stops(count)), [200, refusal]);
    await edge(path, 256, (length) => body(stops(1, length)), [200, refusal]);
  }
});

Deno.test("a grammar has 262,144 characters, and as many pieces when written out", async () => {
  const grammar = (rules: string) => ({
    prompt: "a",
    max_tokens: 0,
    grammar: { type: "ebnf", rules },
  });
  const detail = async (rules: string) => {
    const response = await post("/v1/generate", grammar(rules));
    return [response.status, (await response.json()).detail ?? ""];
  };
  const rules = 'root ::= "a"';
  assertEquals((await detail(rules.padEnd(262_144)))[0], 200);
  const [long, longer] = await detail(rules.padEnd(262_145));
  assertEquals(long, 422);
  assert(longer.includes("longer than 262144 characters"), longer);
  const [wide, pieces] = await detail('root ::= (("a"){0,512}){0,513}');
  assertEquals(wide, 422);
  assert(pieces.includes("more than 262144"), pieces);
});

Deno.test("a grammar has the steps and the memory that are promised", () => {
  assertEquals(STEPS, {
    open: 150_000_000,
    accept: 75_000_000,
    close: 75_000_000,
  });
  assertEquals(PAGES.heavy * 2 ** 16, 64 * MI);
});

Deno.test("64 grammars may wait to be tried, each for 30 s", async () => {
  using timers = fakeTimers();
  const started = Promise.withResolvers<void>();
  const trials = new Trials(() => {
    started.resolve();
    return new Promise(() => {});
  });
  const outcome = (i: number, tenant: string) =>
    trials.run(`${i}`, { type: "regex", pattern: `${i}` }, { tenant }).then(
      () => "tried",
      (error) => String(error.message),
    );
  void outcome(-1, "first");
  await started.promise;
  const waiting = Array.from({ length: 64 }, (_, i) => outcome(i, `${i >> 3}`));
  assert((await outcome(64, "late")).includes("too many"));
  timers.pass(29_999);
  assertEquals(
    await Promise.race([waiting[0], "still waiting"]),
    "still waiting",
  );
  timers.pass(1);
  const ends = await Promise.all(waiting);
  assert(ends.every((end) => end.includes("waited 30 s")), ends[0]);
});

Deno.test("an answer that is not read is given up after 60 s", async () => {
  using timers = fakeTimers();
  const app = new Hono<AppEnv>();
  const gone = new AbortController();
  const produce = async (body: BodyWriter) => {
    while (await body.write([encoder.encode("a")]));
  };
  app.get("/", (c) => streamBody(c, {}, produce, { gone }));
  const reader = (await app.request("/")).body?.getReader();
  await reader?.read();
  await reader?.read();
  timers.pass(59_999);
  assert(!gone.signal.aborted);
  timers.pass(1);
  assert(gone.signal.aborted);
  const end = await reader?.read().catch((error) => error.message);
  assertEquals(end, "Cannot answer: the client read nothing for 60000 ms");
});

Deno.test("one error names 32 places", async () => {
  const response = await post("/v1/generate", {
    messages: Array(100).fill({ role: "x" }),
  });
  const { errors } = await response.json();
  assertEquals([response.status, errors.length], [422, 32]);
});

Deno.test("a server has the bounds of its settings without being told", () => {
  const config = readConfig(parseCommand([]).flags, () => undefined);
  const { timeout, rate, lanes, host } = config;
  assertEquals(
    [timeout, config["body-timeout"], rate, lanes, host],
    [600, 60, {}, 8, "127.0.0.1"],
  );
});
