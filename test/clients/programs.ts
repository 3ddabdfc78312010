/**
 * Clients that are programs: where their binaries are, and an empty home for each
 * run, so that none finds settings, and none leaves any.
 *
 * @module
 */

import { createRequire } from "node:module";
import process from "node:process";

const PLATFORM = `${process.platform}-${process.arch}`;

/** Longer than any of them takes on a busy machine. */
const LIMIT_MS = 120_000;

/** A folder of its own for one program, which runs in its folder `work`. */
export interface Home extends AsyncDisposable {
  readonly path: string;
  /** All that the program sees of the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Makes a home with these files, by their paths in it. */
export async function makeHome(
  files: Readonly<Record<string, string>>,
): Promise<Home> {
  const path = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) {
    const file = `${path}/${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  return {
    path,
    env: { HOME: path, PATH: Deno.env.get("PATH") ?? "", ...LOOPBACK },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Whatever is not on this machine is answered by nobody. */
const LOOPBACK = {
  HTTP_PROXY: "http://127.0.0.1:9",
  HTTPS_PROXY: "http://127.0.0.1:9",
  NO_PROXY: "127.0.0.1",
};

/** The binary of `@openai/codex` for this machine. */
export function codexBinary(): string {
  const script = createRequire(
    import.meta.resolve("@openai/codex/bin/codex.js"),
  );
  const found = script.resolve(`@openai/codex-${PLATFORM}/package.json`);
  const vendor = `${found.slice(0, found.lastIndexOf("/"))}/vendor`;
  const [{ name }] = [...Deno.readDirSync(vendor)];
  return `${vendor}/${name}/bin/codex`;
}

/** The binary of opencode for this machine. */
export function opencodeBinary(): string {
  const found = import.meta.resolve(`opencode-${PLATFORM}/package.json`);
  return new URL("bin/opencode", found).pathname;
}

/** A program that serves. */
export interface Running extends AsyncDisposable {
  readonly url: string;
}

/** Starts a program that says where it listens. */
export async function startProgram(
  binary: string,
  home: Home,
  args: readonly string[],
): Promise<Running> {
  const process = new Deno.Command(binary, {
    args: [...args],
    cwd: `${home.path}/work`,
    clearEnv: true,
    env: home.env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = process.stdout.pipeThrough(new TextDecoderStream())
    .getReader();
  let said = "";
  let found: RegExpExecArray | null = null;
  while (found === null) {
    const { done, value } = await lines.read();
    if (done) throw new Error(`Cannot start ${args.join(" ")}: ${said}`);
    said += value;
    found = /listening on (http:\S+)\n/i.exec(said);
  }
  const [, url] = found;
  return {
    url,
    async [Symbol.asyncDispose](): Promise<void> {
      process.kill("SIGTERM");
      await lines.cancel();
      await process.status;
    },
  };
}

/** Runs a program to its end: the lines it wrote. */
export async function run(
  binary: string,
  home: Home,
  ...args: readonly (readonly string[])[]
): Promise<readonly string[]> {
  const { code, stdout, stderr } = await new Deno.Command(binary, {
    args: args.flat(),
    cwd: `${home.path}/work`,
    clearEnv: true,
    env: home.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  const [out, err] = [stdout, stderr].map((b) => new TextDecoder().decode(b));
  if (code !== 0) {
    throw new Error(
      `Cannot run ${args.flat().join(" ")}: ${code}\n${out}${err}`,
    );
  }
  return out.trim().split("\n");
}
