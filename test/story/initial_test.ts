/**
 * A text may begin with what another has read: a save as the server's blank state.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { run } from "./command.ts";
import { serve } from "./server.ts";

const GENERATE = ["run", "-A", "--frozen", "src/cli/generate_command.ts"];
const STATE = ["run", "-A", "--frozen", "src/cli/state_command.ts"];
const CHAT = ["run", "-A", "--frozen", "src/cli/chat_command.ts"];
const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };
const ASKED = "What is my name?";

Deno.test("a save and a state-tuned file are where new texts begin", async () => {
  const saves = await Deno.makeTempDir();
  const flags = ["--saves", saves, "--temperature", "0"];
  const told = await run(
    [...GENERATE, ...flags, "--chat", "yes", "--to", "dave"].concat(
      "My name is Dave.",
    ),
    WASM,
  );
  assertEquals([told.code, told.stderr], [0, ""]);
  const save = `${saves}/dave.save`, tuned = `${saves}/dave.pth`;
  await run(
    [...STATE, "export", "dave", tuned, "--as", "time-state"].concat(
      ["--saves", saves],
    ),
    WASM,
  );
  for (const path of [save, tuned]) {
    const asked = await run(
      [...GENERATE, ...flags, "--chat", "yes", "--initial", `d=${path}`].concat(
        ASKED,
      ),
      WASM,
    );
    assertEquals([path, asked.code, asked.stderr], [path, 0, ""]);
    assertMatch(asked.stdout, /Dave/);
  }

  await using server = await serve(
    "--device",
    "wasm",
    "--initial",
    `d=${tuned}`,
  );
  const chat = await run(
    [...CHAT, "--url", server.url, "--initial", "d", ...flags],
    {},
    `${ASKED}\nActually, my name is Bob.\n${ASKED}\n`,
  );
  assertMatch(chat.stdout, /Dave[^>]*>[^>]*> [^>]*Bob/);
  const blank = await server.client.generate({
    messages: [{ role: "user", content: ASKED }],
    temperature: 0,
  });
  assertEquals(/Dave/.test(blank.text), false);
  await Deno.remove(saves, { recursive: true });
});

Deno.test("a server does not start with a state that is not its model's", async () => {
  const path = new URL("../fixtures/saves/v1.sealed.txt", import.meta.url);
  const { code, stderr } = await run(
    [...GENERATE, "--initial", `x=${path.pathname}`, "Hi"],
    { ...WASM, GOSLING_STATE_KEYS: `golden:${"A".repeat(43)}` },
  );
  assertEquals(code, 1);
  assertMatch(stderr, /^Cannot begin with x from \S+v1.sealed.txt: it was not/);
});
