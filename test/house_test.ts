import { assertEquals } from "@std/assert";
import house, { DIALECTS, FLOORS } from "../tools/house.ts";

const src = new URL("../src/", import.meta.url);

Deno.test("no exported name may stand in two files of src", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/src/state`, { recursive: true });
  const files = {
    "src/a.ts": "export const one = 1, two = 2;\nexport type Two = 2;\n",
    "src/state/b.ts": "export interface Two {}\nexport function three() {}\n" +
      'const one = 1;\nexport { two } from "../a.ts";\n',
    "src/c.tsx": "export async function three() {}\nexport class Two {}\n",
  };
  for (const [path, source] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${path}`, source);
  }
  const found = Object.entries(files).map(([path, source]) =>
    reports(`${folder}/${path}`, source)
  );
  assertEquals(found, [
    ["Two is another thing in src/c.tsx, state/b.ts"],
    [
      "Two is another thing in src/a.ts, c.tsx",
      "three is another thing in src/c.tsx",
    ],
    [
      "three is another thing in src/state/b.ts",
      "Two is another thing in src/a.ts, state/b.ts",
    ],
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("every room of src has a floor", () => {
  const rooms = [...Deno.readDirSync(src)].map(({ name }) => name).sort();
  const known = new Set(FLOORS.flat().map((name) => name.split("/")[0]));
  assertEquals([...known].sort(), rooms);
});

/** What the house rules say about a file. */
function reports(path: string, source: string): string[] {
  const file = path.startsWith("/") ? path : `/house/${path}`;
  return Deno.lint.runPlugin(house, file, source)
    .map(({ message }) => message);
}

Deno.test("imports point down, in every way to import", () => {
  const up = "../http/app.ts is upstairs from here";
  for (
    const line of [
      'import { createApp } from "../http/app.ts";',
      'import type { App } from "../http/app.ts";',
      'export { createApp } from "../http/app.ts";',
      'export * from "../http/app.ts";',
      'const app = await import("../http/app.ts");',
    ]
  ) {
    assertEquals(reports("src/engine/engine.ts", line), [up], line);
    assertEquals(reports("src/client/client.ts", line), [up], line);
    assertEquals(reports("src/web/main.ts", line), [up], line);
    assertEquals(reports("src/serve/compose_services.ts", line), [], line);
    assertEquals(reports("test/engine/engine_test.ts", line), [], line);
  }
});

Deno.test("one dialect never imports another, nor does what they share", () => {
  const line = 'import { ChatWriter } from "../openai/chat_writer.ts";';
  const told = ["../openai/chat_writer.ts belongs to the dialect openai"];
  assertEquals(reports("src/http/ollama/chat.ts", line), told);
  assertEquals(reports("src/http/request/call_plan.ts", line), told);
  assertEquals(reports("src/http/openai/chat.ts", line), []);
  assertEquals(reports("test/http/chat_test.ts", line), []);
  const mount = 'import { chatRoute } from "./openai/chat.ts";';
  assertEquals(reports("src/http/app.ts", mount), []);
  assertEquals(reports("src/http/services.ts", mount), [
    "./openai/chat.ts belongs to the dialect openai",
  ]);
});

Deno.test("every folder of src/http is a dialect, or is shared by all", () => {
  const shared = ["access", "answer", "fields", "request", "site", "turns"];
  const folders = [...Deno.readDirSync(new URL("http/", src))]
    .filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  assertEquals(folders, [...shared, ...DIALECTS].sort());
});

Deno.test("only rooms that stay outside of browsers name Deno", () => {
  const told = ["This file runs in browsers too, where there is no Deno"];
  for (
    const line of ["Deno.exit(1);", "let file: Deno.FsFile;", "f(Deno, 1);"]
  ) {
    assertEquals(reports("src/state/vault.ts", line), told, line);
    assertEquals(reports("src/hub/model_cache.ts", line), [], line);
    assertEquals(reports("src/model/file_source.ts", line), [], line);
  }
  assertEquals(reports("src/state/vault.ts", "// Deno is slow here\n"), []);
});

Deno.test("error messages are sentences without a period", () => {
  const told = ["Write: Cannot <do what>: <what was found>"];
  assertEquals(reports("src/a.ts", 'throw new Error("no");'), told);
  assertEquals(reports("src/a.ts", 'throw new Error("Cannot go.");'), told);
  assertEquals(reports("src/a.ts", 'throw new Error("Cannot go: no");'), []);
});

const page = Deno.readTextFileSync(
  new URL("../docs/architecture.md", import.meta.url),
);

Deno.test("docs/architecture.md draws the floors that the linter keeps", () => {
  const [, picture = ""] =
    page.match(/## The floors[^]*?```text\n([^]*?)```/) ??
      [];
  const drawn = picture.trim().split("\n").map((line) =>
    line.split(/ {3,}/)[0].split("  ")
  );
  assertEquals(drawn.reverse(), FLOORS.map((names) => [...names]));
});

Deno.test("docs/architecture.md names only files that are there", async () => {
  const root = new URL("../", import.meta.url);
  const names = page.matchAll(/`((?:src|shaders|wasm|test|tools)\/[^`*]*)`/g);
  const paths = [...names].map(([, path]) => path.replace("NAME", "wkv"));
  assertEquals(paths.length > 20, true);
  for (const path of paths) await Deno.stat(new URL(path, root));
});
