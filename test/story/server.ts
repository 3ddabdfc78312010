/**
 * A server with the embedded model, on a socket of its own.
 *
 * @module
 */

import { createApp } from "../../src/http/app.ts";
import { compose } from "../../src/serve/compose_services.ts";
import { Client } from "../../src/client/client.ts";
import { parseCommand } from "../../src/config/command_line.ts";
import { readConfig } from "../../src/config/read_config.ts";
import type { Config } from "../../src/config/settings.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { loaderOf } from "../../src/http/services.ts";
import { formatKey, randomKey } from "../../src/state/state_keys.ts";

/** A key that outlives the servers of a test. */
export const KEY = formatKey(randomKey());

/** A running server. */
export interface StoryServer extends AsyncDisposable {
  readonly url: string;
  readonly client: Client;
  /** The model behind it, for comparison. */
  readonly engine: Engine;
}

export function storyConfig(...flags: readonly string[]): Config {
  const args = ["--state-keys", KEY, "--lanes", "2", ...flags];
  return readConfig(parseCommand(args).flags, () => undefined);
}

/** Starts a server; `flags` are those of `deno task start`. */
export async function serve(
  ...flags: readonly string[]
): Promise<StoryServer> {
  const config = storyConfig(...flags);
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
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    url,
    client: new Client({ url }),
    engine: services.engine,
    async [Symbol.asyncDispose](): Promise<void> {
      const stopped = server.shutdown();
      await dispose();
      await stopped;
    },
  };
}
