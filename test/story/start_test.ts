/**
 * `deno task start`: the launcher, and the server that it starts.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { formatKey, randomKey } from "../../src/state/state_keys.ts";
import { run, spawn } from "./command.ts";

const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** What `deno task` itself prints first. */
const ECHO = /^Task start .*\n/;

Deno.test("deno task start takes every path and address by its flag", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(
      "models/gosling/model.safetensors",
      `${folder}/m.safetensors`,
    );
    await Deno.mkdir(`${folder}/words`);
    await Deno.copyFile(
      "models/gosling/vocab.txt",
      `${folder}/words/w.txt`,
    );
    const secret = formatKey(randomKey());
    await Deno.writeTextFile(`${folder}/keys`, `state ${secret}\n`);
    // As typed in that folder, of which deno task tells.
    const server = spawn(
      [
        ...["task", `--config=${CONFIG}`, "start", "--port", "0"],
        ...["--host", "127.0.0.2"],
        ...["--model", "mine=m.safetensors", "--vocab", "words/w.txt"],
        ...["--keys-file", `${folder}/keys`, "--state-ttl", "7200"],
      ],
      WASM,
      "",
      { cwd: folder },
    );
    const [, url] = await server.until(/Listening on (http:\/\/127.0.0.2:\S+)/);
    const { model } = await (await fetch(`${url}/v1/generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt: "User:", max_tokens: 1 }),
    })).json();
    assertEquals(model, "mine");
    server.signal("SIGTERM");
    const { code, stdout, stderr } = await server.ended();
    assertEquals([code, stderr.replace(ECHO, "")], [0, ""]);
    const [kid] = secret.split(":");
    assertEquals(
      stdout.replace(/ \(.*\)/, ""),
      `Serving mine on wasm
  saves   last 2 hours, and as long as key ${kid} is kept
Listening on ${url}
`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (
  const [flag, message] of [
    [
      "--model=/nowhere/x.pth",
      /^Cannot open \/nowhere\/x.pth: there is no such/,
    ],
    ["--model=nowhere", /^Cannot find a model nowhere: .* has .*pull fetches/],
    [
      "--vocab=/nowhere/v.txt",
      /^Cannot open \/nowhere\/v.txt: there is no such/,
    ],
    [
      "--keys-file=/nowhere/k",
      /^Cannot read keys of \/nowhere\/k: .*No such file/,
    ],
    [
      "--initial=a=/nowhere/s",
      /^Cannot begin with a from .*there is no such file/,
    ],
    ["--host=192.0.2.7", /^Cannot listen on 192.0.2.7:0: .*assign/],
    ["--prot=1", /^Cannot read the command line: .* did you mean --port\?/],
    ["--port=http", /^Cannot read --port: expected a whole number/],
    ["--port=65536", /^Cannot read --port: expected 65535 or less/],
    ["--host=a b", /^Cannot read --host: expected a host's name or IP address/],
    ["--host=127.0.0.1:80", /^Cannot read --host: expected a host's name/],
    ["now", /now is no flag/],
    ["--replicas=3", /may run no programs. Use: deno task replicas 3\n/],
  ] as const
) {
  Deno.test(`deno task start ${flag} says what is wrong in one line`, async () => {
    const { code, stdout, stderr } = await run(
      ["task", "start", "--port", "0", flag],
      { ...WASM, GOSLING_MODELS: "/nowhere/models" },
    );
    assertEquals([code, stdout], [1, ""]);
    const line = stderr.replace(ECHO, "");
    assertMatch(line, message);
    assertEquals(line.trimEnd().split("\n").length, 1);
  });
}

Deno.test("deno task start tells of a variable that is almost a setting", async () => {
  const { stderr } = await run(
    ["task", "start", "--lanes", "0"],
    { ...WASM, GOSLING_KEY_FILE: "/keys" },
  );
  assertMatch(
    stderr,
    /^GOSLING_KEY_FILE is no setting .* GOSLING_KEYS_FILE\?$/m,
  );
});

Deno.test("deno task start --help prints the flags and nothing else", async () => {
  const { code, stdout, stderr } = await run(["task", "start", "--help"]);
  assertEquals([code, stderr.replace(ECHO, "")], [0, ""]);
  assertMatch(
    stdout,
    /^Serves models over HTTP.*\n\nMost used:\n {2}--model /s,
  );
});

Deno.test("deno task start ends as its server does", async () => {
  const server = spawn(["task", "start", "--port", "0"], WASM);
  await server.until(/Listening on/);
  const children = `/proc/${server.pid}/task/${server.pid}/children`;
  const [launcher = ""] = (await Deno.readTextFile(children)).split(" ");
  const [child = ""] = (await Deno.readTextFile(
    `/proc/${launcher}/task/${launcher}/children`,
  )).split(" ");
  Deno.kill(Number(child), "SIGKILL");
  assertEquals((await server.ended()).code, 137);
});
