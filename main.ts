/**
 * The server, put together: settings → model → device → engine → routes.
 *
 * `deno task start` listens by itself. `deno serve main.ts` and serverless hosts
 * take the default export, which loads the model at the first request.
 *
 * @module
 */

import { createApp } from "./src/http/app.ts";
import { openTelemetry, type Telemetry } from "./src/serve/telemetry.ts";
import {
  giveNetworkAway,
  keepListening,
  listen,
  mayListenAgain,
} from "./src/serve/listening.ts";
import { GracefulShutdown } from "./src/serve/graceful_shutdown.ts";
import { modelPlaces } from "./src/hub/resolve_model.ts";
import { followKeyFile } from "./src/serve/key_file.ts";
import { openModels, type ServedModels } from "./src/serve/served_models.ts";
import { pageModel } from "./src/serve/page_model.ts";
import {
  listeningText,
  savesText,
  type Serving,
  servingText,
} from "./src/serve/start_report.ts";
import { SERVER_WORDS } from "./src/serve/server_process.ts";
import { serverFlags, START_HELP } from "./src/serve/server_command.ts";
import { onEnd, onInputEnd } from "./src/serve/signals.ts";
import { command, write } from "./src/terminal.ts";
import { readConfig } from "./src/config/read_config.ts";
import { asksForHelp, helpText } from "./src/config/help_text.ts";
import type { Config } from "./src/config/settings.ts";
import type { Loader } from "./src/http/services.ts";

/**
 * Modules of workers, which are first needed while the server works and has given
 * its network away. Named here, Deno fetches their packages with all the others.
 */
export const WORKER_MODULES: readonly (() => Promise<unknown>)[] = [
  () => import("./src/chat/template/jinja_worker.ts"),
  () => import("./src/grammar/thread/grammar_worker.ts"),
];

let app: Promise<ReturnType<typeof createApp>> | undefined;

const server: Deno.ServeDefaultExport = {
  /** Answers one request; builds the server at the first. */
  async fetch(request: Request): Promise<Response> {
    app ??= unasked();
    return await (await app).fetch(request);
  },
};
export default server;

// Awaited: a module that has been read to its end and exports `fetch` makes
// `deno run` suggest `deno serve`.
const [word, ...args] = Deno.args;
const { free, bound } = SERVER_WORDS;
if (import.meta.main && (word === free || word === bound)) {
  await command(() => start(args, word === bound));
}

async function start(
  args: readonly string[],
  isBound: boolean,
): Promise<void> {
  if (asksForHelp(args)) {
    write(helpText(START_HELP));
    // To its end, a module that exports `fetch` has Deno suggest `deno serve`.
    Deno.exit(0);
  }
  const { config, telemetry } = prepare(settings(args));
  const models = await open(config, telemetry);
  const { fetch } = build(config, models, telemetry);
  const { host: hostname, port, "reuse-port": reusePort } = config;
  const address = { hostname, port, reusePort };
  const server = keepListening(() => listen(address, fetch), {
    note: (line) => telemetry.log.note(line, "error"),
    again: () => mayListenAgain(server.addr),
  });
  const end = new GracefulShutdown({ server, models, exit: Deno.exit });
  onEnd(() => end.signal());
  if (isBound) {
    void onInputEnd(() => {
      telemetry.log.note("The process that started this server has ended");
      end.begin();
    });
  }
  // Whoever has been let in needs no permission; nothing here calls out.
  await giveNetworkAway(server.addr);
  let serving: Serving;
  try {
    serving = await models.start();
  } catch (error) {
    await server.shutdown();
    throw error;
  }
  answerSupervisor();
  write(
    servingText(serving) + savesText(config) + listeningText(server.addr),
  );
  await server.finished;
  await end.over;
}

/** Says that the event loop turns, whenever `deno task replicas` asks. */
function answerSupervisor(): void {
  if (Deno.build.os === "windows") return;
  Deno.addSignalListener("SIGUSR2", () => {
    try {
      write("Alive\n");
    } catch {
      // Nobody reads it any more.
    }
  });
}

function settings(args: readonly string[]): Config {
  return readConfig(serverFlags(args), (name) => Deno.env.get(name));
}

/** The settings with the keys of their file, and who looks on. */
function prepare(
  given: Config,
): { readonly config: Config; readonly telemetry: Telemetry } {
  const telemetry = openTelemetry(given);
  const config = followKeyFile(given, (line) => telemetry.log.note(line));
  return { config, telemetry };
}

function build(
  config: Config,
  loader: Loader,
  { log, observer, metrics }: Telemetry,
): ReturnType<typeof createApp> {
  return createApp({
    loader,
    pageModel,
    keys: config["api-keys"],
    limits: {
      rate: config.rate,
      timeout: config.timeout,
      bodyTimeout: config["body-timeout"],
      origins: config["cors-origins"],
      ...isLoopback(config) && { hosts: config["trusted-hosts"] },
      json: config["json-limits"],
    },
    strict: config.strict,
    report: (error, requestId) => log.mistake(error, requestId),
    observer,
    metrics,
  });
}

/** Whether only programs of this machine reach the server, browsers among them. */
function isLoopback({ host, "trusted-hosts": hosts }: Config): boolean {
  return /^(localhost|127\..*|\[?::1\]?)$/.test(host) && !hosts.includes("*");
}

/** The server of the variables alone; its models are loaded when needed. */
async function unasked(): Promise<ReturnType<typeof createApp>> {
  const { config, telemetry } = prepare(settings([]));
  return build(config, await open(config, telemetry), telemetry);
}

async function open(
  config: Config,
  { log, observer }: Telemetry,
): Promise<ServedModels> {
  // People read it where the server says what it serves.
  if (config["state-keys"] === undefined && config.log === "json") {
    log.note(
      "No GOSLING_STATE_KEYS: states are sealed with a new key and cannot be " +
        "used once this process has ended",
    );
  }
  const places = await modelPlaces(config, (name) => Deno.env.get(name));
  return await openModels(
    config,
    places,
    (line) => log.note(line),
    observer,
  );
}
