import { assert, assertEquals, assertRejects } from "@std/assert";
import { Hono } from "hono";
import {
  type BodyOptions,
  type BodyWriter,
  streamBody,
} from "../../src/http/answer/answer_body.ts";
import type { AppEnv } from "../../src/http/services.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Answers with what `produce` writes. */
async function answer(
  produce: (body: BodyWriter) => Promise<void>,
  options: BodyOptions & { readonly release?: () => void } = {},
): Promise<Response> {
  const app = new Hono<AppEnv>();
  app.onError((error, c) => c.text(error.message, 503));
  app.get("/", (c) => {
    c.set("release", options.release);
    return streamBody(c, {}, produce, options);
  });
  return await app.request("/");
}

/** Writes without end, and counts what was made. */
function endless() {
  const found = { made: 0, ended: false };
  const produce = async (body: BodyWriter) => {
    while (await body.write([bytes(`${found.made++}`)])) {
      await Promise.resolve();
    }
    found.ended = true;
  };
  return { found, produce };
}

Deno.test("streamBody passes pieces on as they are", async () => {
  const response = await answer(async (body) => {
    await body.write(["a", "bc"].map(bytes));
    await body.write([]);
    await body.write([bytes("d")]);
  });
  assertEquals(await response.text(), "abcd");
});

Deno.test("streamBody keeps the pieces of several writers apart", async () => {
  const response = await answer(async (body) => {
    await Promise.all([
      body.write(["a1", "a2", "a3"].map(bytes)),
      body.write(["b1", "b2"].map(bytes)),
    ]);
  });
  assertEquals(await response.text(), "a1a2a3b1b2");
});

Deno.test("streamBody makes nothing before the last piece is taken", async () => {
  const { found, produce } = endless();
  const reader = (await answer(produce)).body?.getReader();
  await reader?.read();
  await reader?.read();
  assertEquals(found.made, 2);
  await reader?.cancel();
});

Deno.test("streamBody breaks off with the error of what writes it", async () => {
  const response = await answer(async (body) => {
    await body.write([bytes("a")]);
    throw new RangeError("Bad");
  });
  await assertRejects(() => response.text(), { name: "RangeError" });
});

Deno.test("streamBody gives up a body that nobody takes any more", async () => {
  const { found, produce } = endless();
  const gone = new AbortController();
  const response = await answer(produce, { gone, stallMs: 20 });
  const reader = response.body?.getReader();
  const over = new Promise((resolve) =>
    gone.signal.addEventListener("abort", resolve)
  );
  for (let i = 0; i < 3; i++) await reader?.read();
  await over;
  await assertRejects(() => reader?.read() ?? Promise.resolve(), {
    message: "Cannot answer: the client read nothing for 20 ms",
  });
  assert(found.ended);
});

Deno.test("streamBody lets its reader leave, and waits for what writes it", async () => {
  const { found, produce } = endless();
  const gone = new AbortController();
  const reader = (await answer(produce, { gone })).body?.getReader();
  await reader?.read();
  await reader?.cancel("enough");
  assert(gone.signal.aborted);
  assert(found.ended);
});

Deno.test("streamBody gives the model back once, whatever becomes of the answer", async () => {
  let given = 0;
  const release = () => given++;
  await (await answer(async (body) => {
    await body.write([bytes("a")]);
    assertEquals(given, 0);
  }, { release })).text();
  assertEquals(given, 1);
  const refused = await answer(() => Promise.reject(new Error("No")), {
    release,
  });
  assertEquals([refused.status, await refused.text()], [503, "No"]);
  assertEquals(given, 2);
  const left = await answer(endless().produce, { release });
  await left.body?.cancel();
  assertEquals(given, 3);
});

Deno.test("streamBody keeps nobody alive once the answer has failed", async () => {
  const response = await answer(async (body) => {
    await body.write([bytes("a")]);
    throw new Error("Cannot go on: lost");
  }, {
    keepAlive: bytes(":"),
    keepAliveMs: 1,
    failure: () => ["b", "c"].map(bytes),
  });
  assertEquals((await response.text()).replaceAll(":", ""), "abc");
  // A timer that fired now would be an uncaught error.
  await new Promise((resolve) => setTimeout(resolve, 20));
});
