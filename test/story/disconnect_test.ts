import { assertEquals } from "@std/assert";
import { until } from "../support/until.ts";
import { serve, type StoryServer } from "./server.ts";

const LONG = {
  prompt: "User:",
  max_tokens: 60_000,
  logit_bias: { "0": -100 },
};

function ask(server: StoryServer, stream: boolean, signal: AbortSignal) {
  return fetch(`${server.url}/v1/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...LONG, stream }),
    signal,
  });
}

for (const stream of [true, false]) {
  Deno.test(`a client that hangs up frees its lane at once, stream ${stream}`, async () => {
    await using server = await serve("--device", "wasm");
    const { engine } = server;
    const client = new AbortController();
    const answer = ask(server, stream, client.signal).then(async (response) =>
      await response.text()
    ).catch(() => "gone");
    await until("a lane", () => engine.load.busy === 1);
    client.abort();
    await until("no lane", () => engine.load.busy === 0);
    assertEquals(await answer, "gone");
    const { status } = await fetch(`${server.url}/readyz`);
    assertEquals(status, 200);
  });
}

Deno.test("turns beyond the lanes and the queue are told when to try again", async () => {
  await using server = await serve("--device", "wasm", "--lanes", "1");
  const { engine } = server;
  const clients = new AbortController();
  const answers = Array.from(
    { length: 9 },
    () => ask(server, true, clients.signal),
  );
  await until(
    "a queue",
    () => engine.load.busy === 1 && engine.load.waiting === 8,
  );
  const refused = await ask(server, true, clients.signal);
  assertEquals(refused.status, 429);
  assertEquals(refused.headers.get("retry-after"), "1");
  assertEquals((await refused.json()).code, "ERR_TOO_BUSY");
  clients.abort();
  await Promise.allSettled(answers);
  await until("peace", () => engine.load.busy + engine.load.waiting === 0);
});
