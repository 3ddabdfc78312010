/**
 * What `--help` prints.
 *
 * @module
 */

import {
  type FlagGroup,
  SETTING_FLAGS,
  settingNames,
  variableOf,
} from "./flag_list.ts";

/** A command as its help describes it. */
export interface CommandHelp {
  /** What it does, in a sentence or two. */
  readonly about: string;
  /** How it is called, a line each. */
  readonly usage: readonly string[];
  /** Its flags. */
  readonly groups: readonly FlagGroup[];
  /** What else is worth a paragraph. */
  readonly notes?: readonly string[];
}

/** Characters of a line, and before what a flag does. */
const HELP_WIDTH = 80, FLAG_INDENT = 27;

/** Whether the command line asks for help. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  return flags.includes("--help") || flags.includes("-h");
}

/** The text of a command's `--help`. */
export function helpText(
  { about, usage, groups, notes = [] }: CommandHelp,
): string {
  // A command may have a flag of its own that is called like a setting.
  const example = settingNames().find((name) =>
    groups.some(({ flags }) => flags[name] === SETTING_FLAGS[name])
  );
  const parts = [
    wrap(about, 0),
    usage.map((line) => `  ${line}`).join("\n"),
    ...groups.map((group) => groupText(group)),
    ...notes.map((note) => wrap(note, 0)),
    ...example === undefined ? [] : [
      wrap(
        `Every setting is also a variable: --${example} is ${
          variableOf(example)
        }.`,
        0,
      ),
    ],
  ];
  return `${parts.join("\n\n")}\n`;
}

function groupText({ title, flags }: FlagGroup): string {
  const lines = Object.entries(flags).map(([name, { placeholder, help }]) => {
    const left = `  --${name} ${placeholder}`.trimEnd();
    const right = wrap(help, FLAG_INDENT);
    return left.length < FLAG_INDENT - 1
      ? left.padEnd(FLAG_INDENT) + right
      : `${left}\n${" ".repeat(FLAG_INDENT)}${right}`;
  });
  return [`${title}:`, ...lines].join("\n");
}

/** Breaks lines at spaces; all but the first are indented. */
function wrap(text: string, indent: number): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    const longer = line === "" ? word : `${line} ${word}`;
    if (indent + longer.length <= HELP_WIDTH || line === "") {
      lines[lines.length - 1] = longer;
    } else lines.push(word);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}
