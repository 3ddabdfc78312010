/**
 * Flags that say how to draw.
 *
 * @module
 */

import type { GenerateOptions } from "../client/client.ts";
import type { CommandLine } from "../config/command_line.ts";
import { ConfigError } from "../errors.ts";

/** What flags can say of a turn. */
export type Drawing = Pick<
  GenerateOptions,
  "temperature" | "top_p" | "max_tokens" | "seed"
>;

/**
 * Reads `--temperature`, `--top-p`, `--max-tokens` and `--seed`.
 *
 * @throws {ConfigError} If one is no number. The server knows the bounds.
 */
export function readDrawing(
  flags: CommandLine["flags"],
  defaults: Drawing,
): Drawing {
  const given = (["temperature", "top_p", "max_tokens", "seed"] as const)
    .flatMap((name) => {
      const flag = name.replaceAll("_", "-");
      const text = flags[flag];
      if (text === undefined) return [];
      const value = Number(text);
      if (text.trim() !== "" && Number.isFinite(value)) return [[name, value]];
      throw new ConfigError(
        "ERR_CONFIG_INVALID",
        `Cannot read --${flag}: expected a number`,
      );
    });
  return { ...defaults, ...Object.fromEntries(given) };
}
