/**
 * From what `--model` and `--vocab` say to files.
 *
 * @module
 */

import { WEIGHTS_FILE } from "../config/path_entries.ts";
import type { ChatFormName } from "../chat/template/chat_forms.ts";
import type { Config } from "../config/settings.ts";
import type { ModelChoice } from "../config/setting_parsers.ts";
import { ConfigError } from "../errors.ts";
import { type LocalModel, openFiles } from "./model_files.ts";
import { modelsFolder } from "./models_folder.ts";

/** Lanes besides those of turns, for copies of states. */
export const SPARE_LANES = 2;

/** The model that comes with the program. */
export const EMBEDDED: URL = new URL("../../models/gosling/", import.meta.url);

/** What the embedded model is called, unless a file is. */
const EMBEDDED_NAME = "gosling";

/** Where a model's files are. */
export interface ModelPlace {
  /** Its name in the API; by default after its file or folder. */
  readonly name?: string;
  /** Its weights, or the folder that has them. */
  readonly path: string | URL;
  /** Its vocabulary, where that is not beside the weights. */
  readonly vocabulary?: string;
  /** The form of its chats, where that is not for its files to say. */
  readonly form?: ChatFormName;
  /** Whether its texts begin with token 0, where that is not either. */
  readonly bos?: boolean;
}

/**
 * The models that the settings ask for, the embedded one if they name none.
 *
 * @param env Gives an environment variable.
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND` if one is neither a path nor pulled.
 * @throws {ConfigError} If a vocabulary is for a model that is not named.
 */
export async function modelPlaces(
  config: Pick<Config, "model" | "vocab" | "chat-form" | "bos">,
  env: (name: string) => string | undefined,
): Promise<readonly [ModelPlace, ...ModelPlace[]]> {
  const { model: models, vocab, "chat-form": forms, bos } = config;
  const [first = { from: EMBEDDED_NAME }, ...more] = models;
  const names = [first, ...more].map(({ name, from }) => name ?? from);
  const stray = [
    ...vocab.map(({ model, value }) => [model, `vocabulary ${value}`]),
    ...forms.map(({ model, value }) => [model, `chat form ${value}`]),
    ...bos.map(({ model }) => [model, "--bos"]),
  ].find(([model]) => model !== undefined && !names.includes(model));
  if (stray !== undefined) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot use ${stray[1]}: it is for ${stray[0]}, and --model names ` +
        names.join(", "),
    );
  }
  const placeOf = async (
    { name, from }: Config["model"][number],
  ): Promise<ModelPlace> => {
    const chosen = <T>(choices: readonly ModelChoice<T>[]) =>
      (choices.find(({ model }) => model === (name ?? from)) ??
        choices.find(({ model }) => model === undefined))?.value;
    const vocabulary = chosen(vocab);
    const form = chosen(forms);
    const begins = chosen(bos);
    return {
      path: models.length === 0 ? EMBEDDED : await resolveModel(from, env),
      ...(name !== undefined && { name }),
      ...(vocabulary !== undefined && { vocabulary }),
      ...(form !== undefined && { form }),
      ...(begins !== undefined && { bos: begins }),
    };
  };
  return [await placeOf(first), ...await Promise.all(more.map(placeOf))];
}

/** Opens a model's files, under the name that it was given. */
export async function openPlace(
  { name, path, vocabulary }: ModelPlace,
): Promise<LocalModel> {
  const files = await openFiles(path, vocabulary);
  return name === undefined ? files : { ...files, id: name };
}

/**
 * The path of a model: a file or folder as it is, or the folder of a model that
 * was pulled; `gosling` is the one that comes with the program. A path wins over a name;
 * `./NAME` is always a path.
 *
 * @param env Gives an environment variable.
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND` if it is none of these.
 */
export async function resolveModel(
  model: string,
  env: (name: string) => string | undefined,
): Promise<string | URL> {
  if (/[\\/]/.test(model) || WEIGHTS_FILE.test(model)) return model;
  if (await exists(model)) return model;
  if (model === EMBEDDED_NAME) return EMBEDDED;
  // The embedded model and those in files need none.
  const { ModelCache } = await import("./model_cache.ts");
  const cache = new ModelCache(modelsFolder(env));
  return (await cache.find(model)).path;
}

async function exists(path: string): Promise<boolean> {
  // Nobody shall be asked whether a file called like a model may be read.
  const { state } = await Deno.permissions.query({ name: "read", path });
  if (state !== "granted") return false;
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
