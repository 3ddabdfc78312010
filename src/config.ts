/**
 * Settings: flags, then `GOSLING_*` variables, then defaults, checked once.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { z } from "zod";
import { ConfigError } from "./errors.ts";
import { parseKeys, type StateKey } from "./state/keys.ts";
import { STATE_LAYOUTS, type StateLayout } from "./state/tools/convert.ts";

/** Where the maths shall run. */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/** Everything that can be set; `--help` says what each setting does. */
export interface Config {
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 takes any. */
  readonly port: number;
  /** A path, or the name of a pulled model; absent: the embedded one. */
  readonly model?: string | undefined;
  /** Where the maths shall run. */
  readonly device: DeviceChoice;
  /** Threads of the wasm device; absent: one a core. */
  readonly threads?: number | undefined;
  /** Conversations computed at once. */
  readonly lanes: number;
  /** How matrices are kept. */
  readonly quant: "none" | "int8" | "int4";
  /** Keys that seal states, the first of them, and open them. */
  readonly "state-keys"?: readonly StateKey[] | undefined;
  /** Seconds that a state can be used. */
  readonly "state-ttl"?: number | undefined;
  /** Servers that share states. */
  readonly "state-audience": string;
  /** Whether states may go unencrypted. */
  readonly portable: boolean;
  /** States that texts may begin with. */
  readonly initial: readonly InitialFile[];
  /** SHA-256, in hex, of the keys that may call; none: everybody may. */
  readonly "api-keys": readonly {
    readonly name: string;
    readonly digest: string;
  }[];
}

/** One setting as people see it. */
interface Setting {
  readonly placeholder: string;
  readonly help: string;
}

const SETTINGS = {
  host: { placeholder: "NAME", help: "Address to listen on (127.0.0.1)" },
  port: { placeholder: "N", help: "Port to listen on (8000); 0 takes any" },
  model: {
    placeholder: "PATH|NAME",
    help:
      "Weights, a folder with weights and vocabulary, or a pulled model (the embedded model)",
  },
  device: { placeholder: "NAME", help: "auto, webgpu or wasm (auto)" },
  threads: { placeholder: "N", help: "Threads of the wasm device (all cores)" },
  lanes: { placeholder: "N", help: "Conversations computed at once (8)" },
  quant: {
    placeholder: "NAME",
    help: "Matrices in memory: none, int8 or int4 (none)",
  },
  "state-keys": {
    placeholder: "LIST",
    help: "kid:base64url,… of 32 bytes; the first seals, all open (a new one)",
  },
  "state-ttl": {
    placeholder: "SECONDS",
    help: "How long a state can be used (no limit)",
  },
  "state-audience": {
    placeholder: "NAME",
    help: "Servers that share states; others reject them (gosling)",
  },
  portable: { placeholder: "yes|no", help: "Allow unencrypted states (no)" },
  initial: {
    placeholder: "NAME=PATH",
    help:
      "A state or save that texts may begin with; NAME=LAYOUT:PATH where the file does not say what it is; repeatable",
  },
  "api-keys": {
    placeholder: "LIST",
    help: "name:sha256hex,… of the keys that may call (everybody may)",
  },
} satisfies Record<string, Setting>;

/** The name of a setting, as a flag without its dashes. */
type Name = keyof typeof SETTINGS;

/** How to repair a setting, where its own words do not say so. */
const REPAIRS: { readonly [name in Name]?: string } = {
  "api-keys": "Hash one with: printf %s KEY | sha256sum",
};

const integer = (min: number, max: number) =>
  z.string().regex(/^\d+$/, "expected a whole number").transform(Number).pipe(
    z.int().min(min, `expected ${min} or more`).max(
      max,
      `expected ${max} or less`,
    ),
  );

const YES_OR_NO = ["yes", "no", "true", "false", "1", "0"];

const flag = z.enum(YES_OR_NO, { error: "expected yes or no" }).transform((
  word,
) => ["yes", "true", "1"].includes(word));

const name = /^[\w.-]{1,64}$/;

const INITIAL = /^([\w.-]{1,64})=(?:([\w.-]+):)?(.+)$/;

const stateKeys = z.string().transform((list, context) => {
  try {
    return parseKeys(list);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    context.addIssue(error.message.replace(/^.*?: /, ""));
    return z.NEVER;
  }
});

const apiKeys = z.string().transform((list, context) => {
  const keys = list.split(",").map((entry) => {
    const [name = "", digest = ""] = entry.trim().split(":");
    return { name, digest: digest.toLowerCase() };
  });
  const wrong = keys.findIndex((key) =>
    !name.test(key.name) || !/^[\da-f]{64}$/.test(key.digest)
  );
  if (wrong >= 0) {
    context.addIssue(`entry ${wrong + 1} is not name:sha256hex`);
    return z.NEVER;
  }
  return keys;
});

const initial = z.string().transform((list, context) => {
  const files = list.split(/[\n,]/).map((entry): InitialFile | undefined => {
    const [, name = "", layout, path = ""] = INITIAL.exec(entry.trim()) ?? [];
    if (name === "") return undefined;
    const known = STATE_LAYOUTS.find((known) => known === layout);
    if (known !== undefined) return { name, path, layout: known };
    return { name, path: layout === undefined ? path : `${layout}:${path}` };
  });
  const wrong = files.indexOf(undefined);
  const found = files.filter((file) => file !== undefined);
  if (wrong >= 0) {
    context.addIssue(`entry ${wrong + 1} is not NAME=PATH`);
  } else if (new Set(found.map(({ name }) => name)).size < found.length) {
    context.addIssue("two initial states have the same name");
  }
  return found;
});

const Settings = z.object({
  host: z.string().min(1).default("127.0.0.1"),
  port: integer(0, 65_535).default(8000),
  model: z.string().min(1).optional(),
  device: z.enum(["auto", "webgpu", "wasm"], {
    error: "expected auto, webgpu or wasm",
  }).default("auto"),
  threads: integer(1, 256).optional(),
  lanes: integer(1, 1024).default(8),
  quant: z.enum(["none", "int8", "int4"], {
    error: "expected none, int8 or int4",
  }).default("none"),
  "state-keys": stateKeys.optional(),
  "state-ttl": integer(1, 2 ** 32 - 1).optional(),
  "state-audience": z.string().regex(name, "expected letters, digits, . _ -")
    .default("gosling"),
  portable: flag.default(false),
  initial: initial.default([]),
  "api-keys": apiKeys.default([]),
});

/** A file with a state that texts may begin with. */
export interface InitialFile {
  /** What requests call it. */
  readonly name: string;
  /** Where it is. */
  readonly path: string;
  /** Whose file it is; absent: the file says so itself. */
  readonly layout?: StateLayout;
}

/** A command line, taken apart. */
export interface CommandLine {
  /** Settings and the command's own flags, by name without dashes. */
  readonly flags: Readonly<Partial<Record<string, string>>>;
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
    [...names(), ...own].map((name) => [
      name,
      { type: "string" as const, multiple: name === "initial" },
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

/**
 * Reads the settings.
 *
 * @param flags The command line's flags.
 * @param env Gives an environment variable.
 * @throws {ConfigError} Naming the flag or variable, and the repair.
 */
export function readConfig(
  flags: CommandLine["flags"],
  env: (name: string) => string | undefined,
): Config {
  const given = Object.fromEntries(
    names().flatMap((name) => {
      const value = flags[name] ?? env(variableOf(name));
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  const { success, data, error } = Settings.safeParse(given);
  if (success) return data;
  const [issue] = error.issues;
  const name = names().find((name) => name === issue?.path[0]) ?? "host";
  const repair = REPAIRS[name];
  const source = flags[name] === undefined ? variableOf(name) : `--${name}`;
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot read ${source}: ${issue?.message}` +
      (repair === undefined ? "" : `. ${repair}`),
  );
}

/** Whether the command line asks for help. */
export function asksForHelp(args: readonly string[]): boolean {
  return args.includes("--help") || args.includes("-h");
}

/** What `--help` prints below a command's first lines. */
export function helpOnSettings(): string {
  const lines = names().map((name) => {
    const { placeholder, help } = SETTINGS[name];
    return `  ${`--${name} ${placeholder}`.padEnd(24)} ${help}`;
  });
  return `${lines.join("\n")}\n\nEach can be set as a variable too: ` +
    `--state-keys is ${variableOf("state-keys")}.\n`;
}

function names(): Name[] {
  return Object.keys(SETTINGS) as Name[];
}

function variableOf(name: Name): string {
  return `GOSLING_${name.toUpperCase().replaceAll("-", "_")}`;
}
