/**
 * Bundles src/web/ to the committed page: `deno task web`.
 *
 * @module
 */

import plots from "uplot/dist/uPlot.min.css" with { type: "text" };

const SOURCE = new URL("../src/web/", import.meta.url);
const TARGET = new URL("dist/", SOURCE);

/** Style sheets, in the order in which they win. */
const STYLES = ["base", "frame", "chat", "side", "plot"];

/**
 * The page's files by name, as `src/http/site/page.ts` serves them.
 *
 * @throws {Error} What the bundler says.
 */
export async function bundlePage(): Promise<ReadonlyMap<string, string>> {
  const styles = STYLES.map((name) =>
    Deno.readTextFile(new URL(`style/${name}.css`, SOURCE))
  );
  return new Map([
    ["index.html", await Deno.readTextFile(new URL("index.html", SOURCE))],
    ["page.js", await bundle("main.tsx")],
    ["page.css", [plots, ...await Promise.all(styles)].join("\n")],
    ["worker.js", await bundle("worker.ts")],
  ]);
}

async function bundle(entry: string): Promise<string> {
  const file = decodeURIComponent(new URL(entry, SOURCE).pathname);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--platform", "browser", "--minify", "--quiet", file],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  if (!success) {
    throw new Error(`Cannot bundle ${entry}: ${text.decode(stderr)}`);
  }
  return text.decode(stdout);
}

if (import.meta.main) {
  await Deno.mkdir(TARGET, { recursive: true });
  for (const [name, content] of await bundlePage()) {
    await Deno.writeTextFile(new URL(name, TARGET), content);
  }
}
