import { assertEquals, assertMatch } from "@std/assert";
import { run, spawn } from "../story/command.ts";

const PROBE = "test/fault/probe.ts";
const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };

/** What the permission set lets a process do, of all that the probe tries. */
const ALLOWED = {
  "read models": "done",
  // On this machine alone, and only until the server listens.
  "connect to this machine": "ConnectionRefused",
  "listen somewhere else": "done",
};

function refused(printed: string): [string, string][] {
  const [, json = "{}"] = /^probe (.*)$/m.exec(printed) ?? [];
  const results: Record<string, string> = JSON.parse(json);
  assertEquals(Object.keys(results).length, 24);
  return Object.entries(results).filter(([, found]) => found !== "NotCapable");
}

Deno.test("-P=serve lets a process read models and its own code, and little else", async () => {
  const { stdout, stderr } = await run(["run", "-P=serve", PROBE]);
  assertEquals(Object.fromEntries(refused(stdout)), ALLOWED, stderr);
});

Deno.test("main.ts cannot read, run, write or call anything while it serves", async () => {
  const server = spawn(
    ["run", "-P=serve", "--preload", PROBE, "main.ts", "start", "--port", "0"],
    WASM,
  );
  const [line] = await server.until(/^probe .*$/m);
  const [, url] = await server.until(/Listening on (http:\S+)/);
  assertEquals(refused(line), [["read models", "done"]]);
  // It serves nevertheless, grammars with their worker included.
  const answer = await fetch(`${url}/v1/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      prompt: "User:",
      grammar: { type: "regex", pattern: "[ab]{3}" },
    }),
  });
  assertMatch((await answer.json()).text, /^[ab]{3}$/);
  server.signal("SIGTERM");
  assertEquals((await server.ended()).code, 0);
});

for (
  const [args, message] of [
    [
      ["--model", "/etc/passwd"],
      /Cannot read \/etc\/passwd: .*GOSLING_MODEL.*--allow-read=models,src,\/etc\/passwd /,
    ],
    [
      ["--initial", "x=/etc/passwd"],
      /Cannot read \/etc\/passwd: .*--allow-read/,
    ],
    [
      ["--host", "192.0.2.7"],
      /Cannot listen on 192\.0\.2\.7:0: .*--allow-net=192\.0\.2\.7 main\.ts/,
    ],
  ] as const
) {
  Deno.test(`main.ts names the permission that ${args.join(" ")} lacks`, async () => {
    const start = ["run", "-P=serve", "main.ts", "start", "--port", "0"];
    const { code, stderr } = await run([...start, ...args], WASM);
    assertEquals(code, 1);
    assertMatch(stderr, message);
  });
}

Deno.test("deno task start may read the models that variables name", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gosling models " });
  try {
    for (const name of ["model.safetensors", "vocab.txt"]) {
      await Deno.copyFile(`models/gosling/${name}`, `${folder}/${name}`);
    }
    const server = spawn(["task", "start", "--port", "0"], {
      ...WASM,
      GOSLING_MODEL: `mine=${folder}`,
      GOSLING_MODELS: folder,
    });
    const [, url] = await server.until(/Listening on (http:\S+)/);
    assertEquals((await (await fetch(`${url}/readyz`)).json()).status, "ok");
    server.signal("SIGINT");
    await server.ended();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
