/**
 * A client for commands: of a running server, or of a model in this process.
 *
 * @module
 */

import { createApp } from "../http/app.ts";
import { Client } from "../client/client.ts";
import type { Config } from "../config/settings.ts";
import { loaderOf } from "../http/services.ts";
import type { StateKey } from "../state/keys.ts";
import { compose } from "../serve/compose.ts";
import { note } from "../terminal.ts";

/** A server to talk to, wherever it is. */
export interface Connection {
  readonly client: Client;
  /** What it is, in a few words. */
  readonly summary: string;
  close(): Promise<void>;
}

/** Connects to the server at `url`, with the key of `GOSLING_API_KEY` if any. */
export function connect(url: string): Connection {
  const client = new Client({ url, key: Deno.env.get("GOSLING_API_KEY") });
  return { client, summary: url, close: () => Promise.resolve() };
}

/**
 * Loads a model into this process. Its routes are called without a socket, so
 * that there is one way to take a turn and no second one to keep in step.
 *
 * @param config The settings.
 * @param key Seals states where the settings name no key.
 */
export async function connectEmbedded(
  config: Config,
  key: () => Promise<StateKey>,
): Promise<Connection> {
  const keys = config["state-keys"] ?? [await key()];
  const { services, summary, dispose } = await compose(
    { ...config, "state-keys": keys },
    note,
  );
  const app = createApp({
    loader: loaderOf(services),
    keys: [],
    report: (error) =>
      note(error instanceof Error ? `${error.stack}` : String(error)),
  });
  const fetch = async (request: Request) => await app.fetch(request);
  return {
    client: new Client({ url: "http://in.process", fetch }),
    summary,
    close: dispose,
  };
}
