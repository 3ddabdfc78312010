import { assert, assertEquals } from "@std/assert";
import { listen, Raw } from "./raw.ts";
import { until } from "./workers.ts";

const TURN = { max_tokens: 20_000, logit_bias: { "0": -100 }, stream: true };

function request(turn: object): string {
  const body = JSON.stringify(turn);
  return "POST /v1/generate HTTP/1.1\r\nHost: x\r\nContent-Type: " +
    `application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

Deno.test("clients that read a byte at a time hold no lane and little memory", async () => {
  await using listener = await listen();
  const { server, port } = listener;
  const { engine } = server;
  const slow = await Promise.all(
    Array.from({ length: 6 }, () => Raw.open(port)),
  );
  // Once unmeasured: compiled code and buffers are there from then on.
  for (let round = 0; round < 2; round++) {
    const before = Deno.memoryUsage().rss;
    for (const [i, client] of slow.entries()) {
      await client.write(request({ ...TURN, prompt: `${i}` }));
    }
    await until("work", () => listener.seen.length === 6 * (round + 1));
    // More of them than lanes: each turn is over although nobody has read it.
    let read = 0;
    await until("every lane free", async () => {
      read += (await slow[0].read(1) ?? "").length;
      return engine.load.busy + engine.load.waiting === 0;
    });
    assert(read > 0);
    const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
    assert(round === 0 || grown < 100, `${grown} MiB for 6 slow clients`);
    const quick = await server.post("/v1/generate", {
      prompt: "a",
      max_tokens: 3,
    });
    assertEquals(quick.status, 200);
    if (round === 0) {
      for (const client of slow) {
        await client.until(/"type":"done"[^\n]*\n\n/, 20_000);
      }
    }
  }
  for (const client of slow) client[Symbol.dispose]();
  await until("quiet", () => engine.load.busy === 0);
  assertEquals(server.reported, []);
});
