/**
 * `--initial` of commands that take turns: what the turn begins with.
 *
 * @module
 */

import type { CommandLine } from "../config/command_line.ts";

/** What a command line says of the beginning. */
export interface InitialFlag {
  /** The name to ask for. */
  readonly initial?: string;
  /** The flags that are settings. */
  readonly flags: CommandLine["flags"];
}

/**
 * Reads `--initial`. A model in this process reads the file and begins with the
 * first of them; a server elsewhere has the file, and is told the name.
 */
export function readInitialFlag(flags: CommandLine["flags"]): InitialFlag {
  const { initial, ...rest } = flags;
  if (initial === undefined) return { flags };
  const [name = ""] = initial.split("=");
  return { initial: name, flags: flags.url === undefined ? flags : rest };
}
