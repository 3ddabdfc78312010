import { assertEquals, assertRejects } from "@std/assert";
import { Hono } from "hono";
import { jsonAnswer } from "../../src/http/answer/json_answer.ts";
import { streamBody } from "../../src/http/answer/answer_body.ts";
import {
  type SendEvents,
  streamEvents,
} from "../../src/http/answer/event_stream.ts";
import type { AppEnv } from "../../src/http/services.ts";

/** Milliseconds. */
const SHORT = 20;

const OPTIONS = {
  failure: (error: unknown) => ({ error: String(error) }),
  patienceMs: SHORT,
};

const ENCODER = new TextEncoder();

// Every answer that takes long is a body of streamBody(), which owns this.
Deno.test("streamBody() lets the server notice that a waiting client has gone", async () => {
  const noticed = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const app = new Hono<AppEnv>();
  app.post("/", async (c) => {
    await c.req.raw.arrayBuffer();
    c.req.raw.signal.addEventListener("abort", () => noticed.resolve());
    begun.resolve();
    return await streamBody(c, {}, () => noticed.promise, {
      patienceMs: SHORT,
    });
  });
  const server = Deno.serve({ port: 0, onListen: () => {} }, app.fetch);
  const client = await Deno.connect({ port: server.addr.port });
  // As large as no request is that fits in what Deno reads first.
  const body = "x".repeat(100_000);
  await client.write(ENCODER.encode(
    `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n`,
  ));
  for (let bytes = ENCODER.encode(body); bytes.length > 0;) {
    bytes = bytes.subarray(await client.write(bytes));
  }
  await begun.promise;
  client.close();
  await noticed.promise;
  await server.shutdown();
});

Deno.test("jsonAnswer() sends what took long after the answer has begun", async () => {
  const work = Promise.withResolvers<object>();
  const app = new Hono<AppEnv>();
  app.get("/", (c) => jsonAnswer(c, work.promise, { patienceMs: SHORT }));
  const response = await app.request("/");
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "application/json");
  work.resolve({ text: "Hi" });
  assertEquals(await response.json(), { text: "Hi" });
});

Deno.test("jsonAnswer() fails before the answer begins, or breaks it off", async () => {
  const work = Promise.withResolvers<object>();
  const app = new Hono<AppEnv>();
  app.onError((error, c) => c.text(error.message, 503));
  app.get("/soon", (c) => jsonAnswer(c, Promise.reject(new Error("No"))));
  app.get("/late", (c) => jsonAnswer(c, work.promise, { patienceMs: SHORT }));
  assertEquals((await app.request("/soon")).status, 503);
  const late = await app.request("/late");
  work.reject(new Error("No"));
  await assertRejects(() => late.text(), Error, "No");
});

Deno.test("streamEvents() fails before the stream begins, or says so in it", async () => {
  const first = Promise.withResolvers<void>();
  const app = new Hono<AppEnv>();
  app.onError((error, c) => c.text(error.message, 503));
  const stream = (path: string, produce: (send: SendEvents) => Promise<void>) =>
    app.get(path, (c) => streamEvents(c, produce, OPTIONS));
  stream("/soon", () => Promise.reject(new Error("No")));
  stream("/late", () => first.promise);
  assertEquals((await app.request("/soon")).status, 503);
  const late = await app.request("/late");
  first.reject(new Error("No"));
  assertEquals(await late.text(), 'data: {"error":"Error: No"}\n\n');
});
