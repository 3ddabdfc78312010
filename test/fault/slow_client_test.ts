import { assert, assertEquals } from "@std/assert";
import v8 from "node:v8";
import vm from "node:vm";
import { TEST_DEVICE } from "../support/test_device.ts";
import { listen, Raw } from "./raw.ts";
import { until } from "../support/until.ts";

// A software driver takes a minute for as many tokens as wasm draws in seconds.
const TURN = {
  max_tokens: TEST_DEVICE === "webgpu" ? 2000 : 20_000,
  logit_bias: { "0": -100 },
  stream: true,
};

const CLIENTS = 6;

function request(turn: object): string {
  const body = JSON.stringify(turn);
  return "POST /v1/generate HTTP/1.1\r\nHost: x\r\nContent-Type: " +
    `application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** MiB that are in use once all that can be given back has been. */
function memoryInUse(): number {
  v8.setFlagsFromString("--expose-gc");
  const collect: unknown = vm.runInNewContext("gc");
  assert(typeof collect === "function");
  collect();
  const { heapUsed, external } = Deno.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

Deno.test("clients that read a byte at a time hold no lane and little memory", async () => {
  await using listener = await listen();
  const { server, port } = listener;
  const { engine } = server;
  const slow = await Promise.all(
    Array.from({ length: CLIENTS }, () => Raw.open(port)),
  );
  const before = memoryInUse();
  for (const [i, client] of slow.entries()) {
    await client.write(request({ ...TURN, prompt: `${i}` }));
  }
  await until("work", () => listener.seen.length === CLIENTS);
  // More of them than lanes: each turn is over although nobody has read it.
  let read = 0;
  await until("every lane free", async () => {
    read += (await slow[0].read(1) ?? "").length;
    return engine.load.busy + engine.load.waiting === 0;
  });
  assert(read > 0);
  const grown = (memoryInUse() - before) / CLIENTS;
  assert(grown < 2, `${grown} MiB for each slow client`);
  const quick = { prompt: "a", max_tokens: 3 };
  assertEquals((await server.post("/v1/generate", quick)).status, 200);
  for (const client of slow) client[Symbol.dispose]();
  await until("quiet", () => engine.load.busy === 0);
  assertEquals(server.reported, []);
});
