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
 * What takes longest, so that it begins first and nothing is
 * waited for at the end.
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
  "test/story/",
  "test/fuzz/",
  "test/state/fuzz_test.ts",
  "test/fault/",
  "test/device/",
  "test/model/quantized_cache_test.ts",
];

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
 * Test files, longest first.
 *
 * @param paths Files and folders, from the repository's root; all if empty.
 * @param unit Leave out what needs more than this process.
 * @throws {Error} If a path names no test file.
 */
export async function selectFiles(
  paths: readonly string[],
  unit: boolean,
): Promise<string[]> {
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
  return files.toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b));
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
