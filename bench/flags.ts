/**
 * Flags of measurements: `--help` says what there is, and what is not known is
 * refused before anything is measured.
 *
 * @module
 */

import { parseArgs, type ParseArgsConfig } from "node:util";
import { note, write } from "../src/terminal.ts";

/**
 * Reads the command line, or ends the program with what it has to say: the help, or
 * what is wrong, and exit code 2.
 */
export function readFlags<const C extends ParseArgsConfig>(
  help: string,
  config: C,
): ReturnType<typeof parseArgs<C>> {
  if (Deno.args.some((word) => word === "--help" || word === "-h")) {
    write(help);
    Deno.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return refuse(error.message, help);
  }
}

/** The words of a list such as `start,engine`, each one of those that there are. */
export function readParts(
  flag: string,
  list: string,
  known: readonly string[],
): ReadonlySet<string> {
  const words = list.split(",");
  const odd = words.find((word) => !known.includes(word));
  if (odd === undefined) return new Set(words);
  return refuse(
    `Cannot read --${flag}: ${JSON.stringify(odd)} is none of ${
      known.join(", ")
    }`,
  );
}

function refuse(found: string, help = ""): never {
  note(help === "" ? found : `${found}\n\n${help.trimEnd()}`);
  Deno.exit(2);
}
