/**
 * Flags that say how to draw.
 *
 * @module
 */

import type { GenerateOptions } from "../client/client.ts";
import { READABLE_SAMPLING } from "../client/sampling_defaults.ts";
import type { Flags } from "../config/command_line.ts";

/** What flags can say of a turn. */
export type Drawing = Pick<
  GenerateOptions,
  "temperature" | "top_p" | "max_tokens" | "seed"
>;

/** Reads `--temperature`, `--top-p`, `--max-tokens` and `--seed`. */
export function readDrawing(
  flags: Flags,
  longest: number,
): Drawing {
  const given = (["temperature", "top_p", "max_tokens", "seed"] as const)
    .flatMap((name) => {
      const text = flags[name.replaceAll("_", "-")];
      return text === undefined ? [] : [[name, Number(text)]];
    });
  return {
    ...READABLE_SAMPLING,
    max_tokens: longest,
    ...Object.fromEntries(given),
  };
}
