/**
 * Settings: flags, then `GOSLING_*` variables, then defaults, checked once.
 *
 * @module
 */

import { z } from "zod";
import { ConfigError } from "../errors.ts";
import type { Flags } from "./command_line.ts";
import { settingNames, variableOf } from "./flag_list.ts";
import { type Config, type Name, SETTINGS } from "./settings.ts";

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
 * @param names The settings that matter; others are left at their defaults.
 * @throws {ConfigError} Naming the flag or variable, and the repair.
 */
export function readConfig(
  flags: Flags,
  env: (name: string) => string | undefined,
  names: readonly Name[] = settingNames(),
): Config {
  const given = Object.fromEntries(
    names.flatMap((name) => {
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
