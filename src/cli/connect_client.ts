/**
 * A client for commands: of a running server, or of a model in this process.
 *
 * @module
 */

import { createApp } from "../http/app.ts";
import { Client } from "../client/client.ts";
import type { Flags } from "../config/command_line.ts";
import { readConfig } from "../config/read_config.ts";
import type { Config } from "../config/settings.ts";
import { loaderOf } from "../http/services.ts";
import { compose } from "../serve/compose_services.ts";
import { note } from "../terminal.ts";
import {
  expectNoModelFlags,
  KEY_SETTINGS,
  MODEL_SETTINGS,
  readUrl,
} from "./common_flags.ts";
import { Passphrase } from "./passphrase_flag.ts";
import { type SaveFolder, sealingKeys } from "./saves_folder.ts";

/** A server to talk to, wherever it is. */
export interface Connection {
  readonly client: Client;
  /** What it is, in a few words. */
  readonly summary: string;
  close(): Promise<void>;
}

/**
 * Connects to the server that the flags name, or else loads a model into this
 * process.
 *
 * @param flags Those of {@linkcode WHERE_FLAGS} and {@linkcode SAVE_FLAGS}.
 * @param saves Whose key seals where the settings name none.
 * @param needsKey Whether that key is needed: not where no save is read or kept.
 */
export async function connect(
  flags: Flags,
  saves: SaveFolder,
  needsKey = true,
): Promise<Connection> {
  expectNoModelFlags(flags);
  const passphrase = Passphrase.of(flags, saves);
  if (flags.url !== undefined) {
    const url = readUrl(flags.url);
    const client = new Client({
      url,
      key: Deno.env.get("GOSLING_API_KEY"),
      fetch: passphrase?.sending((request) => fetch(request)),
    });
    return { client, summary: url, close: () => Promise.resolve() };
  }
  const config = readCommandConfig(flags);
  const keys = needsKey
    ? await sealingKeys(config, saves)
    : config["state-keys"];
  return await embed({ ...config, "state-keys": keys }, passphrase);
}

/** The settings of a model and keys, flags or variables; others do not matter. */
export function readCommandConfig(flags: Flags): Config {
  return readConfig(flags, (name) => Deno.env.get(name), [
    ...MODEL_SETTINGS,
    ...KEY_SETTINGS,
    "initial",
  ]);
}

/**
 * Loads a model. Its routes are called without a socket, so that there is one way
 * to take a turn and no second one to keep in step.
 */
async function embed(
  config: Config,
  passphrase: Passphrase | undefined,
): Promise<Connection> {
  const { services, summary, dispose } = await compose(
    { ...config, lanes: 1, portable: true },
    note,
  );
  const app = createApp({
    loader: loaderOf(services),
    keys: [],
    report: (error) =>
      note(error instanceof Error ? `${error.stack}` : String(error)),
  });
  const send = async (request: Request) => await app.fetch(request);
  const fetch = passphrase?.sending(send) ?? send;
  return {
    client: new Client({ url: "http://in.process", fetch }),
    summary,
    close: dispose,
  };
}
