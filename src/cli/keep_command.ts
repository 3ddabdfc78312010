/**
 * `deno task keep`: a proxy that keeps the saves of clients which keep nothing.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type Flags, parseCommand } from "../config/command_line.ts";
import { byteCount } from "../config/setting_parsers.ts";
import { readConfig } from "../config/read_config.ts";
import type { Config } from "../config/settings.ts";
import { isYes, settingGroup, yesOrNo } from "../config/flag_list.ts";
import {
  asksForHelp,
  type CommandHelp,
  helpText,
} from "../config/help_text.ts";
import { ConfigError } from "../errors.ts";
import { isLoopbackHost } from "../http/access/cross_site.ts";
import { listen } from "../serve/listening.ts";
import { boundServer } from "../serve/server_process.ts";
import { GracefulShutdown } from "../serve/graceful_shutdown.ts";
import { onEnd } from "../serve/signals.ts";
import { command, note, startWhereTyped, write } from "../terminal.ts";
import { formatBytes, formatTable } from "../text/format_units.ts";
import { expectNoWords, MODEL_SETTINGS, readUrl } from "./common_flags.ts";
import { Keeper } from "./keeper/keeper_proxy.ts";
import { SaveStore } from "./keeper/save_store.ts";
import { SaveFolder } from "./saves_folder.ts";
import { timeAgo } from "./time_ago.ts";

/** Where saves are kept, and how much of them, unless flags say otherwise. */
const KEPT_FOLDER = fileURLToPath(new URL("../../saves/kept", import.meta.url));
const DEFAULT_KEPT_SIZE = "2GB";
const DEFAULT_PORT = "8100";

const KEEP_HELP: CommandHelp = {
  about: "A proxy that keeps saves for clients that keep only text: point " +
    "them at this proxy instead of the server. Of each conversation the server " +
    "reads only what is new, and continues from the save of the rest.",
  usage: [
    "deno task keep",
    "deno task keep --server http://127.0.0.1:8000",
    "deno task keep --list",
  ],
  groups: [
    {
      title: "The proxy",
      flags: {
        server: {
          placeholder: "URL",
          help: "Address of a server; repeatable (starts a server)",
          repeatable: true,
        },
        port: {
          placeholder: "N",
          help: `Port to listen on; 0 takes any (${DEFAULT_PORT})`,
          number: true,
        },
        host: {
          placeholder: "NAME",
          help: "Address to listen on (127.0.0.1)",
        },
        quiet: yesOrNo("Say nothing of conversations (no)"),
      },
    },
    {
      title: "Saves",
      flags: {
        folder: {
          placeholder: "FOLDER",
          help: "Where saves are kept (saves/kept)",
        },
        size: {
          placeholder: "BYTES",
          help:
            "Maximum size of the folder, such as 500MB; the least recently " +
            `used save is deleted first (${DEFAULT_KEPT_SIZE})`,
        },
        list: yesOrNo("List what is kept, and end"),
      },
    },
    settingGroup("The server, if none is named", [...MODEL_SETTINGS, "lanes"]),
  ],
};

if (import.meta.main) await command(() => runKeepCommand(Deno.args));

async function runKeepCommand(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) return write(helpText(KEEP_HELP));
  startWhereTyped();
  const { flags, words } = parseCommand(args, KEEP_HELP.groups);
  expectNoWords(words, "name servers with --server");
  const folder = flags.folder ?? KEPT_FOLDER;
  const store = new SaveStore(
    folder,
    readSize(flags.size ?? DEFAULT_KEPT_SIZE),
    { note },
  );
  if (flags.list !== undefined && isYes(flags.list)) {
    return await listKeptSaves(store);
  }
  const { host: hostname, port } = readAddress(flags);
  const named = flags.server?.split("\n").map((url) => readUrl(url, "server"));
  if (named !== undefined) expectNoServer(flags);
  const own = named === undefined
    ? await startServer(flags, folder, () => store.flush())
    : undefined;
  const servers = named ?? [own?.url ?? ""];
  const keeper = new Keeper({
    servers,
    store,
    loopback: isLoopbackHost(hostname === "::1" ? "[::1]" : hostname),
    ...(!(flags.quiet !== undefined && isYes(flags.quiet)) && { note }),
  });
  const server = await listenOrEnd(
    () => listen({ hostname, port }, (request) => keeper.answer(request)),
    own,
  );
  const { addr } = server;
  const name = addr.hostname.includes(":")
    ? `[${addr.hostname}]`
    : addr.hostname;
  write(
    `Keeps the saves of ${servers.join(", ")} in ${folder}\n` +
      `Listening on http://${name}:${addr.port}\n`,
  );
  const end = new GracefulShutdown({
    server,
    // Answers of a server of others go on for as long as turns may.
    models: { dispose: () => own?.end() ?? server.finished },
    exit: (code) => void store.flush().finally(() => Deno.exit(code)),
  });
  onEnd(() => end.signal());
  await server.finished;
}

/** Where the keeper listens: these flags have no variables here. */
function readAddress(
  { host, port = DEFAULT_PORT }: Flags,
): Pick<Config, "host" | "port"> {
  const given = { port, ...(host !== undefined && { host }) };
  return readConfig(given, () => undefined, ["host", "port"]);
}

/** Listens; a server of the keeper's own does not outlive a keeper that cannot. */
async function listenOrEnd<T>(
  listen: () => T,
  own: OwnServer | undefined,
): Promise<T> {
  try {
    return listen();
  } catch (error) {
    await own?.end();
    throw error;
  }
}

function readSize(text: string): number {
  const { success, data } = byteCount.safeParse(text);
  if (success) return data;
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    "Cannot read --size: expected bytes, as 6000000000, 6GB or 6GiB",
  );
}

function expectNoServer(flags: Flags): void {
  const stray = [...MODEL_SETTINGS, "lanes"].find((name) =>
    flags[name] !== undefined
  );
  if (stray === undefined) return;
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot use --${stray} with --server: the server has a model of its own`,
  );
}

/** A server of the keeper's own. */
interface OwnServer {
  readonly url: string;
  /** Ends it, with its turns. */
  end(): Promise<void>;
}

/**
 * Starts a server on a free port, with the folder's key, so that saves outlive it.
 *
 * @param flush Waited for before the keeper ends because the server has.
 */
async function startServer(
  flags: Flags,
  folder: string,
  flush: () => Promise<void>,
): Promise<OwnServer> {
  const saves = new SaveFolder(folder);
  await saves.key();
  const settings = Object.fromEntries(
    [...MODEL_SETTINGS, "lanes"].flatMap((name) =>
      flags[name] === undefined ? [] : [[name, flags[name]]]
    ),
  );
  const env = (name: string) => Deno.env.get(name);
  const process = new Deno.Command(Deno.execPath(), {
    ...boundServer({
      ...settings,
      port: "0",
      host: "127.0.0.1",
      "keys-file": await Deno.realPath(saves.keyPath),
    }, env),
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  for (;;) {
    const [, url] = /Listening on (http:\S+)\n/.exec(said) ?? [];
    if (url !== undefined) {
      // What it says later is for nobody, but has to be read.
      void drain(lines);
      let ending = false;
      void process.status.then(() => {
        if (ending) return;
        note("The server has ended");
        void flush().then(() => Deno.exit(1));
      });
      return {
        url,
        async end(): Promise<void> {
          ending = true;
          endProcess(process);
          await process.status;
        },
      };
    }
    const { done, value } = await lines.read();
    if (done) {
      throw new ConfigError(
        "ERR_CONFIG_INVALID",
        "Cannot start a server: it ended before it listened; deno task start " +
          "says why",
      );
    }
    said += value;
  }
}

async function drain(
  lines: ReadableStreamDefaultReader<string>,
): Promise<void> {
  while (!(await lines.read()).done);
}

function endProcess(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGTERM");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended already
  }
}

async function listKeptSaves(store: SaveStore): Promise<void> {
  const saves = await store.list();
  if (saves.length === 0) return write("Nothing is kept\n");
  const total = saves.reduce((sum, { bytes }) => sum + bytes, 0);
  write(formatTable(
    saves.map(({ key, used, model, turns, bytes, words }) => [
      key.slice(0, 8),
      timeAgo(used),
      model || "-",
      String(turns),
      formatBytes(bytes),
      words,
    ]),
  ));
  write(`${saves.length} saves, ${formatBytes(total)}\n`);
}
