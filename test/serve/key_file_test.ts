import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { followKeyFile, KeyFile } from "../../src/serve/key_file.ts";
import { parseCommand } from "../../src/config/command_line.ts";
import { readConfig } from "../../src/config/read_config.ts";
import { parseKeyLines } from "../../src/config/key_lines.ts";
import { formatKey, randomKey } from "../../src/state/state_keys.ts";

const OLD = randomKey(), NEW = randomKey();
const DIGEST = "0a".repeat(32), OTHER = "1b".repeat(32);
const ME = `api me:${DIGEST}`;

const state = (key: typeof OLD) => `state ${formatKey(key)}`;

Deno.test("parseKeyLines() reads keys of both kinds in their order", () => {
  const text =
    `# newest first\n${state(NEW)}\r\n\n  ${state(OLD)} # until May\n` +
    `api me:${DIGEST.toUpperCase()}:60/20000\napi you:${OTHER}\n`;
  assertEquals(parseKeyLines(text), {
    state: [NEW, OLD],
    api: [
      { name: "me", digest: DIGEST, rate: { requests: 60, tokens: 20_000 } },
      { name: "you", digest: OTHER },
    ],
  });
});

for (
  const [what, text, message] of [
    ["no state key", ME, /no line begins with state/],
    ["another word", `${state(OLD)}\nkey a:b`, /line 2 begins with neither/],
    ["a third word", `${state(OLD)} now`, /line 1 has more than two words/],
    ["a short secret", "state a:AAAA", /line 1: the secret of a has 3 bytes/],
    ["no name", "state AAAA", /line 1: it does not begin with a name/],
    ["no digest", `${state(OLD)}\napi me:key`, /line 2 is not .*sha256sum/],
    ["a name twice", `${state(OLD)}\n${state(OLD)}`, /the same name/],
  ] as const
) {
  Deno.test(`parseKeyLines() refuses ${what}`, () => {
    assertThrows(() => parseKeyLines(text), { name: "ConfigError", message });
  });
}

Deno.test("KeyFile changes its lists in place, and keeps them where the file is bad", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, `${state(OLD)}\n${ME}`);
  const { state: seals, api, ...file } = collect(KeyFile.open(path));
  assertEquals([seals, api.length], [[OLD], 1]);
  assertEquals(await file.reload(), "same");
  await Deno.writeTextFile(path, `${state(NEW)}\n${state(OLD)}\n${ME}`);
  assertEquals(await file.reload(), "changed");
  assertEquals(seals, [NEW, OLD]);
  await Deno.writeTextFile(path, "nonsense");
  assertMatch(await file.reload(), /line 1 begins with neither/);
  await Deno.writeTextFile(path, state(NEW));
  assertMatch(await file.reload(), /let everybody in/);
  await Deno.remove(path);
  assertMatch(await file.reload(), /^Cannot read keys of .*No such file/);
  assertEquals([seals, api.length], [[NEW, OLD], 1]);
});

Deno.test("KeyFile.follow() notes a change once, and a failure once", async () => {
  const path = await Deno.makeTempFile();
  Deno.writeTextFileSync(path, `${state(OLD)}\n${ME}`);
  const file = KeyFile.open(path);
  const notes: string[] = [];
  let told = Promise.withResolvers<void>();
  const note = (line: string) => {
    notes.push(line);
    told.resolve();
  };
  const following = file.follow(note, 5);
  const awake = setInterval(() => {}, 1000);
  Deno.writeTextFileSync(path, `${state(NEW)}\n${ME}`);
  await told.promise;
  told = Promise.withResolvers();
  Deno.writeTextFileSync(path, "x");
  await told.promise;
  await new Promise((resolve) => setTimeout(resolve, 50));
  clearInterval(awake);
  following[Symbol.dispose]();
  assertEquals(notes.length, 2);
  assertMatch(notes[0] ?? "", /again: state keys \w+; tenants: 1$/);
  assertMatch(notes[1] ?? "", /line 1 .*; the keys are as before$/);
  assertEquals(file.state, [NEW]);
  await Deno.remove(path);
});

Deno.test("KeyFile.follow() looks at the file every five seconds", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, state(OLD));
  const { setInterval } = globalThis;
  const periods: (number | undefined)[] = [];
  globalThis.setInterval = ((then: () => void, period?: number) => {
    periods.push(period);
    return setInterval(then, period);
  }) as typeof setInterval;
  try {
    KeyFile.open(path).follow(() => {})[Symbol.dispose]();
  } finally {
    globalThis.setInterval = setInterval;
  }
  assertEquals(periods, [5000]);
  await Deno.remove(path);
});

Deno.test("KeyFile.reload() waits until a file is whole", async () => {
  const path = await Deno.makeTempFile();
  Deno.writeTextFileSync(path, state(OLD));
  const file = KeyFile.open(path);
  const lines = [ME, `api you:${OTHER}`, state(NEW)];
  Deno.writeTextFileSync(path, "");
  const reloading = file.reload();
  // In one go each: reload() sees a file that grows faster than it settles.
  for (const line of lines) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    Deno.writeTextFileSync(path, `${line}\n`, { append: true });
  }
  assertEquals(await reloading, true);
  assertEquals(file.api.map(({ name }) => name), ["me", "you"]);
  assertEquals(file.state, [NEW]);
  await Deno.remove(path);
});

Deno.test("followKeyFile() leaves settings without a keys file as they are", () => {
  const config = settings();
  assertEquals(followKeyFile(config, () => {}), config);
});

Deno.test("followKeyFile() refuses keys in two places", () => {
  const config = settings("--keys-file=k", `--api-keys=me:${DIGEST}`);
  assertThrows(() => followKeyFile(config, () => {}), {
    name: "ConfigError",
    message: /write them all into the file/,
  });
});

/** The same file, its `reload` put into words. */
function collect(file: KeyFile) {
  return {
    state: file.state,
    api: file.api,
    async reload(): Promise<string> {
      try {
        return await file.reload() ? "changed" : "same";
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  };
}

function settings(...flags: readonly string[]) {
  return readConfig(parseCommand(flags).flags, () => undefined);
}
