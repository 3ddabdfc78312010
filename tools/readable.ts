/**
 * Prints what a server may read besides its own folders, for `--allow-read`: where
 * pulled models are kept, and what variables name. Deno's permission sets cannot
 * ask the environment, so `deno task start` asks this.
 *
 * @module
 */

import { dirname } from "node:path";

const env = (name: string) => Deno.env.get(name) ?? "";

/** The entries of a list as the settings have it, names and layouts left out. */
const paths = (list: string) =>
  list.split(/[\n,]/).map((entry) =>
    entry.trim().replace(/^[\w.-]+=(?:[\w.-]+:)?/, "")
  );

const cached = [
  [env("XDG_CACHE_HOME"), ""],
  [env("HOME"), "/.cache"],
  [env("HOME"), "/Library/Caches"],
  [env("LOCALAPPDATA"), ""],
].flatMap(([base, inside]) => base === "" ? [] : `${base}${inside}/gosling`);

// A vocabulary is looked for beside the weights.
const models = paths(env("GOSLING_MODEL")).flatMap((path) =>
  /\.(safetensors|st|pth|gguf|json)$/.test(path) ? dirname(path) : path
);

const readable = [
  "models",
  "src",
  ...cached,
  ...models,
  env("GOSLING_MODELS"),
  ...paths(env("GOSLING_VOCAB")),
  ...paths(env("GOSLING_INITIAL")),
  env("GOSLING_KEYS_FILE"),
].filter((path) => path !== "");

// A comma in a path is written twice.
const list = readable.map((path) => path.replaceAll(",", ",,")).join(",");
await Deno.stdout.write(new TextEncoder().encode(list));
