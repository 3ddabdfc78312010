import { assert, assertEquals } from "@std/assert";
import { serve, type StoryServer } from "./server.ts";

const LONG = {
  prompt: "User:",
  max_tokens: 60_000,
  logit_bias: { "0": -100 },
};

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!holds()) {
    assert(performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

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
    await until(() => engine.load.busy === 1);
    client.abort();
    await until(() => engine.load.busy === 0);
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
  await until(() => engine.load.busy === 1 && engine.load.waiting === 8);
  const refused = await ask(server, true, clients.signal);
  assertEquals(refused.status, 429);
  assertEquals(refused.headers.get("retry-after"), "1");
  assertEquals((await refused.json()).code, "ERR_TOO_BUSY");
  clients.abort();
  await Promise.allSettled(answers);
  await until(() => engine.load.busy + engine.load.waiting === 0);
});
