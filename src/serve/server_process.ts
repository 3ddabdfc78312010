/**
 * The process that serves: it may do what `permissions.serve` in deno.json says,
 * with the paths and the address that its own settings name and no others.
 *
 * @module
 */

import deno from "../../deno.json" with { type: "json" };
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Flags } from "../config/command_line.ts";
import { ConfigError } from "../errors.ts";
import {
  initialPaths,
  namedEntries,
  WEIGHTS_FILE,
} from "../config/path_entries.ts";
import { variableOf } from "../config/flag_list.ts";
import { isHost, MAX_PORT } from "../config/host_name.ts";
import type { Name } from "../config/settings.ts";
import { modelsFolder } from "../hub/models_folder.ts";

const ROOT = new URL("../../", import.meta.url);

/** Gives an environment variable. */
export type ReadEnv = (name: string) => string | undefined;

/** The first word of a server's own command line. */
export const SERVER_WORDS = {
  /** It serves until it is told to end. */
  free: "start",
  /** It also ends when its standard input does: see {@linkcode boundServer}. */
  bound: "start-bound",
} as const;

/**
 * How to start a server that does not outlive this process, however that ends: the
 * server reads its standard input, of which this process has the other end and
 * says nothing there. The system closes it for whoever cannot.
 *
 * The process that is spawned has to be kept: Deno closes what nobody refers to.
 *
 * @param flags The server's flags.
 */
export function boundServer(flags: Flags, env: ReadEnv): {
  readonly args: string[];
  readonly cwd?: string;
  readonly stdin: "piped";
} {
  const args = serverArguments(flags, env, SERVER_WORDS.bound);
  return { args, ...typedFrom(env), stdin: "piped" };
}

/**
 * The arguments of `deno` for a server.
 *
 * @param flags The server's flags.
 * @param word One of {@linkcode SERVER_WORDS}.
 */
export function serverArguments(
  flags: Flags,
  env: ReadEnv,
  word: string = SERVER_WORDS.free,
): string[] {
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--frozen",
    // Packages come from Deno's own cache, and only those that are imported.
    "--node-modules-dir=none",
    `--config=${fileURLToPath(new URL("deno.json", ROOT))}`,
    ...permissions(flags, env),
    fileURLToPath(new URL("main.ts", ROOT)),
    word,
    ...Object.entries(flags).flatMap(([name, value = ""]) =>
      value.split("\n").map((line) => `--${name}=${line}`)
    ),
  ];
}

/**
 * The folder that paths of a command line are meant from; by default this
 * process's own. `deno task` tells where it was called.
 */
function typedFrom(env: ReadEnv): { readonly cwd?: string } {
  const cwd = env("INIT_CWD");
  return cwd ? { cwd } : {};
}

function permissions(flags: Flags, env: ReadEnv): string[] {
  const setting = (name: Name) => flags[name] ?? env(variableOf(name)) ?? "";
  const { serve } = deno.permissions;
  const own = serve.read.map((path) => fileURLToPath(new URL(path, ROOT)));
  return [
    permissionFlag("read", [...own, ...readable(setting, env)]),
    permissionFlag("net", [listenAddress(setting("host"), setting("port"))]),
    permissionFlag("import", serve.import),
    permissionFlag("env", serve.env),
    permissionFlag("sys", serve.sys),
  ];
}

/** Paths that the settings name. */
function readable(
  setting: (name: Name) => string,
  env: ReadEnv,
): string[] {
  const models = namedEntries(setting("model")).flatMap(([, from]) => {
    // A vocabulary and a template are looked for beside the weights.
    if (WEIGHTS_FILE.test(from)) return [dirname(from)];
    return /[\\/]/.test(from) ? [from] : [from, modelsFolder(env)];
  });
  const keys = setting("keys-file");
  return [
    ...models,
    ...namedEntries(setting("vocab")).map(([, path]) => path),
    ...initialPaths(setting("initial")),
    ...keys === "" ? [] : [keys],
  ];
}

function listenAddress(host: string, port: string): string {
  // What is no host is refused by the server.
  const name = isHost(host) ? host : "127.0.0.1";
  const bracketed = name.includes(":") && !name.startsWith("[")
    ? `[${name}]`
    : name;
  // Port 0 takes any, and what is no port is refused by the server.
  const number = port === "" ? "8000" : port;
  return /^[1-9]\d*$/.test(number) && Number(number) <= MAX_PORT
    ? `${bracketed}:${number}`
    : bracketed;
}

function permissionFlag(kind: string, values: readonly string[]): string {
  const odd = values.find((value) => value.includes(","));
  if (odd !== undefined) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot let a server use ${odd}: Deno takes no comma in what it allows; ` +
        "rename it, or use a link to it",
    );
  }
  const named = values.filter((value) => value !== "");
  return `--allow-${kind}=${named.join(",")}`;
}
