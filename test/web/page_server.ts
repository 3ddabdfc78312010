/**
 * The app and the embedded model in this process, on a socket. What a server's
 * process alone can show (that it is killed, and what it may do) is shown with
 * `support/server.ts`.
 *
 * @module
 */

import { parseCommand } from "../../src/config/command_line.ts";
import { readConfig } from "../../src/config/read_config.ts";
import { createApp } from "../../src/http/app.ts";
import { loaderOf } from "../../src/http/services.ts";
import { compose } from "../../src/serve/compose_services.ts";

/** A server on a socket; disposing it ends it. */
export interface PageServer extends AsyncDisposable {
  readonly url: string;
}

/**
 * Starts a server that leaves the processor to others.
 *
 * @param env Settings, as variables.
 * @param flags Settings, as flags.
 */
export async function servePage(
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Promise<PageServer> {
  const { flags: given } = parseCommand(flags);
  const config = readConfig(
    { device: "wasm", threads: "1", ...given },
    (name) => env[name],
  );
  const { services, dispose } = await compose(config, () => {});
  const app = createApp({
    loader: loaderOf(services),
    keys: config["api-keys"],
    report: (error) => {
      throw error;
    },
  });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => app.fetch(request),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose](): Promise<void> {
      const stopped = server.shutdown();
      await dispose();
      await stopped;
    },
  };
}
