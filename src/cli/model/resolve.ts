/**
 * From what `--model` says to files.
 *
 * @module
 */

import { ModelCache, modelsFolder } from "./cache.ts";

/** Lanes besides those of turns, for copies of states. */
export const SPARE_LANES = 2;

/**
 * The path of a model: a file or folder as it is, or the folder of a model that
 * was pulled. A path wins over a name; `./NAME` is always a path.
 *
 * @param env Gives an environment variable.
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND` if it is neither.
 */
export async function resolveModel(
  model: string,
  env: (name: string) => string | undefined,
): Promise<string> {
  const path = /[\\/]|\.(safetensors|st|pth|gguf|json)$/.test(model);
  if (path || await exists(model)) return model;
  const cache = new ModelCache(modelsFolder(env));
  return (await cache.find(model)).path;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
