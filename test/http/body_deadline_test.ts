/**
 * Bodies that do not arrive, over real sockets.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { harness } from "./client.ts";

const HEAD = "POST /v1/generate HTTP/1.1\r\nhost: a\r\n";

for (
  const [what, head] of [
    [
      "a body of known length",
      "content-type: application/json\r\ncontent-length: 99\r\n\r\n{",
    ],
    [
      "a body in chunks",
      "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
    [
      "a form",
      "content-type: multipart/form-data; boundary=b\r\ncontent-length: 99\r\n\r\n--b",
    ],
  ] as const
) {
  Deno.test(`limitBody() refuses ${what} that does not arrive`, async () => {
    const { fetch, engine } = harness({ limits: { bodyTimeout: 0.1 } });
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => fetch(request),
    );
    const client = await Deno.connect({ port: server.addr.port });
    await client.write(new TextEncoder().encode(HEAD + head));
    const answer = await problemFrom(client);
    assertMatch(answer, /^HTTP\/1.1 408 /);
    assertMatch(answer, /connection: close/i);
    assertMatch(answer, /"code":"ERR_REQUEST_TIMEOUT"/);
    assertMatch(answer, /it did not arrive within 0.1 s/);
    assertEquals(engine.turns.length, 0);
    client.close();
    await server.shutdown();
  });
}

Deno.test("limitBody() leaves bodies that arrive in time as they are", async () => {
  const { post } = harness({ limits: { bodyTimeout: 5 } });
  const chunks = ['{"prompt":', '"Hi","max_tokens":0}'];
  const body = ReadableStream.from(chunks).pipeThrough(new TextEncoderStream());
  const answer = await post("/v1/generate", body, {
    duplex: "half",
  } as RequestInit);
  assertEquals(answer.status, 200);
  assertEquals((await answer.json()).usage.prompt_tokens, 2);
});

/** What the server says, up to the end of its JSON. */
async function problemFrom(client: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(4096);
  let text = "";
  while (!text.endsWith("}")) {
    const length = await client.read(buffer);
    if (length === null) break;
    text += new TextDecoder().decode(buffer.subarray(0, length));
  }
  return text;
}
