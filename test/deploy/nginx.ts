/**
 * nginx as a process, with the settings of `deploy/nginx.conf`.
 *
 * @module
 */

import { requireProgram } from "./programs.ts";

const SETTINGS = new URL("../../deploy/nginx.conf", import.meta.url);

/** A proxy that runs. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** The process, which may have others below it. */
  readonly pid: number;
}

/** A port that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return listener.addr.port;
}

/**
 * Writes settings that differ from those in `deploy/` in what has to differ: ports,
 * folders, and that answers say where they come from, in `x-upstream`.
 *
 * @param http2 A second port, of HTTP/2 alone.
 * @returns Where the settings are.
 */
export async function writeSettings(
  folder: string,
  port: number,
  upstreams: readonly string[],
  http2?: number,
): Promise<string> {
  const text = await Deno.readTextFile(SETTINGS);
  let place = 0;
  const own = text
    .replaceAll("/tmp/", `${folder}/`)
    .replace(
      "listen 8080;",
      `listen 127.0.0.1:${port};` +
        (http2 === undefined ? "" : `listen 127.0.0.1:${http2} http2;`),
    )
    .replace(
      "location / {",
      "location / {\nadd_header x-upstream $upstream_addr;",
    )
    .replaceAll(
      /server gosling-\d:8000/g,
      () => `server ${upstreams[place++]}`,
    );
  const path = `${folder}/nginx.conf`;
  await Deno.writeTextFile(path, own);
  return path;
}

/** nginx's arguments for such settings. */
export function argumentsFor(folder: string, settings: string): string[] {
  // Workers of root's nginx give up root, and the folder is its owner's alone.
  const user = Deno.uid() === 0 ? "user root;" : "";
  return ["-p", folder, "-c", settings, "-g", `daemon off; ${user}`];
}

/**
 * Starts nginx in front of these hosts; resolves when it answers.
 *
 * @param http2 A second port, of HTTP/2 alone.
 */
export async function startNginx(
  upstreams: readonly string[],
  http2?: number,
): Promise<Proxy> {
  const program = await requireProgram("nginx");
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const settings = await writeSettings(folder, port, upstreams, http2);
  return await started(program, argumentsFor(folder, settings), port, folder);
}

/**
 * Starts a proxy; resolves when it answers.
 *
 * @param folder What it needs; removed when it is disposed of.
 */
export async function started(
  program: string,
  args: string[],
  port: number,
  folder: string,
): Promise<Proxy> {
  const child = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = `http://127.0.0.1:${port}`;
  while (!await answers(`${url}/metrics`)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url,
    pid: child.pid,
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).body?.cancel();
    return true;
  } catch {
    return false;
  }
}
