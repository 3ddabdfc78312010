/**
 * Listening that lasts. Deno ends a server at the first connection for which the
 * process has no descriptor left; connections that are open go on all the same. So
 * the server listens again as soon as it can, and refuses who comes meanwhile.
 *
 * @module
 */

import { ConfigError } from "../errors.ts";

/** A server that listens. */
export interface Listening {
  /** Where. */
  readonly addr: Deno.NetAddr;
  /** Resolves when it has been shut down. */
  readonly finished: Promise<void>;
  /** Takes no more connections, and waits for the answers under way. */
  shutdown(): Promise<void>;
}

/** How to go on after a failure. */
export interface ListeningOptions {
  /** Told that connections are refused; at most once in {@linkcode SILENCE_MS}. */
  readonly note: (line: string) => void;
  /** Whether the process may still listen. */
  readonly again: () => Promise<boolean>;
}

/** Milliseconds until it is tried again: connections have to close first. */
const PAUSE_MS = 100;

/** Milliseconds between two lines about the same. */
const SILENCE_MS = 10_000;

/**
 * Starts a server.
 *
 * @throws {ConfigError} If its address cannot be had.
 */
export function listen(
  { hostname, port, reusePort = false }: {
    readonly hostname: string;
    readonly port: number;
    readonly reusePort?: boolean;
  },
  answer: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve(
      { hostname, port, reusePort, onListen: () => {} },
      (request) => answer(request),
    );
  } catch (error) {
    const reason = error instanceof Deno.errors.AddrInUse
      ? "another program does. Choose another with --port"
      : error instanceof Error
      ? error.message
      : error;
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot listen on ${hostname}:${port}: ${reason}`,
      { cause: error },
    );
  }
}

/** Listens until it is told to stop. */
export function keepListening(
  serve: () => Deno.HttpServer<Deno.NetAddr>,
  { note, again }: ListeningOptions,
): Listening {
  let server = serve();
  let closing = false;
  let said = -Infinity;
  const say = (error: unknown) => {
    if (performance.now() - said < SILENCE_MS) return;
    said = performance.now();
    note(
      `Cannot take connections: ${
        error instanceof Error ? error.message : error
      }; ` +
        "new ones are refused until others close. Allow more (ulimit -n), and " +
        "bound them in a proxy (deploy/)",
    );
  };
  const keep = async () => {
    for (;;) {
      try {
        return await server.finished;
      } catch (error) {
        if (closing) return;
        if (!await again()) throw error;
        say(error);
      }
      for (let open = false; !open;) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        if (closing) return;
        try {
          server = serve();
          open = true;
        } catch (error) {
          say(error);
        }
      }
    }
  };
  const { addr } = server;
  return {
    addr,
    finished: keep(),
    async shutdown(): Promise<void> {
      closing = true;
      // One that has failed has nothing to wait for.
      await server.shutdown().catch(() => {});
    },
  };
}

/**
 * Gives away what of the network a server does not need once it listens: all of it,
 * but for its own address where the permission is for nothing else.
 */
export async function giveNetworkAway(
  { hostname }: Deno.NetAddr,
): Promise<void> {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  // Granted for every port, it would let the server call its neighbours.
  const { state } = await Deno.permissions.query({ name: "net", host });
  if (state === "granted") await Deno.permissions.revoke({ name: "net" });
}

/** Whether a server may listen on its address once more. */
export async function mayListenAgain(
  { hostname, port }: Deno.NetAddr,
): Promise<boolean> {
  const host = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const { state } = await Deno.permissions.query({ name: "net", host });
  return state === "granted";
}
