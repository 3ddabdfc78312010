/**
 * The samples in `examples/`, in front of a server with the embedded model.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import edge from "../../examples/edge/worker.js";
import { serve, type StoryServer } from "../story/server.ts";

const ROOT = new URL("../../", import.meta.url);

let server: StoryServer;

Deno.test.beforeAll(async () => {
  server = await serve("--device", "wasm", "--threads", "1");
});

Deno.test.afterAll(async () => await server[Symbol.asyncDispose]());

/** What a program prints. */
async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  return new TextDecoder().decode(stdout);
}

Deno.test("people of a village remember, each by a save of one size", async () => {
  const folder = await Deno.makeTempDir();
  const say = async (name: string, words: string) =>
    await run(Deno.execPath(), [
      ...["run", "-A", "--no-config", "examples/npc/village.js"],
      ...[server.url, folder, name, words],
    ]);
  await say("Ada", "My name is Dave.");
  const { size } = await Deno.stat(`${folder}/Ada.save`);
  assertMatch(await say("Ada", "What is my name?"), /^Ada: .*Dave/);
  assertMatch(
    await say("Bob", "What is my name?"),
    /^Bob: (?!.*Dave).*\n2 people, 54 kB each\n$/,
  );
  for (const name of ["Ada", "Bob"]) {
    const { size: other } = await Deno.stat(`${folder}/${name}.save`);
    // Digits of the position, and a word kept back, differ.
    assert(Math.abs(other - size) < 200, `${other} is not ${size}`);
  }
  await Deno.remove(folder, { recursive: true });
});

/** What the worker is given: its server, its key, and a store. */
function bindings(url = server.url) {
  const kept = new Map<string, string>();
  return {
    GOSLING_URL: url,
    GOSLING_KEY: "secret",
    SAVES: {
      get(name: string): Promise<unknown> {
        return Promise.resolve(JSON.parse(kept.get(name) ?? "null"));
      },
      put(name: string, text: string): Promise<void> {
        return Promise.resolve(void kept.set(name, text));
      },
      delete(name: string): Promise<void> {
        return Promise.resolve(void kept.delete(name));
      },
    },
  };
}

/** Somebody with cookies. */
function person(env: ReturnType<typeof bindings>) {
  let cookie = "";
  return async (path: string, words?: unknown) => {
    const response = await edge.fetch(
      new Request(`https://edge${path}`, {
        method: "POST",
        headers: { cookie },
        body: JSON.stringify({ words }),
      }),
      env,
    );
    cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    return { status: response.status, ...await response.json() };
  };
}

Deno.test("a worker keeps the saves of people who know of none", async () => {
  const env = bindings();
  const [dave, other] = [person(env), person(env)];
  const { answer: first } = await dave("/say", "My name is Dave.");
  assertMatch(first, /Dave/);
  assertMatch((await other("/say", "What is my name?")).answer, /^(?!.*Dave)/);
  assertMatch((await dave("/say", "What is my name?")).answer, /Dave/);
  assertEquals(await dave("/undo"), { status: 200, undone: true });
  await dave("/undo");
  assertEquals(await dave("/undo"), { status: 200, undone: false });
  assertMatch((await dave("/say", "What is my name?")).answer, /^(?!.*Dave)/);
});

Deno.test("a worker refuses what is no request, and says nothing of its server", async () => {
  const say = person(bindings());
  assertEquals((await say("/say", 7)).status, 400);
  assertEquals((await say("/say", "x".repeat(3000))).status, 400);
  assertEquals((await say("/none", "Hi")).status, 404);
  const busy = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ detail: "secret" }, { status: 429 }),
  );
  const tired = person(bindings(`http://127.0.0.1:${busy.addr.port}`));
  assertEquals(await tired("/say", "Hi"), { status: 503, error: "Not now" });
  await busy.shutdown();
});

Deno.test("three lines of Python carry the state", async () => {
  const said = await run("python3", [
    "examples/python/remember.py",
    `${server.url}/v1`,
    "My name is Dave.",
    "What is my name?",
  ], {
    PYTHONPATH: new URL("python", import.meta.url).pathname,
    PYTHONDONTWRITEBYTECODE: "1",
  });
  const [, last] = said.trim().split("\n");
  assertMatch(last, /Dave/);
});
