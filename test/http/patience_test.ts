import { assertEquals, assertRejects } from "@std/assert";
import { Hono } from "hono";
import { jsonAnswer } from "../../src/http/answer/json_answer.ts";
import {
  type AnswerParts,
  multipart,
} from "../../src/http/answer/multipart.ts";
import { eventStream } from "../../src/http/answer/sse.ts";

/** Milliseconds. */
const SHORT = 20;

const ENCODER = new TextEncoder();

for (const form of ["jsonAnswer()", "eventStream()"] as const) {
  Deno.test(`${form} lets the server notice that a waiting client has gone`, async () => {
    const noticed = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const app = new Hono();
    app.post("/", async (c) => {
      await c.req.raw.arrayBuffer();
      c.req.raw.signal.addEventListener("abort", () => noticed.resolve());
      begun.resolve();
      const work = noticed.promise.then(() => ({
        done: true,
        value: undefined,
      }));
      if (form === "jsonAnswer()") return await jsonAnswer(c, work, SHORT);
      return await eventStream(
        work as Promise<IteratorReturnResult<void>>,
        silent(),
        { onCancel: noticed.resolve, onError: String, patienceMs: SHORT },
      );
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
}

Deno.test("jsonAnswer() sends what took long after the answer has begun", async () => {
  const work = Promise.withResolvers<object>();
  const app = new Hono();
  app.get("/", (c) => jsonAnswer(c, work.promise, SHORT));
  const response = await app.request("/");
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "application/json");
  work.resolve({ text: "Hi" });
  assertEquals(await response.json(), { text: "Hi" });
});

Deno.test("multipart() sends what took long after the answer has begun", async () => {
  const work = Promise.withResolvers<AnswerParts>();
  const late = await multipart(work.promise, SHORT);
  const parts = { answer: { text: "Hi" }, state: Uint8Array.of(1, 2, 3) };
  work.resolve(parts);
  const soon = await multipart(Promise.resolve(parts));
  assertEquals(await unmarked(late), await unmarked(soon));
});

Deno.test("jsonAnswer() fails before the answer begins, or breaks it off", async () => {
  const work = Promise.withResolvers<object>();
  const app = new Hono();
  app.onError((error, c) => c.text(error.message, 503));
  app.get("/soon", (c) => jsonAnswer(c, Promise.reject(new Error("No"))));
  app.get("/late", (c) => jsonAnswer(c, work.promise, SHORT));
  assertEquals((await app.request("/soon")).status, 503);
  const late = await app.request("/late");
  work.reject(new Error("No"));
  await assertRejects(() => late.text(), Error, "No");
});

Deno.test("eventStream() fails before the stream begins, or says so in it", async () => {
  const options = {
    onCancel: () => {},
    onError: (error: unknown) => `${error}!`,
    patienceMs: SHORT,
  };
  await assertRejects(
    () => eventStream(Promise.reject(new Error("No")), silent(), options),
    Error,
    "No",
  );
  const first = Promise.withResolvers<IteratorResult<string, void>>();
  const late = await eventStream(first.promise, silent(), options);
  first.reject(new Error("No"));
  assertEquals(await late.text(), "data: Error: No!\n\n");
});

async function* silent(): AsyncGenerator<string, void> {}

/** A multipart answer without its boundary, which is another each time. */
async function unmarked(response: Response): Promise<string> {
  const [, boundary = ""] = /boundary=(.*)/.exec(
    response.headers.get("content-type") ?? "",
  ) ?? [];
  return (await response.text()).replaceAll(boundary, "");
}
