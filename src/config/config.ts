/**
 * Settings: flags, then `GOSLING_*` variables, then defaults, checked once.
 *
 * @module
 */

import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { type Config, type Name, SETTINGS } from "./settings.ts";

/** Flags and their values, by name without dashes. */
export type Flags = Readonly<Partial<Record<string, string>>>;

const Settings = z.object(
  Object.fromEntries(
    Object.entries(SETTINGS).map(([name, { schema }]) => [name, schema]),
  ),
);

/**
 * Reads the settings.
 *
 * @param flags The command line's flags.
 * @param env Gives an environment variable.
 * @throws {ConfigError} Naming the flag or variable, and the repair.
 */
export function readConfig(
  flags: Flags,
  env: (name: string) => string | undefined,
): Config {
  const given = Object.fromEntries(
    settingNames().flatMap((name) => {
      const value = flags[name] ?? env(variableOf(name));
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  const { success, data, error } = Settings.safeParse(given);
  if (success) return data as unknown as Config;
  const [issue] = error.issues;
  const name = settingNames().find((name) => name === issue?.path[0]) ?? "host";
  const repair = SETTINGS[name].repair;
  const source = flags[name] === undefined ? variableOf(name) : `--${name}`;
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot read ${source}: ${issue?.message}` +
      (repair === undefined ? "" : `. ${repair}`),
  );
}

/** What `--help` prints below a command's first lines. */
export function helpOnSettings(): string {
  const lines = settingNames().map((name) => {
    const { placeholder, help } = SETTINGS[name];
    return `  ${`--${name} ${placeholder}`.padEnd(24)} ${help}`;
  });
  return `${lines.join("\n")}\n\nEach can be set as a variable too: ` +
    `--state-keys is ${variableOf("state-keys")}.\n`;
}

/** Every setting, by its flag without the dashes. */
export function settingNames(): Name[] {
  return Object.keys(SETTINGS) as Name[];
}

function variableOf(name: Name): string {
  return `GOSLING_${name.toUpperCase().replaceAll("-", "_")}`;
}
