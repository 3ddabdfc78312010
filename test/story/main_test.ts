import { assert, assertEquals, assertMatch } from "@std/assert";
import { run, spawn } from "./command.ts";
import { lastOf, openEndless } from "./endless_answer.ts";
import { KEY } from "./server.ts";

const START = ["run", "-P=serve", "--frozen", "main.ts", "start"];
const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };

Deno.test("main.ts serves until it is told to end", async () => {
  const server = spawn([...START, "--port", "0"], WASM);
  const [, url] = await server.until(/Listening on (http:\S+)/);
  assertEquals(await status(`${url}/readyz`), 200);
  const answer = await fetch(`${url}/v1/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      messages: [{ role: "user", content: "Hello!" }],
      temperature: 0,
    }),
  });
  const { text, state } = await answer.json();
  assert(text.length > 0 && state.length > 0);
  server.signal("SIGTERM");
  const { code, stdout, stderr } = await server.ended();
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^Serving gosling on wasm \(.*1 thread\)\n {2}saves +last until this server ends; set GOSLING_STATE_KEYS .*\nListening on \S+\n$/,
  );
  assertEquals(withoutWarning(stderr), "");
});

Deno.test("main.ts ends answers under way with a save when it is told to end", async () => {
  const server = spawn([...START, "--port", "0"], WASM);
  const [, url] = await server.until(/Listening on (http:\S+)/);
  const events = await openEndless(url);
  server.signal("SIGINT");
  const last = await lastOf(events);
  assertMatch(last, /"finish_reason":"cancelled"/);
  assertMatch(last, /"state":"ey/);
  assertEquals((await server.ended()).code, 0);
});

Deno.test("main.ts answers under deno serve, and loads at the first request", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  const server = spawn(
    ["serve", "-P=serve", "--host=127.0.0.1", `--port=${port}`, "main.ts"],
    { ...WASM, GOSLING_STATE_KEYS: KEY },
  );
  const url = `http://127.0.0.1:${port}`;
  await answering(`${url}/healthz`);
  assertEquals(await status(`${url}/readyz`), 503);
  assertEquals(await status(`${url}/v1/model`), 200);
  assertEquals(await status(`${url}/readyz`), 200);
  // Left to itself `deno serve` waits for kept-alive connections to close.
  server.signal("SIGKILL");
  await server.ended();
});

for (
  const [args, env, message] of [
    [["--port", "http"], {}, /Cannot read --port: expected a whole number/],
    [[], { GOSLING_DEVICE: "tpu" }, /Cannot read GOSLING_DEVICE: expected/],
    [["--model", "/nowhere"], WASM, /Cannot read \/nowhere: .*--allow-read/],
    [["--model", "./models/x"], WASM, /Cannot open .*models\/x: there is no/],
    [["now"], {}, /now is no flag/],
  ] as const
) {
  Deno.test(`main.ts refuses ${[...args, ...Object.values(env)].join(" ")} in one line`, async () => {
    const { code, stderr } = await run([...START, "--port", "0", ...args], {
      GOSLING_STATE_KEYS: KEY,
      ...env,
    });
    assertEquals(code, 1);
    assertMatch(withoutWarning(stderr), message);
  });
}

Deno.test("main.ts says that its port is taken, and how to choose another", async () => {
  const other = Deno.serve(
    { port: 0, onListen: () => {} },
    () => new Response(),
  );
  const { code, stderr } = await run(
    [...START, "--host", "0.0.0.0", "--port", `${other.addr.port}`],
    WASM,
  );
  await other.shutdown();
  assertEquals(code, 1);
  assertMatch(stderr, /Cannot listen on .*another program does.*--port/);
});

Deno.test("main.ts explains itself", async () => {
  const { code, stdout, stderr } = await run([...START, "--help"]);
  assertEquals([code, withoutWarning(stderr)], [0, ""]);
  assertMatch(stdout, /--state-keys LIST/);
});

/** What Deno says of permission sets left out. */
function withoutWarning(stderr: string): string {
  return stderr.replace(/^Warning .*\n/gm, "");
}

async function status(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

async function answering(url: string): Promise<void> {
  for (;;) {
    try {
      return void await status(url);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
