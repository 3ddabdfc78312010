/**
 * `deno task replicas [N] [flags of start]`: several servers on one port, or each
 * on its own. The server itself may run no programs; this may do nothing else.
 *
 * @module
 */

import { type Flags, parseCommand } from "../config/command_line.ts";
import { SERVER_FLAGS, variableOf, yesOrNo } from "../config/flag_list.ts";
import {
  asksForHelp,
  type CommandHelp,
  helpText,
} from "../config/help_text.ts";
import { describeMisspelt } from "../config/misspelt_variables.ts";
import type { Name } from "../config/settings.ts";
import { ConfigError } from "../errors.ts";
import { formatKey, randomKey } from "../state/state_keys.ts";
import { savesText } from "./start_report.ts";
import { MAX_PORT } from "../config/host_name.ts";
import { boundServer } from "./server_process.ts";
import { onEnd } from "./signals.ts";
import { type Replica, Supervisor } from "./supervisor.ts";
import { command, note, write } from "../terminal.ts";

const REPLICA_GROUPS = [
  {
    title: "Replicas",
    flags: {
      "own-ports": yesOrNo(
        "Each takes a port of its own: --port, --port + 1 and so on (no)",
      ),
    },
  },
  // Whether they share the port is said above.
  ...SERVER_FLAGS.map(({ title, flags: { "reuse-port": _, ...flags } }) => ({
    title,
    flags,
  })),
];

const REPLICAS_HELP: CommandHelp = {
  about: "Serves models with several processes on one port.",
  usage: ["deno task replicas [N] [flags]", "deno task replicas 3 --port 8080"],
  groups: REPLICA_GROUPS,
  notes: [
    "N defaults to one a core. Sharing a port needs Linux; " +
    "elsewhere use --own-ports. A process that dies is started again. SIGTERM " +
    "ends all processes, SIGHUP makes them read the keys file again, and SIGUSR2 " +
    "replaces them one by one.",
  ],
};

const env = (name: string) => Deno.env.get(name);

if (import.meta.main) await command(() => main(Deno.args));

async function main(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) return write(helpText(REPLICAS_HELP));
  const { flags, words } = parseCommand(args, REPLICA_GROUPS);
  const count = replicaCount(words);
  const ownPorts = /^(yes|true|1)$/.test(flags["own-ports"] ?? "");
  if (!ownPorts && count > 1 && Deno.build.os !== "linux") {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot share a port: ${Deno.build.os} gives all of it to one process; ` +
        "use --own-ports yes",
    );
  }
  for (const line of describeMisspelt(Object.keys(Deno.env.toObject()))) {
    note(line);
  }
  const keys = sharedKeys(flags);
  let port = Number(setting(flags, "port") ?? 8000);
  if (ownPorts && port + count - 1 > MAX_PORT) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot start ${count} replicas from port ${port}: the last port there ` +
        `is is ${MAX_PORT}`,
    );
  }
  let summary: string | undefined;
  const supervisor = new Supervisor({
    count,
    note,
    start: (place) =>
      startReplica({
        ...serverOnly(flags),
        port: `${ownPorts && port > 0 ? port + place : port}`,
        ...!ownPorts && { "reuse-port": "yes" },
        ...threads(flags, count),
      }, {
        keys,
        // The first says where, if any port would do.
        found(words, url): void {
          summary ??= (hasKeys(flags) ? words : withOwnKey(words)) +
            `${count} replicas listening on ${url.origin}`;
          if (place === 0 && port === 0) port = Number(url.port);
        },
      }),
  });
  handOn(supervisor, setting(flags, "keys-file") !== undefined);
  if (!await supervisor.start()) Deno.exit(1);
  const last = ownPorts && count > 1 ? ` to :${port + count - 1}` : "";
  write(`${summary}${last}\n`);
  await supervisor.ended();
  Deno.exit(0);
}

function replicaCount([word, ...more]: readonly string[]): number {
  const count = Number(word ?? navigator.hardwareConcurrency);
  if (more.length === 0 && Number.isInteger(count) && count > 0) return count;
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot start replicas: ${[word, ...more].join(" ")} is no number of ` +
      "processes; write deno task replicas 3 --port 8000",
  );
}

/** One key for all of them, where none is set. */
function sharedKeys(flags: Flags): Record<string, string> {
  if (hasKeys(flags)) return {};
  return { GOSLING_STATE_KEYS: formatKey(randomKey()) };
}

function hasKeys(flags: Flags): boolean {
  return ["state-keys", "keys-file"].some((name) =>
    setting(flags, name as Name) !== undefined
  );
}

/** What a replica says of saves, where the key it was given is gone with them. */
function withOwnKey(words: string): string {
  return words.replace(/^ {2}saves .*\n/m, savesText({}, "these servers end"));
}

/** Processes that took every core each would wait for one another. */
function threads(flags: Flags, count: number): Flags {
  if (setting(flags, "threads") !== undefined) return {};
  const each = Math.floor(navigator.hardwareConcurrency / count);
  return { threads: `${Math.max(1, each)}` };
}

/** The flags that are a server's. */
function serverOnly({ "own-ports": _, ...flags }: Flags): Flags {
  return flags;
}

/** A flag, else its variable. */
function setting(flags: Flags, name: Name): string | undefined {
  return flags[name] ?? (env(variableOf(name)) || undefined);
}

function handOn(supervisor: Supervisor, keysFile: boolean): void {
  const end = () => supervisor.end();
  onEnd(end);
  if (Deno.build.os === "windows") return;
  Deno.addSignalListener("SIGUSR2", () => void supervisor.replace());
  // Without keys to read again, it is the terminal that goes away.
  Deno.addSignalListener(
    "SIGHUP",
    keysFile ? () => supervisor.signal("SIGHUP") : end,
  );
}

/** How a replica is started. */
interface Start {
  /** Variables with the keys that all share. */
  readonly keys: Record<string, string>;
  /** Told what it serves, and where. */
  readonly found: (summary: string, url: URL) => void;
}

function startReplica(flags: Flags, { keys, found }: Start): Replica {
  const child = new Deno.Command(Deno.execPath(), {
    ...boundServer(flags, env),
    env: keys,
    stdout: "piped",
    // Ctrl-C reaches the supervisor alone: a replica takes a second signal for
    // impatience.
    detached: true,
  }).spawn();
  const { promise: listening, resolve } = Promise.withResolvers<boolean>();
  const questions: (() => void)[] = [];
  const forward = async () => {
    let shown = "";
    for await (
      const text of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      // Whatever it says, it lives.
      for (const answered of questions.splice(0)) answered();
      shown += text;
      const [, summary, url] =
        /^(Serving .*\n(?: {2}.*\n)*)Listening on (\S+?),?[ \n]/m.exec(shown) ??
          [];
      if (summary === undefined || url === undefined) continue;
      found(summary, new URL(url));
      resolve(true);
      shown = "";
    }
  };
  const ended = Promise.all([child.status, forward()]).then(
    ([{ code, signal }]) => {
      resolve(false);
      return signal ?? `exit code ${code}`;
    },
  );
  const signal = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
  };
  return {
    listening,
    ended,
    answers: () =>
      new Promise((resolve) => {
        if (Deno.build.os === "windows") return resolve();
        questions.push(resolve);
        signal("SIGUSR2");
      }),
    signal,
  };
}
