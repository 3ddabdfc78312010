/**
 * `deno task replicas [N] [flags of start]`: several servers on one port, or each
 * on its own. The server itself may run no programs; this may do nothing else.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { asksForHelp, parseCommand } from "../config/command_line.ts";
import type { Flags } from "../config/config.ts";
import { ConfigError } from "../errors.ts";
import { formatKey, randomKey } from "../state/keys.ts";
import { onEnd } from "./signals.ts";
import { type Replica, Supervisor } from "./supervisor.ts";
import { command, note, write } from "../terminal.ts";

const ROOT = new URL("../../", import.meta.url);

const HELP = `Serves a model with several processes.

  deno task replicas [N] [flags of deno task start]

N processes (one a core by default) share the port, which needs Linux, or with
--own-ports yes take PORT, PORT + 1 and so on. One that dies is started again. SIGTERM ends all of them
as it ends one, SIGHUP has the keys file read again, and SIGUSR2 replaces them one
after the other.
`;

if (import.meta.main) await command(() => main(Deno.args));

async function main(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) return write(HELP);
  const { flags, words } = parseCommand(args, ["read", "own-ports"]);
  const count = countOf(words);
  const ownPorts = /^(yes|true|1)$/.test(flags["own-ports"] ?? "");
  if (!ownPorts && count > 1 && Deno.build.os !== "linux") {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot share a port: ${Deno.build.os} gives all of it to one process; ` +
        "use --own-ports yes",
    );
  }
  const env = sharedKeys(flags);
  let port = Number(setting(flags, "port") ?? 8000);
  let summary: string | undefined;
  const supervisor = new Supervisor({
    count,
    note,
    start: (place) =>
      startReplica([
        ...ownFlags(flags),
        `--port=${ownPorts && port > 0 ? port + place : port}`,
        ...(ownPorts ? [] : ["--reuse-port=yes"]),
        ...threads(flags, count),
      ], {
        env,
        read: flags.read,
        // The first says where, if any port would do.
        found(words, url): void {
          summary ??= `${words}\n${count} replicas listening on ${url.origin}`;
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

function countOf([word, ...more]: readonly string[]): number {
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
  const given = setting(flags, "state-keys") ?? setting(flags, "keys-file");
  if (given !== undefined) return {};
  note(
    "No GOSLING_STATE_KEYS: states are sealed with a new key and cannot be " +
      "used once these processes have ended",
  );
  return { GOSLING_STATE_KEYS: formatKey(randomKey()) };
}

/** Processes that took every core each would wait for one another. */
function threads(flags: Flags, count: number): string[] {
  if (setting(flags, "threads") !== undefined) return [];
  const each = Math.floor(navigator.hardwareConcurrency / count);
  return [`--threads=${Math.max(1, each)}`];
}

/** The flags that are the server's, without those set here. */
function ownFlags(flags: Flags): string[] {
  const ours = new Set(["read", "own-ports", "port", "reuse-port"]);
  return Object.entries(flags).filter(([name]) => !ours.has(name)).map((
    [name, value],
  ) => `--${name}=${value}`);
}

/** A flag, else its variable. */
function setting(
  flags: Flags,
  name: "keys-file" | "port" | "state-keys" | "threads",
): string | undefined {
  const variable = `GOSLING_${name.toUpperCase().replace("-", "_")}`;
  return flags[name] ?? (Deno.env.get(variable) || undefined);
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
  readonly env: Record<string, string>;
  /** For `--allow-read`; absent: what the permission set allows. */
  readonly read: string | undefined;
  /** Told what it serves, and where. */
  readonly found: (summary: string, url: URL) => void;
}

function startReplica(
  flags: readonly string[],
  { env, read, found }: Start,
): Replica {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-P=serve",
      ...(read === undefined ? [] : [`--allow-read=${read}`]),
      fileURLToPath(new URL("main.ts", ROOT)),
      "start",
      ...flags,
    ],
    cwd: ROOT,
    env,
    stdin: "null",
    stdout: "piped",
    // Ctrl-C reaches the supervisor alone: a replica takes a second signal for
    // impatience.
    detached: true,
  }).spawn();
  const { promise: listening, resolve } = Promise.withResolvers<boolean>();
  const forward = async () => {
    let shown = "";
    for await (
      const text of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      shown += text;
      const [, summary, url] =
        /^(Serving .*)\nListening on (\S+)\n/m.exec(shown) ??
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
  return {
    listening,
    ended,
    signal(name): void {
      try {
        child.kill(name);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has ended already
      }
    },
  };
}
