/**
 * Bundles src/web/ to the committed page: `deno task web`.
 *
 * @module
 */

import { transform } from "esbuild";
import { CURSE } from "../src/http/site/curse_figures.ts";
import { pageModel } from "../src/serve/page_model.ts";
import { bundleClient } from "./client.ts";
import { licences } from "./licences.ts";
import { bundleEngine, endBundler } from "./library.ts";
import plots from "uplot/dist/uPlot.min.css" with { type: "text" };

const SOURCE = new URL("../src/web/", import.meta.url);
const TARGET = new URL("dist/", SOURCE);

/** Style sheets, in the order in which they win. */
const STYLES = ["base", "frame", "chat", "side", "plot"];

/**
 * The page's files by name, as `src/http/site/web_page.ts` serves them.
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
    ["page.css", await minified([plots, ...await Promise.all(styles)])],
    ["worker.js", await bundle("worker.ts")],
    ["engine.js", await engine("src/library/tab_worker.ts")],
    ["thread.js", await engine("src/device/wasm/worker.ts")],
    ...await bundleClient(),
    ["licences.txt", await licences()],
  ]);
}

/** Style sheets as one, without what browsers do not need. */
async function minified(sheets: readonly string[]): Promise<string> {
  const { code } = await transform(sheets.join("\n"), {
    loader: "css",
    minify: true,
  });
  return code;
}

/** The engine in the tab, and a thread of it. */
async function engine(entry: string): Promise<string> {
  return new TextDecoder().decode(await bundleEngine(entry));
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

/**
 * The page for a host of files, with the model and no server: `--static DIR`.
 *
 * @throws {Error} What the bundler says.
 */
export async function buildStaticPage(
  folder: string | URL,
): Promise<void> {
  const target = folder instanceof URL ? folder : toFileUrl(folder);
  const write = async (name: string, content: string | Uint8Array) => {
    const file = new URL(name, target);
    await Deno.mkdir(new URL(".", file), { recursive: true });
    const bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    await Deno.writeFile(file, bytes);
  };
  for (const [name, content] of await bundlePage()) {
    await write(
      name,
      name === "index.html"
        ? content.replace("<html", "<html data-static")
        : content,
    );
  }
  for (
    const [name, file] of [["icon.svg", "icon.svg"], [
      "manifest.webmanifest",
      "manifest.json",
    ]] as const
  ) {
    await write(name, await Deno.readTextFile(new URL(file, SOURCE)));
  }
  await write("curse.json", CURSE);
  for (const name of pageModel.names) {
    await write(`model/${name}`, await pageModel.read(name));
  }
}

function toFileUrl(folder: string): URL {
  return new URL(
    `${encodeURI(folder)}/`.replaceAll(/\/+$/g, "/"),
    `file://${Deno.cwd()}/`,
  );
}

if (import.meta.main) {
  const [flag, folder] = Deno.args;
  if (flag === "--static" && folder !== undefined) {
    await buildStaticPage(folder);
  } else {
    await Deno.mkdir(TARGET, { recursive: true });
    for (const [name, content] of await bundlePage()) {
      await Deno.writeTextFile(new URL(name, TARGET), content);
    }
  }
  await endBundler();
}
