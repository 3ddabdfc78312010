/**
 * A command line, taken apart into flags and words.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { ConfigError } from "../errors.ts";
import { type Flags, settingNames } from "./config.ts";
import { YES_OR_NO } from "./values.ts";

/** Flags that may be given more than once. */
const REPEATABLE: readonly string[] = ["initial", "model", "vocab"];

/** A command line, taken apart. */
export interface CommandLine {
  /** Settings and the command's own flags, by name without dashes. */
  readonly flags: Flags;
  /** What is no flag. */
  readonly words: readonly string[];
}

/**
 * Takes a command line apart: `--port 80`, `--port=80`, `--portable`.
 *
 * @param args What follows the command's name.
 * @param own Flags of this command alone, which take a value.
 * @throws {ConfigError} If a flag is not known or lacks its value.
 */
export function parseCommand(
  args: readonly string[],
  own: readonly string[] = [],
): CommandLine {
  const words = args.map((word, i) =>
    word === "--portable" && !YES_OR_NO.includes(args[i + 1] ?? "")
      ? "--portable=yes"
      : word
  );
  const options = Object.fromEntries(
    [...settingNames(), ...own].map((name) => [
      name,
      { type: "string" as const, multiple: REPEATABLE.includes(name) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: words,
      options,
      allowPositionals: true,
    });
    const flags = Object.entries(values).map((
      [name, value],
    ) => [name, [value].flat().join("\n")]);
    return { flags: Object.fromEntries(flags), words: positionals };
  } catch (error) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot read the command line: ${
        error instanceof Error ? error.message : error
      }. --help lists the flags`,
      { cause: error },
    );
  }
}

/** Whether the command line asks for help. */
export function asksForHelp(args: readonly string[]): boolean {
  return args.includes("--help") || args.includes("-h");
}
