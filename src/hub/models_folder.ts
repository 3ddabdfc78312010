/**
 * Where pulled models are kept.
 *
 * @module
 */

import { join } from "@std/path";

/**
 * Where models are kept: `GOSLING_MODELS`, or the system's folder for things that
 * can be fetched again.
 *
 * @param env Gives an environment variable.
 */
export function modelsFolder(
  env: (name: string) => string | undefined,
  os: typeof Deno.build.os = Deno.build.os,
): string {
  const chosen = env("GOSLING_MODELS");
  if (chosen) return chosen;
  const home = env("HOME") ?? ".";
  if (os === "windows") {
    return join(env("LOCALAPPDATA") ?? ".", "gosling", "models");
  }
  const cache = os === "darwin"
    ? join(home, "Library", "Caches")
    : env("XDG_CACHE_HOME") || join(home, ".cache");
  return join(cache, "gosling", "models");
}
