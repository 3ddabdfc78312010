/**
 * Saves that move: between the commands, servers with other keys, and the page,
 * whose files are those of the commands.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { parseSaveFile } from "../../src/client/save_file.ts";
import { formatKey, randomKey } from "../../src/state/state_keys.ts";
import { run, spawn } from "./command.ts";
import { KEY, serve } from "./server.ts";

const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };
const GREEDY = ["--temperature", "0"];

Deno.test("a save of the commands goes to servers and comes back", async () => {
  const folder = await Deno.makeTempDir();
  const [saves, others] = [`${folder}/saves`, `${folder}/others`];
  const generate = (...args: string[]) =>
    run(["run", "-A", "src/cli/generate_command.ts", ...GREEDY, ...args], WASM);
  const state = async (...args: string[]) => {
    const ended = await run(
      ["run", "-A", "src/cli/state_command.ts", ...args],
      WASM,
    );
    assertEquals([args, ended.code, ended.stderr], [args, 0, ""]);
    return ended.stdout;
  };
  try {
    const inSaves = ["--saves", saves];
    await generate(...inSaves, "--to", "dave", "My name is Dave.");
    const again = await generate(...inSaves, "--to", "dave", "I am Bob.");
    assertMatch(again.stderr, /^Cannot save dave: .*--overwrite\n$/);
    assertEquals(again.stdout, "");
    await using server = await serve("--device", "wasm");
    const { host } = new URL(server.url);
    const question = "What is my name?";

    // Its key is not the folder's: the refusal names the way.
    const ask = (...args: string[]) =>
      generate("--url", `${host}/v1/`, ...inSaves, ...args, question);
    const refused = await ask("--from", "dave");
    assertEquals(refused.code, 1);
    assertMatch(refused.stderr, /^Cannot open state: it was not sealed here/);
    assertMatch(refused.stderr, /--keys-file .*key\n.*--server-keys KEYS/);

    // There and back, sealed with its key on the way.
    const file = `${folder}/dave.save`;
    await state("export", "dave", file, "--server-keys", KEY, ...inSaves);
    const { past } = parseSaveFile(await Deno.readTextFile(file), file);
    assertEquals(past.map(({ user }) => user), ["My name is Dave."]);
    const asked = await ask("--from", file, "--to", "asked");
    assertMatch(asked.stdout, /Dave/);
    const back = ["--to", "back", "--server-keys", KEY];
    await state("import", `${saves}/asked.save`, ...back, ...inSaves);
    const here = await generate(...inSaves, "--from", "back", question);
    assertMatch(here.stdout, /Dave/);
    const inspected = await state("inspect", "back", ...inSaves);
    assertMatch(inspected, /^text +\d+ tokens read.*\nsize .*\nseal +key /);
    assertMatch(inspected, /ends +What is my name\?\n/);

    // To another folder in the clear.
    const clear = `${folder}/clear.save`;
    await state("export", "dave", clear, "--portable", ...inSaves);
    assertMatch(
      await state("inspect", clear, "--saves", others),
      /seal +none: everybody can read it/,
    );
    await state("import", clear, "--to", "mine", "--saves", others);
    const same = await state("diff", clear, "mine", "--saves", others);
    assertMatch(same, /^values +equal\ntext +the same/);
    const key = formatKey(randomKey());
    const stranger = await run([
      ...["run", "-A", "src/cli/state_command.ts", "inspect", file],
      ...["--state-keys", key, "--saves", others],
    ]);
    assertEquals(stranger.code, 1);
    assertMatch(stranger.stderr, /^Cannot open .*: it is sealed with key /);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a server with the key of the saves opens them, and its own come back", async () => {
  const folder = await Deno.makeTempDir();
  const inSaves = ["--saves", folder];
  const generate = (...args: string[]) =>
    run(
      [
        "run",
        "-A",
        "src/cli/generate_command.ts",
        ...GREEDY,
        ...inSaves,
        ...args,
      ],
      WASM,
    );
  try {
    const { stdout } = await run(
      ["run", "-A", "src/cli/state_command.ts", "key", ...inSaves],
    );
    assertMatch(stdout, new RegExp(`^${folder}/key\n.*--keys-file ${folder}`));
    const server = spawn(
      ["task", "start", "--port", "0", "--keys-file", `${folder}/key`],
      WASM,
    );
    const [, url = ""] = await server.until(/Listening on (http:\S+)/);
    await generate("--to", "dave", "My name is Dave.");
    const there = ["--url", url, "--from", "dave", "--to", "there"];
    assertMatch((await generate(...there, "What is my name?")).stdout, /Dave/);
    const here = await generate("--from", "there", "What is my name?");
    assertMatch(here.stdout, /Dave/);
    server.signal("SIGTERM");
    assertEquals((await server.ended()).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (
  const [command, args, message] of [
    ["chat", ["--port", "1"], /--port is a flag of deno task start alone/],
    ["chat", ["hello"], /"hello" is no flag; deno task generate answers/],
    [
      "chat",
      ["--url", "a", "--device", "wasm"],
      /Cannot use --device with --url/,
    ],
    [
      "generate",
      ["--chat=maybe"],
      /^Cannot read --chat: expected yes or no\n$/,
    ],
    [
      "generate",
      ["--url", "ftp://a", "x"],
      /--url: "ftp:\/\/a" is not the addr/,
    ],
    ["generate", ["--url", "", "x"], /--url: "" is not the address/],
    ["state", ["inspct", "x"], /did you mean inspect\?/],
    ["state", ["inspect", "nowhere"], /^Cannot find a save nowhere: /],
    ["state", ["import", "deno.json", "--to", "x"], /not a Gosling save\n$/],
    ["model", ["lst"], /did you mean list\?/],
  ] as const
) {
  Deno.test(`deno task ${command} ${args.join(" ")} is refused in a line`, async () => {
    const { code, stdout, stderr } = await run(
      ["run", "-A", `src/cli/${command}_command.ts`, ...args],
    );
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1);
  });
}
