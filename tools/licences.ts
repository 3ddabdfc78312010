/**
 * The licence texts of what other people wrote and the bundles hold: the page, the
 * engine in the tab and the kernels.
 *
 * @module
 */

const ROOT = new URL("../", import.meta.url);

/** What is bundled, and one module that a build puts in another's place. */
const ENTRIES = [
  "src/web/main.tsx",
  "src/web/worker.ts",
  "src/library/tab_worker.ts",
  "src/library/local_engine.ts",
  "src/library/jinja_templates.ts",
  "src/library/zstd_without_zlib.ts",
  "src/client/client.ts",
];

/** Its runtime is compiled into the kernels. */
const COMPILED = "assemblyscript";

const PACKAGE =
  /\/node_modules\/(?:\.deno\/[^/]+\/node_modules\/)?((?:@[^/]+\/)?[^/]+)\//;

/**
 * Every package in the bundles with its licence.
 *
 * @throws {Error} If a package has none.
 */
export async function licences(): Promise<string> {
  const names = new Set([COMPILED]);
  for (const graph of await Promise.all(ENTRIES.map(modulesOf))) {
    for (const specifier of graph) {
      const [, name] = PACKAGE.exec(specifier) ?? [];
      if (name !== undefined) names.add(name);
    }
  }
  const texts = await Promise.all([...names].sort().map(licenceOf));
  return "Gosling is under the Apache License 2.0. The page, the engine and " +
    "the kernels hold\nparts of these packages, under their own licences.\n" +
    texts.join("");
}

async function modulesOf(entry: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
    stderr: "null",
  }).output();
  const { modules }: { modules: { specifier: string }[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  return modules.map(({ specifier }) => specifier);
}

async function licenceOf(name: string): Promise<string> {
  const folder = await folderOf(name);
  const read = (file: string) => Deno.readTextFile(new URL(file, folder));
  const { version, license } = JSON.parse(await read("package.json"));
  const files: string[] = [];
  for await (const { name: file } of Deno.readDir(folder)) {
    if (/^(licen[cs]e|notice)/i.test(file)) files.push(file);
  }
  if (files.length === 0) throw new Error(`${name} has no licence`);
  const texts = await Promise.all(files.sort().map(read));
  const rule = "-".repeat(80);
  const parts = texts.map((text) =>
    text.replaceAll("\r\n", "\n").replaceAll(/[ \t]+$/gm, "").trim()
  );
  return `\n${rule}\n${name} ${version} (${license})\n${rule}\n\n` +
    `${parts.join("\n\n")}\n`;
}

/** Where a package is; those of packages alone are in Deno's own folder. */
async function folderOf(name: string): Promise<URL> {
  const prefix = `${name.replace("/", "+")}@`;
  const all = new URL("node_modules/.deno/", ROOT);
  for await (const { name: folder } of Deno.readDir(all)) {
    if (folder.startsWith(prefix)) {
      return new URL(`${folder}/node_modules/${name}/`, all);
    }
  }
  throw new Error(`${name} is not installed: deno task packages`);
}
