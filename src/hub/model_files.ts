/**
 * Finds a model's files on disk.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import { fileURLToPath } from "node:url";
import { ModelError } from "../errors.ts";
import { type FileSource, fileSource } from "../model/file_source.ts";
import type { ModelFiles } from "../model/open_model.ts";
import { withoutMark } from "../model/json_settings.ts";
import { readSettings } from "../model/settings_files.ts";

/** A model's open files. */
export interface LocalModel extends ModelFiles, AsyncDisposable {
  /** What people call it: its folder's name, or its file's without extension. */
  readonly id: string;
  /** The weights: one file, or the parts of one. */
  readonly weights: readonly FileSource[];
  /** The vocabulary; a GGUF file has its own. */
  readonly vocabulary?: FileSource;
}

const WEIGHTS_FILE = /\.(safetensors|st|pth|gguf)$/i;
const VOCABULARY_TEXT = /\.txt$/i;
const VOCABULARY_JSON = /^(tokenizer|rwkv_vocab_.*)\.json$/i;
const GGUF_FILE = /\.gguf$/i;
const INDEX_FILE = /\.safetensors\.index\.json$/i;

/**
 * Opens a model on disk.
 *
 * @param model Its weights, the `.index.json` of weights in parts, or a folder
 * that holds one model.
 * @param vocabulary Its vocabulary; by default `vocab.txt`, or the only `.txt`
 * file, `tokenizer.json` or `rwkv_vocab_*.json` beside the weights. A `.gguf` file
 * has its own.
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND`, saying what was looked for;
 * `ERR_MODEL_UNSUPPORTED` if a `config.json` beside safetensors asks for other maths.
 */
export async function openFiles(
  model: string | URL,
  vocabulary?: string | URL,
): Promise<LocalModel> {
  const path = pathOf(model).replace(/\/+$/, "");
  const { isDirectory } = await statModel(path);
  const folder = isDirectory ? path : dirname(path);
  const weights = isDirectory ? await findWeights(folder) : path;
  const parts = INDEX_FILE.test(weights) ? await readIndex(weights) : [weights];
  await expectUsual(folder, weights);
  const words = vocabulary === undefined
    ? await findVocabulary(folder, weights)
    : pathOf(vocabulary);
  await using stack = new AsyncDisposableStack();
  const open = async (path: string) => stack.use(await fileSource(path));
  const sources = await Promise.all(parts.map(open));
  const ownVocabulary = words !== undefined &&
    { vocabulary: await open(words) };
  const settings = await readSettings(
    (name) => readIfThere(join(folder, name)),
    {
      pathOf: (name) => join(folder, name),
      gguf: GGUF_FILE.test(weights),
      names: [basename(weights), basename(folder)],
    },
  );
  const opened = stack.move();
  return {
    id: isDirectory
      ? basename(path)
      : basename(path).replace(INDEX_FILE, "").replace(WEIGHTS_FILE, ""),
    weights: sources,
    ...ownVocabulary,
    settings,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What a model and its files are called, the surest name first. */
export function namesOf({ id, weights }: LocalModel): readonly string[] {
  return [id, ...weights.map(({ name }) => basename(name))];
}

/** Bytes of a model's files. */
export function bytesOf({ weights, vocabulary }: LocalModel): number {
  return weights.reduce((sum, { size }) => sum + size, vocabulary?.size ?? 0);
}

function pathOf(path: string | URL): string {
  return path instanceof URL ? fileURLToPath(path) : path;
}

async function statModel(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw noModelFiles(`Cannot open ${path}: there is no such file`, cause);
  }
}

async function findWeights(folder: string): Promise<string> {
  const [index, ...more] = await filesOfKind(folder, INDEX_FILE);
  if (index !== undefined && more.length === 0) return join(folder, index);
  return await onlyFileOfKind(folder, WEIGHTS_FILE, "model.safetensors");
}

async function findVocabulary(
  folder: string,
  weights: string,
): Promise<string | undefined> {
  if (GGUF_FILE.test(weights)) return undefined;
  const texts = await filesOfKind(folder, VOCABULARY_TEXT);
  if (texts.length === 1 || texts.includes("vocab.txt")) {
    return await onlyFileOfKind(folder, VOCABULARY_TEXT, "vocab.txt");
  }
  const json = await filesOfKind(folder, VOCABULARY_JSON);
  return json.length > 0
    ? await onlyFileOfKind(folder, VOCABULARY_JSON, "tokenizer.json")
    : await onlyFileOfKind(folder, VOCABULARY_TEXT, "vocab.txt");
}

/** Hugging Face's models say what their tensors do not in a file beside them. */
async function expectUsual(folder: string, weights: string): Promise<void> {
  if (!/\.safetensors(\.index\.json)?$/i.test(weights)) return;
  const path = join(folder, "config.json");
  const json = await readIfThere(path);
  if (json === undefined) return;
  // Few models have one, and its schema takes longer to load than they do.
  const { expectUsualConfig } = await import("../model/hf_config.ts");
  expectUsualConfig(json, path);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return withoutMark(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new ModelError(
      "ERR_MODEL_CORRUPT",
      `Cannot read ${path}: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  }
}

/** The file of this name in a folder, or else the only one of this kind. */
async function onlyFileOfKind(
  folder: string,
  kind: RegExp,
  name: string,
): Promise<string> {
  const names = await filesOfKind(folder, kind);
  if (names.includes(name)) return join(folder, name);
  if (names.length === 1) return join(folder, names[0]);
  throw noModelFiles(
    `Cannot choose a file in ${folder}: there is no ${name}, and ` +
      (names.length === 0
        ? "none of its kind"
        : `more than one of its kind: ${names.join(", ")}`),
  );
}

async function filesOfKind(folder: string, kind: RegExp): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder)))
    .filter(({ name, isDirectory }) => !isDirectory && kind.test(name))
    .map(({ name }) => name)
    .sort();
}

/** The parts that an index names, all beside it. */
async function readIndex(path: string): Promise<string[]> {
  const refuse = (found: string, cause?: unknown) =>
    new ModelError("ERR_MODEL_CORRUPT", `Cannot read ${path}: ${found}`, {
      cause,
    });
  let parts: Set<unknown>;
  try {
    const { weight_map } = JSON.parse(await Deno.readTextFile(path));
    parts = new Set(Object.values(weight_map));
  } catch (cause) {
    throw refuse("it is not an index of weights", cause);
  }
  return Array.from(parts, (part) => {
    if (typeof part === "string" && /^[\w-][\w.-]*$/.test(part)) {
      return join(dirname(path), part);
    }
    throw refuse(`${JSON.stringify(part)} is not the name of a file beside it`);
  }).sort();
}

function noModelFiles(message: string, cause?: unknown): ModelError {
  return new ModelError("ERR_MODEL_NOT_FOUND", message, { cause });
}
