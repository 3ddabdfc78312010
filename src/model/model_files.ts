/**
 * Finds a model's files on disk.
 *
 * @module
 */

import { basename, dirname, extname, join } from "@std/path";
import { fileURLToPath } from "node:url";
import { ModelError } from "../errors.ts";
import { fileSource } from "./file_source.ts";
import type { ModelFiles } from "./open.ts";

/** A model's open files. */
export interface LocalModel extends ModelFiles, AsyncDisposable {
  /** What people call it: its folder's name, or its file's without extension. */
  readonly id: string;
}

/**
 * Opens a model on disk.
 *
 * @param model Its weights, or a folder that holds them and nothing else alike.
 * @param vocabulary Its vocabulary; by default `vocab.txt`, or the only `.txt`
 * file, beside the weights.
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND`, saying what was looked for.
 */
export async function openFiles(
  model: string | URL,
  vocabulary?: string | URL,
): Promise<LocalModel> {
  const path = pathOf(model);
  const { isDirectory } = await stat(path);
  const folder = isDirectory ? path : dirname(path);
  const weightsPath = isDirectory
    ? await only(folder, /\.safetensors$/, "model.safetensors")
    : path;
  const vocabularyPath = vocabulary === undefined
    ? await only(folder, /\.txt$/, "vocab.txt")
    : pathOf(vocabulary);
  await using stack = new AsyncDisposableStack();
  const weights = stack.use(await fileSource(weightsPath));
  const words = stack.use(await fileSource(vocabularyPath));
  const open = stack.move();
  return {
    id: isDirectory ? basename(path) : basename(path, extname(path)),
    weights,
    vocabulary: words,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function pathOf(path: string | URL): string {
  return path instanceof URL ? fileURLToPath(path) : path;
}

async function stat(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    throw notFound(`Cannot open ${path}: there is no such file`, cause);
  }
}

/** The file of this name in a folder, or else the only one of this kind. */
async function only(
  folder: string,
  kind: RegExp,
  name: string,
): Promise<string> {
  const names = (await Array.fromAsync(Deno.readDir(folder)))
    .filter((entry) => !entry.isDirectory && kind.test(entry.name))
    .map((entry) => entry.name);
  const found = names.includes(name) ? name : names[0];
  if (found !== undefined && (found === name || names.length === 1)) {
    return join(folder, found);
  }
  const others = names.toSorted().join(", ");
  throw notFound(
    `Cannot choose a file in ${folder}: there is no ${name}, and ` +
      (others === "" ? "none of its kind" : `more than one: ${others}`),
  );
}

function notFound(message: string, cause?: unknown): ModelError {
  return new ModelError("ERR_MODEL_NOT_FOUND", message, { cause });
}
