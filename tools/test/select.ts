/**
 * Which test files there are, and in which order they are run.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** Folders with tests. */
const FOLDERS = ["test/", "lab/"];

/** Suites with packages of their own. */
const FOREIGN = ["test/clients/", "test/runtimes/"];

/** Suites with a task of their own. */
const APART = ["test/chromium/"];

/**
 * What takes longest, so that it begins first; files that share a process come
 * next, and what is short comes last: so nothing is waited for at the end.
 */
const LONGEST = [
  "test/device/webgpu_test.ts",
  "test/web/",
  "test/engine/model_test.ts",
  "test/story/story_test.ts",
  "test/device/wasm_test.ts",
  "test/device/across_test.ts",
  "lab/curse/",
  "test/story/recall_test.ts",
  "test/deploy/",
  "test/story/retention_test.ts",
  "test/story/cli_test.ts",
  "test/fuzz/",
  "test/state/fuzz_test.ts",
];

/** What looks at the memory of its own process. */
const ALONE = [
  "test/serve/collect_test.ts",
];

/** Files of one process at most: its length is the end of the run, at worst. */
const MOST_TOGETHER = 12;

/** What needs an adapter, a browser, proxies, or a server's process. */
const INTEGRATION = [
  "lab/",
  "test/bench/",
  "test/deploy/",
  "test/device/",
  "test/examples/",
  "test/engine/model_test.ts",
  "test/fault/",
  "test/fuzz/",
  "test/kernels/",
  "test/library/",
  "test/model/fingerprint_test.ts",
  "test/model/quantized_cache_test.ts",
  "test/observe/server_test.ts",
  "test/readme_test.ts",
  "test/release/",
  "test/serve/model_",
  "test/state/fuzz_test.ts",
  "test/story/",
  "test/web/",
];

/**
 * Test files by the processes that run them, longest first. What needs no more than
 * its process shares it with others of its folder: each file has modules and globals
 * of its own there, and Deno starts once for all of them.
 *
 * @param paths Files and folders, from the repository's root; all if empty.
 * @param unit Leave out what needs more than this process.
 * @throws {Error} If a path names no test file.
 */
export async function selectFiles(
  paths: readonly string[],
  unit: boolean,
): Promise<string[][]> {
  const all: string[] = [];
  for (const folder of FOLDERS) await collect(folder, all);
  const suites = all.filter((path) =>
    !starts(path, APART) && !(unit && starts(path, INTEGRATION))
  );
  const named = paths.map((path) => path.replace(/^\.\//, ""));
  for (const path of named) {
    if (all.some((file) => isIn(file, path))) continue;
    throw new Error(`Cannot test ${path}: there is no test file`);
  }
  const files = named.length === 0
    ? suites
    : all.filter((file) => named.some((path) => isIn(file, path)));
  files.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  return inBatches(files);
}

function inBatches(files: readonly string[]): string[][] {
  const alone = files.filter((path) => starts(path, INTEGRATION.concat(ALONE)));
  const others = files.filter((path) => !alone.includes(path));
  const folders = Map.groupBy(
    others,
    (path) => path.split("/").slice(0, 2).join("/"),
  );
  const together = [...folders.values()].flatMap((paths) => {
    const count = Math.ceil(paths.length / MOST_TOGETHER);
    return Array.from(
      { length: count },
      (_, n) => paths.filter((_, i) => i % count === n),
    );
  });
  const long = alone.filter((path) => rank(path) < LONGEST.length);
  return [
    ...long.map((path) => [path]),
    ...together,
    ...alone.slice(long.length).map((path) => [path]),
  ];
}

function rank(path: string): number {
  const place = LONGEST.findIndex((prefix) => path.startsWith(prefix));
  return place < 0 ? LONGEST.length : place;
}

function starts(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path.startsWith(prefix));
}

function isIn(file: string, path: string): boolean {
  return file === path || file.startsWith(path.replace(/\/?$/, "/"));
}

async function collect(folder: string, into: string[]): Promise<void> {
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))
  ) {
    if (name === "node_modules" || FOREIGN.includes(`${folder}${name}/`)) {
      continue;
    }
    if (isDirectory) await collect(`${folder}${name}/`, into);
    else if (name.endsWith("_test.ts")) into.push(folder + name);
  }
}
