import { assertEquals, assertMatch } from "@std/assert";
import { Hono } from "hono";
import {
  type EventStreamOptions,
  type SendEvents,
  streamEvents,
} from "../../src/http/answer/event_stream.ts";
import type { AppEnv } from "../../src/http/services.ts";
import { harness } from "./client.ts";

/** A stream of what `produce` sends. */
async function stream(
  produce: (send: SendEvents) => Promise<void>,
  options: Partial<EventStreamOptions> = {},
): Promise<Response> {
  const app = new Hono<AppEnv>();
  const failure = (error: unknown) => ({ error: String(error) });
  app.get("/", (c) => streamEvents(c, produce, { failure, ...options }));
  return await app.request("/");
}

Deno.test("streamEvents frames each event as one line of data", async () => {
  const response = await stream(async (send) => {
    await send([{ n: 0 }]);
    await send([{ n: 1 }, { n: 2 }]);
  }, { last: "[DONE]" });
  assertEquals(
    await response.text(),
    'data: {"n":0}\n\ndata: {"n":1}\n\ndata: {"n":2}\n\ndata: [DONE]\n\n',
  );
});

Deno.test("streamEvents frames events as the format says", async () => {
  const response = await stream(async (send) => {
    await send([{ n: 0 }, { n: 1 }]);
  }, {
    format: {
      headers: { "content-type": "application/x-ndjson" },
      before: () => "",
      after: "\n",
    },
  });
  assertEquals(response.headers.get("content-type"), "application/x-ndjson");
  assertEquals(await response.text(), '{"n":0}\n{"n":1}\n');
});

Deno.test("streamEvents sends a long token in pieces, in one line of data", async () => {
  const state = "eyJ..a-_Z".repeat(20_000);
  const response = await stream(async (send) => {
    await send([{ state }]);
  });
  const pieces = await Array.fromAsync(response.body ?? []);
  assertEquals(pieces.length, 2 + Math.ceil(state.length / 65_536));
  const text = await new Response(ReadableStream.from(pieces)).text();
  assertEquals(text, `data: ${JSON.stringify({ state })}\n\n`);
});

Deno.test("streamEvents sends a comment when nothing happens for long", async () => {
  const { promise: heard, resolve } = Promise.withResolvers<void>();
  const response = await stream(async (send) => {
    await send([{ n: 0 }]);
    await heard;
    await send([{ n: 1 }]);
  }, { keepAliveMs: 10 });
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += new TextDecoder().decode(bytes);
    if (text.split("keep-alive").length > 2) resolve();
  }
  assertMatch(
    text,
    /^data: {"n":0}\n\n(: keep-alive\n\n){2,}data: {"n":1}\n\n$/,
  );
});

Deno.test("streamEvents ends with what the error becomes", async () => {
  const response = await stream(async (send) => {
    await send([{ n: 0 }]);
    throw new Error("No");
  });
  assertEquals(
    await response.text(),
    'data: {"n":0}\n\ndata: {"error":"Error: No"}\n\n',
  );
});

Deno.test("streamEvents asks for no event before the last one is taken", async () => {
  let made = 0;
  const response = await stream(async (send) => {
    while (await send([{ n: made++ }])) await Promise.resolve();
  });
  const reader = response.body?.getReader();
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
