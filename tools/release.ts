/**
 * `deno task release`: the archive that runs, its SHA-256, the notes of the
 * version and the client as a package, in `dist/`.
 *
 * The same sources give the same bytes on every machine: files in one order, with
 * the date of the version in the changelog, nobody's names and one compression.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import deno from "../deno.json" with { type: "json" };

const ROOT = new URL("../", import.meta.url);

/** What is released besides the texts at the root: files, and whole folders. */
const CONTENTS = [
  "LICENSE",
  "NOTICE",
  "bench/results/curse/cost.json",
  "bench/results/curse/facts.json",
  "bench/results/curse/recall.json",
  "deno.json",
  "deno.lock",
  "deploy/",
  "docs/",
  "examples/",
  "main.ts",
  "models/gosling/README.md",
  "models/gosling/model.safetensors",
  "models/gosling/vocab.txt",
  "shaders/",
  "src/",
] as const;

/** What is read of `deno.lock`. */
interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<
    Record<string, { readonly dependencies?: readonly string[] }>
  >;
  readonly workspace: Dependencies & {
    readonly members: Readonly<Record<string, Dependencies>>;
  };
}

/** Specifiers of packages. */
interface Dependencies {
  readonly dependencies: readonly string[];
}

/** What is ready to be published. */
export interface Release {
  /** The archive's name without its ending, and that of the folder in it. */
  readonly name: string;
  /** A gzipped tar archive. */
  readonly archive: Uint8Array<ArrayBuffer>;
  /** Its SHA-256, lower-case hex. */
  readonly digest: string;
  /** What the changelog says of the version. */
  readonly notes: string;
  /** Paths of the files in it. */
  readonly files: readonly string[];
}

/** The client as a package of npm. */
export interface ClientPackage {
  /** The name of its file. */
  readonly file: string;
  /** A gzipped tar archive, for `npm install` or `npm publish`. */
  readonly archive: Uint8Array<ArrayBuffer>;
}

/** A file of the archive. */
interface Entry {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function main(): Promise<void> {
  const changed = await changes();
  if (changed !== "") {
    throw new Error(
      `Cannot release: these differ from the last commit\n${changed}`,
    );
  }
  const { name, archive, digest, notes } = await buildRelease();
  const folder = new URL("dist/", ROOT);
  await Deno.mkdir(folder, { recursive: true });
  const file = `${name}.tar.gz`;
  await Deno.writeFile(new URL(file, folder), archive);
  const check = `${digest}  ${file}\n`;
  await Deno.writeTextFile(new URL(`${file}.sha256`, folder), check);
  await Deno.writeTextFile(new URL(`${name}.md`, folder), notes);
  const client = await buildClientPackage();
  await Deno.writeFile(new URL(client.file, folder), client.archive);
  const said = `dist/${file}: ${archive.length} bytes\n${check}` +
    `dist/${client.file}: ${client.archive.length} bytes\n`;
  await Deno.stdout.write(new TextEncoder().encode(said));
}

/** What git calls changed; nothing outside of a repository. */
async function changes(): Promise<string> {
  const { success, stdout } = await new Deno.Command("git", {
    args: ["status", "--porcelain", "--", "*.md", ...CONTENTS],
    cwd: ROOT,
    stderr: "null",
  }).output();
  return success ? new TextDecoder().decode(stdout) : "";
}

/**
 * Builds the release of the sources as they are.
 *
 * @throws {Error} If the changelog has no dated section of this version, or the
 * licence is not the one that `deno.json` names.
 */
export async function buildRelease(): Promise<Release> {
  const { version } = deno;
  const name = `gosling-${version}`;
  const { date, notes } = section(
    await Deno.readTextFile(new URL("CHANGELOG.md", ROOT)),
    version,
  );
  await expectLicense();
  const texts = (await Array.fromAsync(Deno.readDir(ROOT)))
    .map(({ name }) => name).filter((name) => name.endsWith(".md"));
  const listed = await Promise.all([...texts, ...CONTENTS].map(list));
  const paths = listed.flat().toSorted();
  const entries = await Promise.all(paths.map(async (path) => ({
    path: `${name}/${path}`,
    bytes: path === "deno.json"
      ? json(settings(paths))
      : path === "deno.lock"
      ? json(await locked(paths))
      : await Deno.readFile(new URL(path, ROOT)),
  })));
  const archive = compress(tar(entries, Date.parse(date) / 1000));
  const digest = await crypto.subtle.digest("SHA-256", archive);
  return {
    name,
    archive,
    digest: new Uint8Array(digest).toHex(),
    notes,
    files: paths,
  };
}

/**
 * Packs `@gosling/client` of the sources as they are.
 *
 * @throws {Error} If the changelog has no dated section of this version.
 */
export async function buildClientPackage(): Promise<ClientPackage> {
  const { version, license } = deno;
  const { date } = section(
    await Deno.readTextFile(new URL("CHANGELOG.md", ROOT)),
    version,
  );
  const manifest = {
    name: "@gosling/client",
    version,
    description: "A client for Gosling: conversations are files that you keep",
    license,
    type: "module",
    sideEffects: false,
    types: "./client.d.ts",
    exports: { ".": { types: "./client.d.ts", default: "./client.js" } },
    engines: { node: ">=20" },
  };
  const files = await Promise.all([
    "LICENSE",
    "src/client/README.md",
    "src/web/dist/client.d.ts",
    "src/web/dist/client.js",
  ].map(async (path) => ({
    path: `package/${path.slice(path.lastIndexOf("/") + 1)}`,
    bytes: await Deno.readFile(new URL(path, ROOT)),
  })));
  const entries = [...files, {
    path: "package/package.json",
    bytes: json(manifest),
  }];
  return {
    file: `gosling-client-${version}.tgz`,
    archive: compress(tar(entries, Date.parse(date) / 1000)),
  };
}

/** The date and the text of a version's section of the changelog. */
export function section(
  changelog: string,
  version: string,
): { readonly date: string; readonly notes: string } {
  const [heading = "", ...rest] = changelog.split(/^(?=## )/m)
    .find((part) => part.startsWith(`## [${version}]`))?.split("\n") ?? [];
  const [date] = /\d{4}-\d\d-\d\d$/.exec(heading) ?? [];
  if (date === undefined) {
    throw new Error(
      `Cannot release: CHANGELOG.md has no section ## [${version}] - DATE`,
    );
  }
  return { date, notes: `${rest.join("\n").trim()}\n` };
}

async function expectLicense(): Promise<void> {
  const text = await Deno.readTextFile(new URL("LICENSE", ROOT));
  const apache = /Apache License\s+Version 2\.0, January 2004/.test(text) &&
    text.includes("END OF TERMS AND CONDITIONS");
  if (apache && deno.license === "Apache-2.0") return;
  throw new Error(
    `Cannot release: LICENSE is not the text of ${deno.license}`,
  );
}

/** The files of one of {@linkcode CONTENTS}, hidden ones left out. */
async function list(path: string): Promise<string[]> {
  if (!path.endsWith("/")) return [path];
  const entries = await Array.fromAsync(Deno.readDir(new URL(path, ROOT)));
  const files = entries.filter(({ name }) => !name.startsWith(".")).map((
    { name, isDirectory },
  ) => list(`${path}${name}${isDirectory ? "/" : ""}`));
  return (await Promise.all(files)).flat();
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** `deno.json` without what needs files that are not released. */
function settings(paths: readonly string[]): object {
  const { tasks, ...rest } = deno;
  const kept = Object.entries(tasks).filter(([, { command }]) => {
    const scripts = command.match(/[\w/.]+\.ts/g) ?? [];
    return scripts.length > 0 && scripts.every((path) => paths.includes(path));
  });
  const { lint: _lint, test: _test, bench: _bench, ...own } = rest;
  const workspace = deno.workspace.filter((member) =>
    isReleased(member.replace("./", ""), paths)
  );
  return { ...own, workspace, tasks: Object.fromEntries(kept) };
}

/** Whether a member of the workspace is released. */
function isReleased(member: string, paths: readonly string[]): boolean {
  return paths.includes(`${member}/deno.json`);
}

/** `deno.lock` without the packages of members that are not released. */
async function locked(paths: readonly string[]): Promise<object> {
  const text = await Deno.readTextFile(new URL("deno.lock", ROOT));
  const { workspace, specifiers, npm, ...rest }: Lock = JSON.parse(text);
  const members = Object.fromEntries(
    Object.entries(workspace.members).filter(([name]) =>
      isReleased(name, paths)
    ),
  );
  const wanted = [workspace, ...Object.values(members)].flatMap((
    { dependencies },
  ) => dependencies);
  const kept = new Set<string>();
  const keep = (id: string) => {
    if (kept.has(id)) return;
    kept.add(id);
    // Where there is one version of a package, its name is enough.
    for (const name of npm[id]?.dependencies ?? []) {
      const found = Object.keys(npm).find((id) =>
        id === name || id.startsWith(`${name}@`) || id.startsWith(`${name}_`)
      );
      if (found !== undefined) keep(found);
    }
  };
  const used = Object.entries(specifiers).filter(([name]) =>
    wanted.includes(name)
  );
  for (const [name, version] of used) {
    keep(`${name.replace(/^npm:(.+)@.*$/, "$1")}@${version}`);
  }
  return {
    ...rest,
    specifiers: Object.fromEntries(used),
    npm: Object.fromEntries(
      Object.entries(npm).filter(([id]) => kept.has(id)),
    ),
    workspace: { ...workspace, members },
  };
}

const BLOCK = 512;

/**
 * A tar archive in the ustar format. POSIX.1-2017, pax, "ustar Interchange Format".
 *
 * @param seconds When every file was changed last, since 1970.
 */
function tar(entries: readonly Entry[], seconds: number): Uint8Array {
  const blocks = entries.flatMap(({ path, bytes }) => [
    header(path, bytes.length, seconds),
    bytes,
    new Uint8Array((BLOCK - bytes.length % BLOCK) % BLOCK),
  ]);
  blocks.push(new Uint8Array(2 * BLOCK));
  const archive = new Uint8Array(
    blocks.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const block of blocks) {
    archive.set(block, at);
    at += block.length;
  }
  return archive;
}

function header(path: string, size: number, seconds: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) =>
    block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) =>
    value.toString(8).padStart(digits, "0");
  // A long path is cut at a slash: what stands before it has a field of its own.
  const cut = path.length <= 100 ? -1 : path.indexOf("/", path.length - 101);
  put(0, path.slice(cut + 1));
  if (cut > 0) put(345, path.slice(0, cut));
  put(100, octal(0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(seconds, 11));
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\0" + "00");
  const sum = block.reduce((sum, byte) => sum + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return block;
}

function compress(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(gzipSync(bytes, { level: 9 }));
  // RFC 1952, 2.3.1: which system made it; 255 is none in particular.
  packed[9] = 255;
  return packed;
}

// Last: what is above has to be there.
if (import.meta.main) await main();
