import { assertEquals, assertMatch } from "@std/assert";
import { eventStream, type StreamOptions } from "../../src/http/answer/sse.ts";
import { harness } from "./client.ts";

const QUIET: StreamOptions = { onCancel: () => {}, onError: String };

Deno.test("eventStream frames each event as one line of data", async () => {
  const response = await stream(count(), { ...QUIET, last: "[DONE]" });
  assertEquals(
    await response.text(),
    "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n",
  );
});

Deno.test("eventStream sends a comment when nothing happens for long", async () => {
  async function* slow(): AsyncGenerator<string, void> {
    yield "a";
    await new Promise((resolve) => setTimeout(resolve, 50));
    yield "b";
  }
  const response = await stream(slow(), { ...QUIET, keepAliveMs: 10 });
  assertMatch(
    await response.text(),
    /^data: a\n\n(: keep-alive\n\n){2,}data: b\n\n$/,
  );
});

Deno.test("eventStream ends with what the error becomes", async () => {
  async function* broken(): AsyncGenerator<string, void> {
    yield "a";
    await Promise.resolve();
    throw new Error("No");
  }
  const response = await stream(broken(), QUIET);
  assertEquals(await response.text(), "data: a\n\ndata: Error: No\n\n");
});

Deno.test("eventStream asks for no event before the last one is taken", async () => {
  let made = 0;
  async function* eager(): AsyncGenerator<string, void> {
    for (;;) {
      await Promise.resolve();
      yield `${made++}`;
    }
  }
  const reader = (await stream(eager(), QUIET)).body?.getReader();
  await reader?.read();
  await reader?.read();
  assertEquals(made, 2);
  await reader?.cancel();
});

Deno.test("generate stops working once the client of a stream is gone", async () => {
  const { post, engine } = harness({
    reply: () => "a".repeat(10_000),
    tokenMs: 1,
  });
  const response = await post("/v1/generate", {
    prompt: "",
    stream: true,
    max_tokens: 10_000,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  assertEquals(engine.freed, 1);
  const { drawn } = engine;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(engine.drawn, drawn);
});

Deno.test("generate stops working once a waiting client is gone", async () => {
  const { post, engine } = harness({
    reply: () => "a".repeat(10_000),
    tokenMs: 1,
  });
  const client = new AbortController();
  const answer = post("/v1/generate", { prompt: "", max_tokens: 10_000 }, {
    signal: client.signal,
  });
  setTimeout(() => client.abort(), 20);
  assertEquals((await (await answer).json()).finish_reason, "cancelled");
  assertEquals(engine.freed, 1);
});

async function* count(): AsyncGenerator<string, void> {
  for (const i of [0, 1, 2]) {
    await Promise.resolve();
    yield `${i}`;
  }
}

async function stream(
  events: AsyncGenerator<string, void>,
  options: StreamOptions,
): Promise<Response> {
  return eventStream(await events.next(), events, options);
}
