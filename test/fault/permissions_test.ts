import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { Flags } from "../../src/config/command_line.ts";
import { serverArguments } from "../../src/serve/server_process.ts";
import { formatKey, randomKey } from "../../src/state/state_keys.ts";
import { run, spawn } from "../story/command.ts";
import { TEST_DEVICE_ENV } from "../support/test_device.ts";

const PROBE = "test/fault/probe.ts";

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
    TEST_DEVICE_ENV,
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
      /Cannot read \/etc\/passwd: .*--allow-read=\.\/models,\.\/src,\/etc\/passwd /,
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
    const { code, stderr } = await run([...start, ...args], TEST_DEVICE_ENV);
    assertEquals(code, 1);
    assertMatch(stderr, message);
  });
}

Deno.test("deno task start gives a server its own address and paths, and nothing else", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gosling models " });
  try {
    for (const name of ["model.safetensors", "vocab.txt"]) {
      await Deno.copyFile(`models/gosling/${name}`, `${folder}/${name}`);
    }
    const keys = `${folder}/keys`;
    await Deno.writeTextFile(keys, `state ${formatKey(randomKey())}\n`);
    const env = { ...TEST_DEVICE_ENV, GOSLING_KEYS_FILE: keys };
    const [verb = "", ...args] = serverArguments({
      model: `${folder}/model.safetensors`,
      host: "127.0.0.2",
      port: "0",
    }, (name) => env[name as keyof typeof env]);
    const server = spawn([verb, "--preload", PROBE, ...args], env);
    const [line] = await server.until(/^probe .*$/m);
    const [, url] = await server.until(/Listening on (http:\/\/127.0.0.2:\S+)/);
    assertEquals(refused(line), [["read models", "done"]]);
    assertEquals((await (await fetch(`${url}/readyz`)).json()).status, "ok");
    server.signal("SIGTERM");
    const { code, stderr } = await server.ended();
    assertEquals([code, stderr], [0, ""]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("serverArguments() names what the settings name, flags before variables", () => {
  const given = (flags: Flags, env: Record<string, string> = {}) => {
    const all = serverArguments(flags, (name) => env[name]);
    const named = (kind: string) =>
      all.find((word) => word.startsWith(`--allow-${kind}=`))
        ?.replace(/^.*?=/, "").split(",")
        .filter((path) => !/\/(models|src)$/.test(path));
    return { read: named("read"), net: named("net") };
  };
  assertEquals(given({}), { read: [], net: ["127.0.0.1:8000"] });
  assertEquals(given({ host: "::1", port: "80" }).net, ["[::1]:80"]);
  assertEquals(given({ port: "0" }).net, ["127.0.0.1"]);
  // What Deno would not read is left for the server to refuse.
  assertEquals(given({ port: "65536" }).net, ["127.0.0.1"]);
  for (const host of ["a b", "a/b", "*", "1.2.3.4:80", "[::1", "-a", "a..b"]) {
    assertEquals([host, given({ host }).net], [host, ["127.0.0.1:8000"]]);
  }
  for (const host of ["a-b.example", "x_y", "10.0.0.1", "[::1]", "fe80::1"]) {
    const [net = ""] = given({ host }).net ?? [];
    assertEquals(
      net.replaceAll(/[[\]]|:8000$/g, ""),
      host.replaceAll(/[[\]]/g, ""),
    );
  }
  const env = { GOSLING_HOST: "0.0.0.0", GOSLING_MODELS: "/pulled" };
  assertEquals(given({}, env).net, ["0.0.0.0:8000"]);
  assertEquals(given({ model: "a=/x/y.pth\nb=few" }, env).read, [
    "/x",
    "few",
    "/pulled",
  ]);
  assertEquals(given({ model: "/x" }, { GOSLING_MODEL: "/y" }).read, ["/x"]);
  assertEquals(given({}, { GOSLING_VOCAB: "a=/v.txt, /w.txt" }).read, [
    "/v.txt",
    "/w.txt",
  ]);
  assertEquals(given({ initial: "a=rwkv:/s.bin\nb=/t.save" }).read, [
    "rwkv:/s.bin",
    "/s.bin",
    "/t.save",
  ]);
  assertEquals(given({ "keys-file": "/k" }).read, ["/k"]);
  assertThrows(() => given({ "keys-file": "/a,b" }), {
    message: /Cannot let a server use \/a,b: Deno takes no comma/,
  });
});
