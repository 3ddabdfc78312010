/**
 * The command line of a server, for the launcher and the server.
 *
 * @module
 */

import { type Flags, parseCommand } from "../config/command_line.ts";
import { SERVER_FLAGS } from "../config/flag_list.ts";
import type { CommandHelp } from "../config/help_text.ts";
import { ConfigError } from "../errors.ts";

/** What `deno task start --help` says. */
export const START_HELP: CommandHelp = {
  about: "Serves models over HTTP, with a page to chat on.",
  usage: [
    "deno task start",
    "deno task start --model /srv/rwkv7-0.1b.pth --port 8080",
  ],
  groups: SERVER_FLAGS,
};

/**
 * The flags of a server's command line.
 *
 * @throws {ConfigError} If it is not one.
 */
export function serverFlags(args: readonly string[]): Flags {
  const own = {
    title: "",
    flags: { replicas: { placeholder: "N", help: "" } },
  };
  const { flags, words: [word] } = parseCommand(args, [...SERVER_FLAGS, own]);
  if (flags.replicas !== undefined) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot start ${flags.replicas} replicas: a server may run no programs. ` +
        `Use: deno task replicas ${flags.replicas}`,
    );
  }
  if (word !== undefined) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot read the command line: ${word} is no flag. --help lists them`,
    );
  }
  return flags;
}
