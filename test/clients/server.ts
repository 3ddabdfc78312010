/**
 * The program itself, in a process of its own, with the embedded model. It is
 * reached over a socket alone, as other people's clients reach it.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** A bearer key, and the setting with which it is the only one that is let in. */
export const KEY = "key-of-a-test";
/** See {@linkcode KEY}. */
export const LOCKED = {
  GOSLING_API_KEYS: `me:${
    new Uint8Array(
      await crypto.subtle.digest("SHA-256", new TextEncoder().encode(KEY)),
    ).toHex()
  }`,
};

/** A running server. */
export interface Server extends AsyncDisposable {
  /** Where OpenAI's routes are. */
  readonly baseURL: string;
}

/** Starts the program on a free port. */
export async function serve(
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  return await start(
    ["-P=serve", "--frozen", "main.ts", "start", "--port", "0"],
    { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1", ...env },
  );
}

/**
 * Starts the program's app with a model that says what it is told.
 *
 * @param script `[part of what is read, answer]`, the first that fits counts.
 */
export async function serveScripted(
  script: readonly (readonly [string, string])[],
): Promise<Server> {
  return await start(
    ["-A", "--frozen", "test/http/scripted.ts", JSON.stringify(script)],
    {},
  );
}

/** Starts the keeper in front of a server, with a folder of its own. */
export async function serveKeeper(behind: string): Promise<Server> {
  const folder = await Deno.makeTempDir();
  const keeper = await start(
    [
      "-qA",
      "--frozen",
      "src/cli/keep_command.ts",
      ...["--server", new URL(behind).origin],
      ...["--port", "0", "--folder", folder, "--quiet"],
    ],
    {},
  );
  return {
    baseURL: keeper.baseURL,
    async [Symbol.asyncDispose](): Promise<void> {
      await keeper[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Starts SillyTavern's server, as far as it speaks to back ends. */
export async function serveSillyTavern(): Promise<Server> {
  const folder = "test/clients/sillytavern";
  return await start(
    [
      ...["-A", "--frozen", "--config", `${folder}/deno.json`],
      `${folder}/back_ends.ts`,
    ],
    {},
  );
}

async function start(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Server> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--node-modules-dir=none", ...args],
    cwd: ROOT,
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const complaints = new Response(process.stderr).text();
  const lines = process.stdout.pipeThrough(new TextDecoderStream())
    .getReader();
  let said = "";
  let found: RegExpExecArray | null = null;
  while (found === null) {
    const { done, value } = await lines.read();
    if (done) {
      throw new Error(`Cannot start the server: ${said}${await complaints}`);
    }
    said += value;
    found = /Listening on (http:\S+)\n/.exec(said);
  }
  const [, url] = found;
  return {
    baseURL: `${url}/v1`,
    async [Symbol.asyncDispose](): Promise<void> {
      process.kill("SIGTERM");
      await lines.cancel();
      await Promise.all([process.status, complaints]);
    },
  };
}
