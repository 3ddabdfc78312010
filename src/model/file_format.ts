/**
 * Recognises a model file by its first bytes and reads its table of tensors.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { TokenBytes } from "../text/token_bytes.ts";
import { readGgufModel } from "./gguf/gguf_model.ts";
import { blinkdlNames, type Renamed } from "./tensor_names.ts";
import { readPth } from "./pickle/pth.ts";
import { readSafetensors } from "./safetensors.ts";
import type { ModelSettings } from "./model_settings.ts";
import type { ByteSource } from "./byte_source.ts";
import type { StoredTensor } from "./stored_tensor.ts";

/** What a model's files hold. */
export interface ModelTensors extends Renamed {
  /** A vocabulary, if the format carries one. */
  readonly vocabulary?: TokenBytes;
  /** What the format says of the model's texts, if it says anything. */
  readonly settings?: ModelSettings;
}

/** Files that are often taken for models, by how they begin. */
const STRANGERS: readonly (readonly [RegExp, string])[] = [
  [/^version https:\/\/git-lfs/, "a Git LFS pointer; run git lfs pull"],
  [/^\x80.\x8a.l\xfc\x9cF/s, "a PyTorch file from before 1.6"],
  [/^(fmgg|lmgg|tjgg)/, "an rwkv.cpp file; take the one it was made from"],
  [/^FUGG/, "a big-endian GGUF file"],
  [/^\s*<(!doctype|html)/i, "a web page; the download went wrong"],
  [/^\{\s*"[\s -~]{6}/, "JSON without weights"],
];

/**
 * Lists the tensors of a model by BlinkDL's names.
 *
 * @param files One file of any format, or the parts of a safetensors model.
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` saying what a file is instead, and
 * whatever the format's reader throws.
 */
export async function readTensors(
  files: readonly ByteSource[],
): Promise<ModelTensors> {
  const [first, ...others] = files;
  const head = await beginning(first);
  if (head.startsWith("GGUF") && others.length === 0) {
    return await readGgufModel(first);
  }
  const tensors = new Map<string, StoredTensor>();
  for (const file of files) {
    for (const [name, tensor] of await readFile(file)) {
      if (tensors.has(name)) {
        throw new ModelError(
          "ERR_MODEL_CORRUPT",
          `Cannot read ${file.name}: tensor ${name} is in another part too`,
        );
      }
      tensors.set(name, tensor);
    }
  }
  return blinkdlNames(tensors, first.name);
}

async function readFile(file: ByteSource): Promise<Map<string, StoredTensor>> {
  const head = await beginning(file);
  if (head.startsWith("PK\x03\x04")) return await readPth(file);
  const stranger = STRANGERS.find(([sign]) => sign.test(head));
  if (stranger === undefined) return await readSafetensors(file);
  throw new ModelError(
    "ERR_MODEL_UNSUPPORTED",
    `Cannot read ${file.name}: it is ${stranger[1]}`,
  );
}

/** The first bytes, each as a character. */
async function beginning(file: ByteSource): Promise<string> {
  return String.fromCharCode(...await file.read(0, Math.min(file.size, 64)));
}
