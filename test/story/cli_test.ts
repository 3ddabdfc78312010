import { assertEquals, assertMatch } from "@std/assert";
import { run } from "./command.ts";
import { serve } from "./server.ts";

const CHAT = ["run", "-A", "--frozen", "src/cli/chat_command.ts"];
const GENERATE = ["run", "-A", "--frozen", "src/cli/generate_command.ts"];
const STATE = ["run", "-A", "--frozen", "src/cli/state_command.ts"];
const GREEDY = ["--temperature", "0"];
const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };

Deno.test("chat remembers, forks, goes back, and loads in another process", async () => {
  const saves = await Deno.makeTempDir();
  const flags = [...CHAT, ...GREEDY, "--saves", saves];
  const first = await run(
    flags,
    WASM,
    "My name is Dave.\n/save told\n/fork\nActually, my name is Bob.\n" +
      "What is my name?\n/fork 1\nWhat is my name?\n/quit\nHello\n",
  );
  assertEquals(first.code, 0);
  const screen = first.stdout.split("> ");
  assertMatch(screen[2] ?? "", /^Saved told/);
  assertMatch(screen[5] ?? "", /Bob/);
  assertMatch(screen[7] ?? "", /Dave/);
  assertEquals(screen.length, 9);
  const second = await run(flags, WASM, "/load told\nWhat is my name?\n");
  assertMatch(second.stdout, /Loaded told, which .*\n> .*Dave/s);
  const once = await run(
    [...GENERATE, ...GREEDY, "--saves", saves].concat(
      ["--from", "told", "--to", "asked"],
      "What is my name?",
    ),
    WASM,
  );
  assertMatch(once.stdout, /Dave/);
  const names = await Array.fromAsync(Deno.readDir(saves), ({ name }) => name);
  assertEquals(names.sort(), ["asked.save", "key", "told.save"]);
  await Deno.remove(saves, { recursive: true });
});

Deno.test("state teaches a save and makes it forget, and says when it could not", async () => {
  const saves = await Deno.makeTempDir();
  const edit = (...args: string[]) =>
    run([...STATE, ...args, "--saves", saves], WASM);
  const fact = ["--fact", "How old am I?=You are 42 years old."];
  const taught = await edit(
    ...["teach", "--say", "I am 42 years old.", ...fact, "--to", "aged"],
  );
  assertEquals([taught.code, taught.stderr], [0, ""]);
  assertMatch(taught.stdout, /^Learned 1 of 1\n {2}yes .*says: You are 42/);
  assertMatch(taught.stdout, /Saved aged \(\d+ tokens, .*: read once/);
  // The words are beside the save, so the state can be built without them.
  const gone = await edit("forget", "aged", ...fact, "--to", "young");
  assertEquals(gone.code, 0);
  assertMatch(
    gone.stdout,
    /^Forgot 1 of 1; left out 1 of 1 exchanges\n.*: read anew without it/s,
  );
  // And other facts stay, for the replies are beside it too.
  const name = "What is my name?=Your name is Dave.";
  await edit("teach", "aged", "--say", "My name is Dave.", "--to", "dave");
  const kept = await edit(
    ...["forget", "dave", ...fact, "--keep", name, "--to", "ageless"],
  );
  assertEquals(kept.code, 0);
  assertMatch(
    kept.stdout,
    /^Forgot 1 of 1; kept 1 of 1 that were to stay; left out 1 of 2 exchanges\n/,
  );
  // A merged save has read more than the words beside it say later.
  await edit("merge", "aged", "dave", "--to", "both");
  await run(
    [...GENERATE, "--from", "both", "--to", "more", "--saves", saves, "Hi"],
    WASM,
  );
  const merged = await edit("forget", "more", ...fact, "--to", "less");
  assertEquals(merged.stdout.includes("exchanges"), false);
  const vain = await edit(
    ...["teach", "aged", "--say", "Lutz is the capital of Zubrowka."],
    ...["--fact", "What is the capital of Zubrowka?=Lutz", "--to", "wise"],
  );
  assertEquals(vain.code, 1);
  assertMatch(vain.stdout, /earned .*\n {2}NO /);
  const wrong = await edit("teach", "--say", "a", "--fact", "b", "--to", "c");
  assertMatch(
    wrong.stderr,
    /Cannot read the fact "b": expected QUESTION=ANSWER/,
  );
  await Deno.remove(saves, { recursive: true });
});

Deno.test("chat talks to a running server", async () => {
  await using server = await serve("--device", "wasm");
  const { code, stdout } = await run(
    [...CHAT, ...GREEDY, "--url", server.url],
    {},
    "My name is Dave.\nWhat is my name?\n",
  );
  assertEquals(code, 0);
  assertMatch(stdout, /Dave[^>]*> .*Dave/s);
});

Deno.test("generate goes on with standard input", async () => {
  const { code, stdout } = await run(
    [...GENERATE, ...GREEDY, "--chat", "no", "--max-tokens", "8"],
    WASM,
    "User: Hello!\n\nAssistant:",
  );
  assertEquals(code, 0);
  assertMatch(stdout, /\w/);
});

Deno.test("generate says in one line what it cannot do", async () => {
  const { code, stderr } = await run([...GENERATE, "--from", "x", "Hi"], WASM);
  assertEquals(code, 1);
  assertMatch(stderr, /^Cannot find a save x: there is no such save or file/);
  const gone = await run([...GENERATE, "--url", "http://127.0.0.1:9", "Hi"]);
  assertEquals(gone.code, 1);
  assertMatch(gone.stderr, /^Cannot reach http:\/\/127.0.0.1:9: [^\n]+\n$/);
});

Deno.test("state inspects, compares, mixes, scores, exports and imports", async () => {
  const saves = await Deno.makeTempDir();
  const inFolder = ["--saves", saves];
  const generate = (prompt: string, to: string) =>
    run(
      [...GENERATE, ...GREEDY, ...inFolder].concat(
        ["--to", to],
        prompt,
      ),
      WASM,
    );
  const state = async (...args: string[]) => {
    const ended = await run([...STATE, ...inFolder, ...args], WASM);
    assertEquals([args, ended.code, ended.stderr], [args, 0, ""]);
    return ended.stdout;
  };
  await generate("My name is Dave.", "dave");
  await generate("My name is Bob.", "bob");
  assertMatch(await state("inspect", "dave", "--json"), /"codec": "int8"/);
  assertMatch(await state("diff", "dave", "bob", "--json"), /"equal": false/);
  assertMatch(
    await state("mix", "dave=1", "bob=0", "--to", "same"),
    /^Saved same/,
  );
  assertMatch(await state("diff", "dave", "same"), /^values +equal\n/);
  assertMatch(await state("score", "dave", "User:", "Zebra"), /%.*User:\n/);
  const file = `${saves}/dave.bin`;
  await state("export", "dave", file, "--as", "rwkv.cpp");
  await state("import", file, "--as", "rwkv.cpp", "--to", "back");
  assertMatch(await state("diff", "dave", "back", "--json"), /"absolute": 0,/);
  const wrong = await run([...STATE, ...inFolder, "inspect", "none"], WASM);
  assertEquals([wrong.code, wrong.stdout], [1, ""]);
  assertMatch(wrong.stderr, /^Cannot find a save none/);
  await Deno.remove(saves, { recursive: true });
});

const NOWHERE = "/dev/null/saves";

for (
  const [name, ...args] of [
    ["generate", "Hello", "--to", "a"],
    ["generate", "Hello", "--from", "a"],
    ["state", "key"],
    ["chat"],
  ] as const
) {
  Deno.test(`${[name, ...args].join(" ")} says in one line that there is no folder for saves`, async () => {
    const { code, stderr } = await run([
      ...["run", "-qA", "--frozen", `src/cli/${name}_command.ts`],
      ...[...args, "--saves", NOWHERE],
    ], WASM);
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^Cannot (read|write) \/dev\/null\/saves\S*: not a directory\n$/,
    );
  });
}

Deno.test("generate needs no folder where no save is read or kept", async () => {
  const { code, stdout } = await run(
    [...GENERATE, ...GREEDY, "--saves", NOWHERE, "My name is Dave."],
    WASM,
  );
  assertEquals(code, 0);
  assertMatch(stdout, /Dave/);
});

Deno.test("generate ends in silence where nobody reads its answer", async () => {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: [
      ...["-c", `"$0" "$@" | head -c 1; echo " \${PIPESTATUS[0]}"`],
      ...[Deno.execPath(), ...GENERATE, "--chat", "no", "--max-tokens", "9999"],
      ...["--temperature", "1.5", "Once upon a time"],
    ],
    cwd: new URL("../../", import.meta.url),
    env: WASM,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([code, text(stdout).slice(1), text(stderr)], [0, " 141\n", ""]);
});
