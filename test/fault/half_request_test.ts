import { assertEquals, assertMatch } from "@std/assert";
import { listen, Raw } from "./raw.ts";
import { until } from "../support/until.ts";

const HEAD = "POST /v1/generate HTTP/1.1\r\nHost: x\r\n" +
  "Content-Type: application/json\r\n";

/** Requests that end in the middle. */
const HALVES: Readonly<Record<string, string>> = {
  "in the method": "PO",
  "in the path": "POST /v1/gen",
  "in the headers": HEAD,
  "in front of the body": `${HEAD}Content-Length: 50\r\n\r\n`,
  "in the body": `${HEAD}Content-Length: 50\r\n\r\n{"prompt":`,
  "in a chunk": `${HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\n{"prompt":"a"`,
  "in a form": "POST /v1/generate HTTP/1.1\r\nHost: x\r\nContent-Type: " +
    "multipart/form-data; boundary=b\r\nContent-Length: 900\r\n\r\n--b\r\n",
};

Deno.test("half a request costs no lane and stops no other", async (t) => {
  await using listener = await listen();
  const { server, port } = listener;
  for (const [where, text] of Object.entries(HALVES)) {
    for (const how of ["closed", "reset"]) {
      await t.step(`${where}, ${how}`, async () => {
        using client = await Raw.open(port);
        await client.write(text);
        if (how === "closed") {
          await client.end();
          const answer = await client.until(/\r\n\r\n/, 2000);
          if (answer !== "") assertMatch(answer, /^HTTP\/1\.1 (400|408) /);
        }
      });
    }
  }
  assertEquals(server.engine.load, { busy: 0, waiting: 0 });
  assertEquals(server.reported, []);
  const { status } = await server.post("/v1/generate", {
    prompt: "a",
    max_tokens: 2,
  });
  assertEquals(status, 200);
});

Deno.test("many clients that write a byte now and then keep nobody out", async () => {
  await using listener = await listen();
  const { server, port } = listener;
  const slow: Raw[] = [];
  try {
    for (let i = 0; i < 100; i++) {
      const client = await Raw.open(port);
      slow.push(client);
      await client.write(`${HEAD}Content-Length: 999999\r\n\r\n{`);
    }
    for (const client of slow) await client.write(" ");
    await until("100 bodies under way", () => listener.seen.length === 100);
    const answer = await fetch(`http://127.0.0.1:${port}/v1/generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt: "a", max_tokens: 2 }),
    });
    assertEquals((await answer.json()).finish_reason, "length");
    assertEquals(server.engine.load, { busy: 0, waiting: 0 });
  } finally {
    for (const client of slow) client[Symbol.dispose]();
  }
});
