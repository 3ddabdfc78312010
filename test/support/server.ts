/**
 * The real server as a process of its own, on a free port.
 *
 * @module
 */

/** A running server; disposing it ends it. */
export interface Server extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** What it has printed so far, both streams. */
  readonly output: () => string;
  /** Sends a signal. */
  signal(name: Deno.Signal): void;
  /** Sends a signal and waits for the end. */
  stop(signal: Deno.Signal): Promise<Deno.CommandStatus>;
}

/**
 * Starts `main.ts` as `deno task start` does; resolves when it listens.
 *
 * @param flags Of the server.
 * @param env Besides this process's own.
 * @param runtime Flags of Deno's.
 * @param root Where the program is; by default, here.
 */
export async function startServer(
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  runtime: readonly string[] = [],
  root: string | URL = new URL("../..", import.meta.url),
): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-P=serve", "--node-modules-dir=none", ...runtime].concat(
      ["main.ts", "start", "--port", "0"],
      flags,
    ),
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();

  let printed = "";
  const listening = Promise.withResolvers<string>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      printed += text;
      const [, host] = /Listening on http:\/\/(\S+)/.exec(printed) ?? [];
      if (host !== undefined) listening.resolve(host);
    }
  };
  const ended = Promise.all([
    read(child.stdout),
    read(child.stderr),
    child.status,
  ]).then(([, , status]) => {
    listening.reject(new Error(`Cannot start the server: it said ${printed}`));
    return status;
  });

  const stop = async (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    return await ended;
  };
  const host = await listening.promise;
  return {
    host,
    url: `http://${host}`,
    output: () => printed,
    signal: (name) => child.kill(name),
    stop,
    async [Symbol.asyncDispose](): Promise<void> {
      await stop("SIGKILL");
    },
  };
}
