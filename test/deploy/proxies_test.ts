/**
 * What proxies do with the settings in `deploy/`.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { startHaproxy } from "./haproxy.ts";
import { freePort, startNginx } from "./nginx.ts";

/** Bytes of a body that is larger than what proxies keep at hand. */
const LARGE = 3_000_000;

const THERE = new TextEncoder().encode(
  "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
);

for (
  const [file, start] of [
    ["nginx.conf", startNginx],
    ["haproxy.cfg", startHaproxy],
  ] as const
) {
  Deno.test(`deploy/${file} hands events on one by one, and asks the next replica where one is away`, async () => {
    const sent = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async (request) => {
        if (request.method === "GET") return new Response();
        const { byteLength } = await request.arrayBuffer();
        assertEquals(byteLength, LARGE);
        return new Response(ReadableStream.from(events(sent)), {
          headers: { "content-type": "text/event-stream" },
        });
      },
    );
    const there = `127.0.0.1:${server.addr.port}`;
    const away = () => `127.0.0.1:${freePort()}`;
    await using proxy = await start([away(), away(), there]);
    const answer = await fetch(`${proxy.url}/v1/generate`, {
      method: "POST",
      body: "x".repeat(LARGE),
    });
    assertEquals(answer.status, 200);
    const text = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const [i, { resolve }] of sent.entries()) {
      assertEquals((await text?.read())?.value, `data: ${i}\n\n`);
      resolve();
    }
    assertEquals((await text?.read())?.done, true);
  });

  Deno.test(`deploy/${file} answers a turn that broke off with 502, and asks nobody else`, async () => {
    let turns = 0;
    const listeners = [0, 1, 2].map(() =>
      Deno.listen({ port: 0, hostname: "127.0.0.1" })
    );
    const serving = listeners.map(async (listener) => {
      for await (const connection of listener) {
        const bytes = new Uint8Array(1 << 16);
        const length = await connection.read(bytes) ?? 0;
        const text = new TextDecoder().decode(bytes.subarray(0, length));
        if (text.startsWith("POST")) turns++;
        // What asks whether it is there hears that it is.
        if (text.startsWith("GET")) await connection.write(THERE);
        connection.close();
      }
    });
    {
      await using proxy = await start(
        listeners.map(({ addr }) => `127.0.0.1:${addr.port}`),
      );
      // Where HAProxy has no answer on a connection that was used before, it hangs
      // up, and the client asks again by itself.
      using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
      const answer = await fetch(`${proxy.url}/v1/generate`, {
        method: "POST",
        body: "{}",
        client,
      });
      await answer.body?.cancel();
      assertEquals([answer.status, turns], [502, 1]);
      for (const path of ["/metrics", "/%6detrics", "/metric%73"]) {
        const hidden = await fetch(`${proxy.url}${path}`);
        await hidden.body?.cancel();
        assertEquals([path, hidden.status], [path, 404]);
      }
    }
    for (const listener of listeners) listener.close();
    await Promise.all(serving);
  });
}

async function* events(
  sent: readonly PromiseWithResolvers<void>[],
): AsyncGenerator<Uint8Array> {
  for (const [i, { promise }] of sent.entries()) {
    yield new TextEncoder().encode(`data: ${i}\n\n`);
    await promise;
  }
}
