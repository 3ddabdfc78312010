/**
 * From what people ask for to the files that have to be fetched for it.
 *
 * @module
 */

import { SETTINGS_FILES } from "../model/settings_files.ts";
import { ConfigError, ModelError } from "../errors.ts";
import {
  bearer,
  type HubFile,
  type HubOptions,
  listFiles,
  type RemoteFile,
} from "./hugging_face.ts";
import {
  newestOfficial,
  OFFICIAL_REPOSITORY,
  WORLD_VOCABULARY,
} from "./official_models.ts";
import type { HubReference, Reference } from "./model_reference.ts";
import { persist, plain, send, type Transport } from "./fetch_retry.ts";

/** Files to fetch, and what the model will be called. */
export interface Plan {
  /** Its name. */
  readonly id: string;
  /** Where it comes from, for people and to tell models apart. */
  readonly source: string;
  /** Its files. */
  readonly files: readonly RemoteFile[];
}

/** What a plan depends on. */
export interface PlanOptions {
  /** Where repositories are. */
  readonly hub: HubOptions;
  /** How to reach them. */
  readonly transport: Transport;
  /** Where the World vocabulary is published. */
  readonly vocabulary?: URL;
  /** SHA-256 of the weights, where the user knows it. */
  readonly sha256?: string;
}

const WEIGHTS_FILE = /\.(safetensors|st|pth|gguf)$/i;
const INDEX_FILE = /\.safetensors\.index\.json$/i;
const REPOSITORY_FILE_NAME = /^\w[\w. +-]*$/;

/** Names of weights that say nothing about the model. */
const NAMELESS = /^(model|pytorch_model|weights|ggml-model.*)$/i;

/**
 * Finds the files of a model.
 *
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND` if they are not there.
 */
export async function planPull(
  reference: Reference,
  options: PlanOptions,
): Promise<Plan> {
  const { sha256, vocabulary = new URL(WORLD_VOCABULARY.url) } = options;
  const { id, source, weights, companions = [] } = reference.kind === "url"
    ? planUrl(reference.url)
    : reference.kind === "hub"
    ? await planHub(reference, options)
    : await planOfficial(reference.size, options);
  if (sha256 !== undefined && weights.length > 1) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot check ${source}: --sha256 is of one file, and it has ` +
        `${weights.length}`,
    );
  }
  const checked = sha256 === undefined
    ? weights
    : weights.map((file) => ({ ...file, sha256: sha256.toLowerCase() }));
  const gguf = weights.some(({ name }) => /\.gguf$/i.test(name));
  const files = gguf ? [...companions, ...checked] : [
    // First: it is small, so that what is wrong with a network shows at once.
    {
      name: WORLD_VOCABULARY.name,
      url: vocabulary,
      size: WORLD_VOCABULARY.size,
      sha256: WORLD_VOCABULARY.sha256,
    },
    ...companions,
    ...checked,
  ];
  return { id, source, files };
}

interface FoundFiles {
  readonly id: string;
  readonly source: string;
  readonly weights: readonly RemoteFile[];
  /** What the repository says of the model beside its weights. */
  readonly companions?: readonly RemoteFile[];
}

/** Files beside weights that say what a model is and how it converses. */
const COMPANIONS = [...SETTINGS_FILES, "config.json"].toSorted();

function planUrl(url: URL): FoundFiles {
  const name = decodeURIComponent(url.pathname.replace(/^.*\//, ""));
  if (!WEIGHTS_FILE.test(name) || !REPOSITORY_FILE_NAME.test(name)) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot pull ${plain(url)}: ${JSON.stringify(name)} is not a file of ` +
        "weights, .safetensors, .st, .pth or .gguf",
    );
  }
  return { id: stem(name), source: plain(url), weights: [{ name, url }] };
}

async function planOfficial(
  size: string,
  options: PlanOptions,
): Promise<FoundFiles> {
  const reference: HubReference = {
    kind: "hub",
    repository: OFFICIAL_REPOSITORY,
    revision: "main",
  };
  const files = await listRepository(reference, options);
  const names = files.keys().filter((path) => /\.pth$/i.test(path));
  const path = newestOfficial([...names], size);
  const file = path === undefined ? undefined : files.get(path);
  if (file === undefined) {
    throw noSuchFiles(
      reference,
      `it has no model of ${size.toUpperCase()} now`,
    );
  }
  return {
    id: stem(file.name),
    source: `hf:${OFFICIAL_REPOSITORY}/${file.path}`,
    weights: [file],
  };
}

async function planHub(
  reference: HubReference,
  options: PlanOptions,
): Promise<FoundFiles> {
  const { repository, revision } = reference;
  const files = await listRepository(reference, options);
  const path = reference.path ?? onlyWeights(reference, [...files.keys()]);
  const file = files.get(path);
  if (file === undefined) throw noSuchFiles(reference, `it has no ${path}`);
  const index = INDEX_FILE.test(file.name);
  if (
    !REPOSITORY_FILE_NAME.test(file.name) ||
    !(index || WEIGHTS_FILE.test(file.name))
  ) {
    throw noSuchFiles(reference, `${path} is not a file of weights`);
  }
  const own = stem(file.name);
  const folder = path.slice(0, -file.name.length);
  const at = revision === "main" ? "" : `@${revision}`;
  return {
    // A repository may have a folder for each model.
    id: NAMELESS.test(own)
      ? (folder === "" ? repository : folder.slice(0, -1)).replace(/^.*\//, "")
      : own,
    source: `hf:${repository}${at}/${path}`,
    weights: index
      ? [...await indexedFiles(file, files, reference, options.transport), file]
      : [file],
    companions: COMPANIONS.flatMap((name) => files.get(folder + name) ?? []),
  };
}

async function listRepository(
  reference: HubReference,
  { hub, transport }: PlanOptions,
): Promise<Map<string, HubFile>> {
  const files = await listFiles(reference, hub, transport);
  return new Map(files.map((file) => [file.path, file]));
}

function onlyWeights(reference: HubReference, paths: string[]): string {
  const [index, ...more] = paths.filter((path) => INDEX_FILE.test(path));
  if (index !== undefined && more.length === 0) return index;
  const weights = paths.filter((path) => WEIGHTS_FILE.test(path));
  if (weights.length === 1) return weights[0];
  throw noSuchFiles(
    reference,
    weights.length === 0
      ? "it has no weights"
      : `it has more than one file of weights; name one: ${
        weights.slice(-12).join(", ")
      }`,
  );
}

/** The files that an index names. */
async function indexedFiles(
  index: HubFile,
  files: ReadonlyMap<string, HubFile>,
  reference: HubReference,
  transport: Transport,
): Promise<HubFile[]> {
  const text = await persist(transport, plain(index.url), async () => {
    const request = new Request(index.url, { headers: bearer(index.token) });
    return await (await send(transport, request)).text();
  });
  let names: Set<unknown>;
  try {
    names = new Set(Object.values(JSON.parse(text).weight_map));
  } catch {
    throw noSuchFiles(reference, `${index.path} is not an index of weights`);
  }
  const folder = index.path.slice(0, -index.name.length);
  return Array.from(names, (name) => {
    const file = files.get(`${folder}${name}`);
    if (file && REPOSITORY_FILE_NAME.test(file.name) && file.name === name) {
      return file;
    }
    throw noSuchFiles(
      reference,
      `${index.path} names ${name}, which is not there`,
    );
  });
}

function stem(name: string): string {
  return name.replace(INDEX_FILE, "").replace(WEIGHTS_FILE, "").replaceAll(
    " ",
    "-",
  );
}

function noSuchFiles({ repository, revision }: HubReference, found: string) {
  const at = revision === "main" ? "" : `@${revision}`;
  return new ModelError(
    "ERR_MODEL_NOT_FOUND",
    `Cannot pull hf:${repository}${at}: ${found}`,
  );
}
