/**
 * A model in a GGUF file: its tensors by BlinkDL's names, and its vocabulary.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { TokenBytes } from "../../text/token_bytes.ts";
import { parseEscapes } from "../../text/vocabulary.ts";
import { readGguf } from "./gguf.ts";
import type { GgufValue } from "./gguf_reader.ts";
import { blinkdlNames, type Renamed } from "../tensor_names.ts";
import type { ByteSource } from "../byte_source.ts";
import type { StoredTensor } from "../stored_tensor.ts";
import type { ModelSettings } from "../model_settings.ts";
import { END_NAMES, plainTemplate } from "../template_source.ts";

/** What a GGUF file holds of a model. */
export interface GgufModel extends Renamed {
  /** Its vocabulary, if it carries one. */
  readonly vocabulary?: TokenBytes;
  /** What it says of its texts. */
  readonly settings: ModelSettings;
}

const UTF8 = new TextEncoder();

/** llama.cpp's mark for a token that is never text. */
const UNUSED = 5;

/**
 * Reads a GGUF file of architecture `rwkv7`.
 *
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` for another architecture,
 * `ERR_MODEL_CORRUPT` or `ERR_VOCABULARY_CORRUPT` if its parts disagree.
 */
export async function readGgufModel(source: ByteSource): Promise<GgufModel> {
  const { keys, tensors } = await readGguf(source);
  const architecture = keys.get("general.architecture");
  if (architecture !== "rwkv7") {
    throw unsupported(source, `its architecture is ${architecture}, not rwkv7`);
  }
  const parts = keys.get("split.count") ?? 1;
  if (typeof parts === "number" && parts > 1) {
    throw unsupported(
      source,
      `it is one of ${parts} parts; join them with llama-gguf-split --merge`,
    );
  }
  const epsilon = keys.get("rwkv7.attention.layer_norm_epsilon") ?? 1e-5;
  if (
    typeof epsilon !== "number" || Math.fround(1e-5) !== Math.fround(epsilon)
  ) {
    throw unsupported(source, `its norms' epsilon is ${epsilon}, not 1e-5`);
  }
  const { tensors: found, ...layout } = blinkdlNames(tensors, source.name);
  const vocabulary = readVocabulary(source, keys);
  return {
    tensors: withHeads(found, keys.get("rwkv7.wkv.head_size")),
    ...layout,
    ...(vocabulary && { vocabulary }),
    settings: readSettings(source, keys),
  };
}

/** Special tokens are named by ids, and templates know their texts. */
function readSettings(
  { name }: ByteSource,
  keys: ReadonlyMap<string, GgufValue>,
): ModelSettings {
  const template = keys.get("tokenizer.chat_template");
  const bos = keys.get("tokenizer.ggml.add_bos_token");
  const texts = keys.get("tokenizer.ggml.tokens");
  const ids = new Map<string, number>();
  const textOf = (key: string) => {
    const id = keys.get(`tokenizer.ggml.${key}`) ?? 0;
    const text: unknown = Array.isArray(texts) ? texts[Number(id)] : undefined;
    if (typeof text !== "string") return END_NAMES[0] ?? "";
    if (Number(id) === 0) ids.set(text, 0);
    return text;
  };
  const specials = { bos: textOf("bos_token_id"), eos: textOf("eos_token_id") };
  const names = ["general.name", "general.basename", "general.finetune"]
    .map((key) => keys.get(key)).filter((name) => typeof name === "string");
  return {
    ...(typeof template === "string" &&
      { template: plainTemplate(template, name, { ...specials, ids }) }),
    ...(typeof bos === "boolean" && { bos }),
    names,
  };
}

/** llama.cpp flattens `r_k`; its shape is what tells how many heads there are. */
function withHeads(
  tensors: ReadonlyMap<string, StoredTensor>,
  headSize: GgufValue | undefined,
): Map<string, StoredTensor> {
  const shaped = new Map(tensors);
  if (typeof headSize !== "number" || headSize < 1) return shaped;
  for (const [name, tensor] of tensors) {
    const [size, ...rest] = tensor.shape;
    if (name.endsWith(".att.r_k") && rest.length === 0) {
      shaped.set(name, { ...tensor, shape: [size / headSize, headSize] });
    }
  }
  return shaped;
}

/**
 * Tokens are Python's escapes of their bytes. Token 0 ends a text whatever its
 * own text is, and the unused rows at the end are no tokens.
 */
function readVocabulary(
  source: ByteSource,
  keys: ReadonlyMap<string, GgufValue>,
): TokenBytes | undefined {
  const texts = keys.get("tokenizer.ggml.tokens");
  if (texts === undefined) return undefined;
  const refuse = (found: string) =>
    new ModelError(
      "ERR_VOCABULARY_CORRUPT",
      `Cannot read the vocabulary of ${source.name}: ${found}`,
    );
  const model = keys.get("tokenizer.ggml.model");
  if (model !== "rwkv") throw refuse(`its tokenizer is ${model}, not rwkv`);
  const types = keys.get("tokenizer.ggml.token_type") ?? [];
  if (!Array.isArray(texts) || !Array.isArray(types)) {
    throw refuse("its tokens are not a list");
  }
  const isPadding = (id: number) =>
    types[id] === UNUSED || /^\[PAD\d+\]$/.test(String(texts[id]));
  let size = texts.length;
  while (size > 1 && isPadding(size - 1)) size--;
  const vocabulary = new TokenBytes([[]]);
  for (let id = 1; id < size; id++) {
    const text: unknown = texts[id];
    const bytes = typeof text === "string" ? parseEscapes(text) : undefined;
    if (bytes === undefined || bytes.length === 0) {
      throw refuse(`token ${id} is ${JSON.stringify(text)}`);
    }
    vocabulary.add(
      bytes.some((byte) => byte > 255)
        ? UTF8.encode(String.fromCodePoint(...bytes))
        : bytes,
    );
  }
  return vocabulary;
}

function unsupported({ name }: ByteSource, found: string): ModelError {
  return new ModelError(
    "ERR_MODEL_UNSUPPORTED",
    `Cannot load ${name}: ${found}`,
  );
}
