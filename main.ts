/**
 * The server, put together: settings → model → device → engine → routes.
 *
 * `deno task start` listens by itself. `deno serve main.ts` and serverless hosts
 * take the default export, which loads the model at the first request.
 *
 * @module
 */

import { createApp } from "./src/app.ts";
import { compose, type Composition } from "./src/cli/compose.ts";
import { command, note, write } from "./src/cli/terminal.ts";
import { asksForHelp, parseCommand } from "./src/config/command_line.ts";
import {
  type Config,
  helpOnSettings,
  readConfig,
} from "./src/config/config.ts";
import { ConfigError, GoslingError } from "./src/errors.ts";
import type { Loader, Services } from "./src/http/services.ts";

/** Milliseconds that open answers get to end after a signal. */
const PATIENCE = 10_000;

/** A loader whose model can be given back. */
interface Model extends Loader {
  load(): Promise<Services>;
  /** What was loaded, if anything. */
  composition(): Promise<Composition | undefined>;
}

let handler: ((request: Request) => Response | Promise<Response>) | undefined;

const server: Deno.ServeDefaultExport = {
  /** Answers one request; builds the server at the first. */
  fetch(request: Request): Response | Promise<Response> {
    if (handler === undefined) {
      const config = settings([]);
      handler = build(config, lazily(config)).fetch;
    }
    return handler(request);
  },
};
export default server;

// Awaited: a module that has been read to its end and exports `fetch` makes
// `deno run` suggest `deno serve`.
const [word, ...args] = Deno.args;
if (import.meta.main && word === "start") await command(() => start(args));

async function start(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) {
    write(`Serves a model over HTTP.\n\n  deno task start [flags]\n\n`);
    return write(helpOnSettings());
  }
  const config = settings(args);
  const model = lazily(config);
  const server = listen(config, build(config, model).fetch);
  const closed = closeOnSignal(server, model);
  try {
    await model.load();
  } catch (error) {
    await server.shutdown();
    throw error;
  }
  const { hostname, port } = server.addr;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const { summary } = await model.composition() ?? { summary: "" };
  write(`Serving ${summary}\nListening on http://${host}:${port}\n`);
  await server.finished;
  await closed;
}

function settings(args: readonly string[]): Config {
  const { flags, words: [word] } = parseCommand(args);
  if (word !== undefined) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot read the command line: ${word} is no flag. --help lists them`,
    );
  }
  return readConfig(flags, (name) => Deno.env.get(name));
}

function build(config: Config, loader: Loader): ReturnType<typeof createApp> {
  return createApp({
    loader,
    keys: config["api-keys"],
    report: (error, requestId) =>
      note(
        `${requestId} ${
          error instanceof GoslingError || !(error instanceof Error)
            ? error
            : error.stack
        }`,
      ),
  });
}

/** Loads the model when it is first needed, and again after a failure. */
function lazily(config: Config): Model {
  let loading: Promise<Composition> | undefined;
  let loaded: Services | undefined;
  return {
    get loaded(): Services | undefined {
      return loaded;
    },
    async load(): Promise<Services> {
      loading ??= open(config);
      try {
        const { services } = await loading;
        return loaded = services;
      } catch (error) {
        loading = undefined;
        throw error;
      }
    },
    composition: async () => await loading,
  };
}

function open(config: Config): Promise<Composition> {
  if (config["state-keys"] === undefined) {
    note(
      "No GOSLING_STATE_KEYS: states are sealed with a new key and cannot be " +
        "used once this process has ended",
    );
  }
  return compose(config, note);
}

function listen(
  { host: hostname, port }: Config,
  fetch: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve(
      { hostname, port, onListen: () => {} },
      (request) => fetch(request),
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

/** At the first signal every turn ends with its save; at the second, at once. */
async function closeOnSignal(
  server: Deno.HttpServer,
  model: Model,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let signals = 0;
  const take = () => {
    if (signals++ > 0) Deno.exit(1);
    resolve();
  };
  Deno.addSignalListener("SIGINT", take);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", take);
  await promise;
  const late = setTimeout(() => Deno.exit(1), PATIENCE);
  const stopped = server.shutdown();
  await (await model.composition())?.dispose();
  await stopped;
  clearTimeout(late);
  Deno.exit(0);
}
