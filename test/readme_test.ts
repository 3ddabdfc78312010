/**
 * The README's examples, pasted into a shell beside a running server.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startServer } from "./support/server.ts";

const readme = await Deno.readTextFile(
  new URL("../README.md", import.meta.url),
);
const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
  .map(([, language, code]) => ({ language, code }));

Deno.test("README: its shell examples print what it says", async () => {
  await using server = await startServer();
  const examples = blocks.filter(({ language, code }) =>
    language === "sh" && code.includes("localhost")
  );
  assertEquals(examples.length, 2);
  const [told, streamed] = await Promise.all(
    examples.map(({ code }) =>
      bash(code.replaceAll("localhost:8000", server.host))
    ),
  );
  const next =
    blocks[blocks.findIndex(({ code }) => code === examples[0].code) + 1];
  assertEquals(told, next.code);
  assertStringIncludes(streamed, '"type":"done"');
});

Deno.test("README: the byte table is the save format's own", async () => {
  const source = await Deno.readTextFile(
    new URL("../src/state/format.ts", import.meta.url),
  );
  const [, table] = /```text\n([\s\S]*?) \* ```/.exec(source) ?? [];
  const lines = table.trimEnd().split("\n").map((line) => line.slice(3));
  const shown = blocks.find(({ code }) => code.startsWith("offset"));
  assert(shown !== undefined);
  const rows = shown.code.trimEnd().split("\n");
  assertEquals(rows.slice(0, -1), lines.slice(0, -1));
});

async function bash(script: string): Promise<string> {
  const { stdout, success } = await new Deno.Command("bash", {
    args: ["-ec", script],
  }).output();
  assert(success);
  return new TextDecoder().decode(stdout);
}
