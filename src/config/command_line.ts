/**
 * A command line, taken apart into flags and words.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { ConfigError } from "../errors.ts";
import {
  type Flag,
  type FlagGroup,
  SERVER_FLAGS,
  SETTING_FLAGS,
} from "./flag_list.ts";

/** Flags and their values, by name without dashes. */
export type Flags = Readonly<Partial<Record<string, string>>>;

/** A command line, taken apart. */
export interface CommandLine {
  /** Settings and the command's own flags, by name without dashes. */
  readonly flags: Flags;
  /** What is no flag. */
  readonly words: readonly string[];
}

/**
 * Takes a command line apart: `--port 80`, `--port=80`, `--portable`. Values of a
 * flag that is repeated are a line each.
 *
 * @param args What follows the command's name.
 * @param groups The flags of this command; those of the server by default.
 * @throws {ConfigError} If a flag is not known, lacks its value or does not take it.
 */
export function parseCommand(
  args: readonly string[],
  groups: readonly FlagGroup[] = SERVER_FLAGS,
): CommandLine {
  const known = new Map(groups.flatMap(({ flags }) => Object.entries(flags)));
  const { tokens } = parseArgs({
    args: args.map((word, i) => complete(word, args[i + 1], known)),
    options: Object.fromEntries(
      [...known.keys()].map((name) => [name, { type: "string" }]),
    ),
    strict: false,
    tokens: true,
  });
  const flags: Record<string, string> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const flag = known.get(name);
    if (flag === undefined || !rawName.startsWith("--")) {
      throw unknownFlag(rawName, [...known.keys()]);
    }
    if (value === undefined || value.startsWith("--")) {
      throw invalidCommandLine(
        `--${name} lacks its value, ${flag.placeholder}`,
      );
    }
    expectFit(name, value, flag);
    flags[name] = flag.repeatable && flags[name] !== undefined
      ? `${flags[name]}\n${value}`
      : value;
  }
  return { flags, words };
}

/** A flag that may stand alone, with its value where it does. */
function complete(
  word: string,
  next: string | undefined,
  known: ReadonlyMap<string, Flag>,
): string {
  const flag = known.get(word.replace(/^--/, ""));
  if (flag?.alone === undefined || !word.startsWith("--")) return word;
  return flag.values?.includes(next ?? "") ? word : `${word}=${flag.alone}`;
}

function expectFit(
  name: string,
  value: string,
  { values, number, placeholder }: Flag,
): void {
  if (values !== undefined && !values.includes(value)) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot read --${name}: expected ${placeholder.replaceAll("|", " or ")}`,
    );
  }
  if (number && (value.trim() === "" || !Number.isFinite(Number(value)))) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot read --${name}: expected a number`,
    );
  }
}

function unknownFlag(given: string, names: readonly string[]): ConfigError {
  const name = given.replace(/^-+/, "");
  if (Object.hasOwn(SETTING_FLAGS, name)) {
    return invalidCommandLine(`${given} is a flag of deno task start alone`);
  }
  const nearest = nearestName(name, names);
  return invalidCommandLine(
    `there is no flag ${given}` +
      (nearest === undefined ? "" : `; did you mean --${nearest}?`),
    nearest === undefined ? ". " : " ",
  );
}

function invalidCommandLine(found: string, join = ". "): ConfigError {
  return new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot read the command line: ${found}${join}--help lists the flags`,
  );
}

/**
 * The entry of a table of commands that the first word of a command line names.
 *
 * @param kind What the entries are, for the error.
 */
export function commandNamed<T>(
  commands: Readonly<Record<string, T>>,
  name: string,
  kind: string,
): T {
  if (Object.hasOwn(commands, name)) return commands[name];
  const names = Object.keys(commands);
  const nearest = nearestName(name, names);
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot use ${name || "nothing"} as a ${kind}: there are ${
      names.join(", ")
    }` + (nearest === undefined ? "" : `; did you mean ${nearest}?`),
  );
}

/** The name that was most likely meant, if any is near. */
export function nearestName(
  given: string,
  names: readonly string[],
): string | undefined {
  const [best] = names.map((name) => ({ name, far: distance(given, name) }))
    .sort((a, b) => a.far - b.far);
  // Two letters that changed places are two edits.
  const near = given.length < 4 ? 1 : Math.max(2, Math.floor(given.length / 3));
  return best !== undefined && best.far <= near
    ? best.name
    : names.find((name) => given.length > 2 && name.startsWith(given));
}

/** Edits that turn one word into the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      ));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
