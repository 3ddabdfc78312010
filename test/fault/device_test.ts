import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Device } from "../../src/device/device.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import {
  openWebGpu,
  type WebGpuDevice,
} from "../../src/device/webgpu/webgpu_device.ts";
import { eventsOf } from "../http/client.ts";
import { tinyServer } from "../fuzz/tiny_server.ts";
import { until } from "../support/until.ts";
import { WorkerWatch } from "./workers.ts";

const LONG = { prompt: "a", max_tokens: 60_000, logit_bias: { "0": -100 } };

async function ready(
  { fetch }: Awaited<ReturnType<typeof tinyServer>>,
): Promise<number> {
  const { status } = await fetch(new Request("http://tiny/readyz"));
  return status;
}

/** A device, and how it is lost. */
interface Losable {
  readonly open: () => Promise<Device>;
  lose(): void;
}

/** A worker of the wasm device crashes. */
function wasm(workers: WorkerWatch): Losable {
  return {
    open: () => Promise.resolve(wasmDevice({ threads: 1 })),
    lose: () => workers.crash("wasm"),
  };
}

/** The driver takes the GPU away. */
function webgpu(): Losable {
  let device: WebGpuDevice | undefined;
  return {
    open: async () => device = await openWebGpu({ force: true }),
    lose: () => device?.lose(),
  };
}

for (const losable of [wasm, webgpu]) {
  Deno.test(`a ${losable.name} device lost in mid-generation ends each turn in the form of its answer, and comes back`, async () => {
    using workers = new WorkerWatch();
    const { open, lose } = losable(workers);
    await using server = await tinyServer({ lanes: 2, open });
    const { engine } = server;
    const { state } = await (await server.post("/v1/generate", {
      prompt: "My name is Dave",
      max_tokens: 3,
    })).json();
    const stream = await server.post("/v1/generate", { ...LONG, stream: true });
    const whole = server.post("/v1/generate", { ...LONG, state });
    await until("two lanes", () => engine.load.busy === 2);
    const waiting = server.post("/v1/generate", { ...LONG, max_tokens: 3 });
    await until("a queue", () => engine.load.waiting === 1);
    lose();

    const answer = await whole;
    assertEquals(answer.status, 503);
    assertEquals(answer.headers.get("retry-after"), "5");
    const { code, detail } = await answer.json();
    assertEquals(code, "ERR_DEVICE_LOST");
    assertMatch(
      detail,
      /^Cannot go on|the device was lost|values cannot be read/,
    );

    const last = eventsOf(await stream.text()).at(-1);
    assertMatch(JSON.stringify(last), /"type":"problem".*ERR_DEVICE_LOST/);

    // Whoever waited has lost nothing, and waits for the device to come back.
    const patient = await waiting;
    assertEquals(patient.status, 200);
    assertEquals((await patient.json()).finish_reason, "length");
    await until("ready again", async () => await ready(server) === 200);

    // The save that came with the turn that failed goes on as if nothing were.
    const again = await server.post("/v1/generate", {
      ...LONG,
      state,
      max_tokens: 4,
    });
    assertEquals(again.status, 200);
    assertEquals(server.reported, []);
    assertEquals(engine.load, { busy: 0, waiting: 0 });
  });
}

Deno.test("a grammar's worker that crashes fails the answer it follows, and no other", async () => {
  using workers = new WorkerWatch();
  await using server = await tinyServer({ lanes: 3 });
  // It cannot end before the crash.
  const grammar = { type: "regex", pattern: "(ab){3000}" };
  const plain = { prompt: "a", seed: 5, max_tokens: 4000 };
  const alone = await (await server.post("/v1/generate", plain)).json();
  const held = server.post("/v1/generate", {
    prompt: "x",
    grammar,
    max_tokens: 20_000,
  });
  const free = server.post("/v1/generate", plain);
  await until("a grammar", () => workers.count("grammar") === 2);
  await until("a lane", () => server.engine.load.busy > 0);
  // One of them tries grammars, the other follows answers.
  workers.crashAll("grammar");
  const answer = await held;
  if (answer.status === 200) {
    // It breaks off; or it had not begun, and another worker opened its grammar.
    const whole = await answer.json().catch(() => undefined);
    assert(whole === undefined || whole.text === "ab".repeat(3000));
  } else {
    assertEquals(answer.status, 422);
    assertMatch((await answer.json()).detail, /grammar cannot be followed/);
  }
  assertEquals((await (await free).json()).text, alone.text);
  // One that was being tried in the crash is taken for its cause.
  let tries = 3;
  await until("a grammar again", async () => {
    const next = await server.post("/v1/generate", {
      prompt: "x",
      grammar: { type: "regex", pattern: `[ab]{${tries++}}` },
    });
    return /^[ab]{3,}$/.test((await next.json()).text);
  });
  assert(workers.count("grammar") > 2, "none was started again");
});
