/**
 * `deno task replicas` as a process, and the processes that it keeps.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { run, type Running, spawn } from "./command.ts";

const REPLICAS = ["run", "-P=launch", "src/serve/replicas.ts"];
const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };

Deno.test("replicas share a port and a key, and are there again when one dies", async () => {
  const { running, url, pids } = await start("2", "--port=0");
  assertEquals((await pids()).length, 2);
  let state: string | undefined;
  let victim: number | undefined;
  for (let turn = 0; turn < 12; turn++) {
    if (turn === 4) {
      [victim] = await pids();
      assert(victim !== undefined);
      Deno.kill(victim, "SIGKILL");
    }
    const content = turn === 0 ? "My name is Dave." : "What is my name?";
    const answer = await say(url, content, state);
    state = answer.state;
    if (turn > 0) assertMatch(answer.text, /Dave/);
  }
  // It is a child until its end was seen, which is when another is started.
  for (let now = await pids(); now.length < 2 || now.includes(victim ?? 0);) {
    await delay(50);
    now = await pids();
  }
  running.signal("SIGTERM");
  const { code, stdout, stderr } = await running.ended();
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^Serving gosling on wasm.*\n {2}saves +last until these .*\n2 replicas listening on http/,
  );
  assertMatch(
    stderr,
    /Replica \d ended \(SIGKILL\); it starts again in 250 ms/,
  );
  assertEquals((await pids()).length, 0);
});

Deno.test("replicas are replaced one after the other at SIGUSR2", async () => {
  const { running, url, pids } = await start("2", "--port=0");
  const before = await pids();
  running.signal("SIGUSR2");
  let state: string | undefined;
  for (;;) {
    const now = await pids();
    if (now.length === 2 && now.every((pid) => !before.includes(pid))) break;
    state = (await say(url, "Hello!", state)).state;
    assert((await pids()).length > 0);
  }
  running.signal("SIGTERM");
  assertEquals((await running.ended()).code, 0);
});

Deno.test("replicas with own ports count them up", async () => {
  const port = twoFreePorts();
  const { running } = await start("2", `--port=${port}`, "--own-ports=yes");
  for (const own of [port, port + 1]) {
    const answer = await fetch(`http://127.0.0.1:${own}/readyz`);
    assertEquals(answer.status, 200);
    await answer.body?.cancel();
  }
  running.signal("SIGTERM");
  const { stdout } = await running.ended();
  assertMatch(stdout, new RegExp(`http://127.0.0.1:${port} to :${port + 1}\n`));
});

Deno.test("replicas with own ports need as many ports as there are left", async () => {
  const { code, stderr } = await run(
    [...REPLICAS, "2", "--port=65535", "--own-ports=yes"],
    WASM,
  );
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^Cannot start 2 replicas from port 65535: the last .*$/m,
  );
});

/** The lower of two neighbours, below those that systems give out on their own. */
function twoFreePorts(): number {
  for (;;) {
    const port = 20_000 + Math.floor(10_000 * Math.random());
    try {
      for (const own of [port, port + 1]) {
        Deno.listen({ port: own, hostname: "127.0.0.1" }).close();
      }
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

Deno.test("replicas end with the fault of the first, and start no others", async () => {
  const { code, stderr } = await run([...REPLICAS, "2", "--lanes=0"], WASM);
  assertEquals(code, 1);
  assertEquals(stderr.match(/Cannot read --lanes/g)?.length, 1);
});

Deno.test("start names the task that starts replicas", async () => {
  const { code, stderr } = await run(
    ["run", "-P=serve", "--frozen", "main.ts", "start", "--replicas", "3"],
    WASM,
  );
  assertEquals(code, 1);
  assertMatch(stderr, /may run no programs. Use: deno task replicas 3\n/);
});

/** Starts replicas; resolves when all of them listen. */
async function start(...args: readonly string[]): Promise<{
  readonly running: Running;
  readonly url: string;
  /** Process ids of those that live. */
  readonly pids: () => Promise<number[]>;
}> {
  const running = spawn([...REPLICAS, ...args], WASM);
  const [, url = ""] = await running.until(/listening on (http:[^\s]+)/);
  const children = `/proc/${running.pid}/task/${running.pid}/children`;
  return {
    running,
    url,
    async pids(): Promise<number[]> {
      try {
        const list = (await Deno.readTextFile(children)).trim();
        return list === "" ? [] : list.split(" ").map(Number);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      }
    },
  };
}

/** Takes a turn, again and again if its replica dies. */
async function say(
  url: string,
  content: string,
  state: string | undefined,
): Promise<{ readonly text: string; readonly state: string }> {
  for (;;) {
    try {
      const answer = await fetch(`${url}/v1/generate`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          messages: [{ role: "user", content }],
          temperature: 0,
          state,
        }),
      });
      if (answer.ok) return await answer.json();
      await answer.body?.cancel();
      assertEquals(answer.status, 503);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await delay(20);
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
