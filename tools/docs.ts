/**
 * `deno task docs`: lints the documentation of every module whose exports are
 * meant for other people. `src/http`, `src/config` and `src/observe` are left out:
 * there the types of Hono, zod and prom-client are the point, and they are not ours
 * to document.
 *
 * @module
 */

const UNDOCUMENTED = [
  "http",
  "config",
  "observe",
  "terminal.ts",
  "hub",
  "serve",
  "cli",
  "web",
];

const modules = sources(new URL("../src/", import.meta.url))
  .filter((path) => !UNDOCUMENTED.includes(path.split("/")[0] ?? ""))
  .map((path) => `src/${path}`);

const { success } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--lint", ...modules],
  cwd: new URL("..", import.meta.url),
  stdout: "null",
  stderr: "inherit",
}).output();
Deno.exit(success ? 0 : 1);

function sources(folder: URL, prefix = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? sources(new URL(`${name}/`, folder), `${prefix}${name}/`)
      : name.endsWith(".ts")
      ? [`${prefix}${name}`]
      : []
  ).sort();
}
