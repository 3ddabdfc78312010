/**
 * The World vocabulary in JSON, as two publishers have it:
 *
 * - `tokenizer.json` of rwkv-rs: `model.vocab` gives ids by token, where a character
 *   stands for a byte, as in GPT-2's byte-level encodings;
 * - `rwkv_vocab_*.json` of web-rwkv: tokens by id, texts or lists of bytes.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { TokenBytes } from "./token_bytes.ts";

/** What a file says. */
export interface JsonVocabulary {
  /** Its tokens. */
  readonly vocabulary: TokenBytes;
  /** Whether a text begins with the end-of-text token; omitted if not stated. */
  readonly bos?: boolean;
}

const UTF8 = new TextEncoder();

/**
 * Reads a vocabulary.
 *
 * @param file For messages.
 * @throws {ModelError} `ERR_VOCABULARY_CORRUPT`, naming the token;
 * `ERR_MODEL_UNSUPPORTED` for a tokenizer of another kind.
 */
export function parseJsonVocabulary(
  text: string,
  file: string,
): JsonVocabulary {
  const refuse = (found: string, cause?: unknown) =>
    new ModelError(
      "ERR_VOCABULARY_CORRUPT",
      `Cannot read vocabulary ${file}: ${found}`,
      { cause },
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse("it is not JSON", cause);
  }
  if (!isRecord(json)) throw refuse("it is not an object");
  const { model } = json;
  if (!isRecord(model)) {
    return { vocabulary: inOrder(tokensById(json, refuse), refuse) };
  }
  if (model.type !== "RwkvTrie" || !isRecord(model.vocab)) {
    throw new ModelError(
      "ERR_MODEL_UNSUPPORTED",
      `Cannot read vocabulary ${file}: its tokenizer is ` +
        `${JSON.stringify(model.type)}, and RwkvTrie is supported; put the ` +
        "model's World vocabulary beside it as vocab.txt",
    );
  }
  const bos = beginsWithToken(json.post_processor);
  return {
    vocabulary: inOrder(tokensOfTrie(model.vocab, refuse), refuse),
    ...(bos !== undefined && { bos }),
  };
}

/**
 * Whether a `tokenizer.json` has a text begin with the end-of-text token; nothing if
 * it does not say, or is none.
 */
export function jsonBeginning(text: string): boolean | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isRecord(json) ? beginsWithToken(json.post_processor) : undefined;
  } catch {
    return undefined;
  }
}

type RefuseVocabulary = (found: string) => ModelError;

/** Ids and bytes of tokens by id. */
function tokensById(
  json: Readonly<Record<string, unknown>>,
  refuse: RefuseVocabulary,
): (readonly [number, Uint8Array])[] {
  return Object.entries(json).map(([id, token]) => {
    if (/^\d{1,7}$/.test(id)) {
      if (typeof token === "string") return [Number(id), UTF8.encode(token)];
      if (Array.isArray(token) && token.every(isByte)) {
        return [Number(id), Uint8Array.from(token)];
      }
    }
    throw refuse(`${JSON.stringify(id)} is no token`);
  });
}

/** Ids and bytes of tokens whose characters stand for bytes. */
function tokensOfTrie(
  vocab: Readonly<Record<string, unknown>>,
  refuse: RefuseVocabulary,
): (readonly [number, Uint8Array])[] {
  const bytes = byteOfCharacter();
  return Object.entries(vocab).map(([token, id]) => {
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0) {
      throw refuse(`token ${JSON.stringify(token)} has no id`);
    }
    if (id === 0) return [0, new Uint8Array()];
    const found = Array.from(token, (character) => bytes.get(character));
    const at = found.indexOf(undefined);
    if (at >= 0) throw refuse(`token ${id} has a character that is no byte`);
    return [id, Uint8Array.from(found.map((byte) => byte ?? 0))];
  });
}

/** Tokens in the order of ids, without gaps; 0 ends a text. */
function inOrder(
  tokens: readonly (readonly [number, Uint8Array])[],
  refuse: RefuseVocabulary,
): TokenBytes {
  const size = tokens.reduce((most, [id]) => Math.max(most, id + 1), 1);
  if (size > tokens.length + 1) {
    throw refuse(`it has ${tokens.length} tokens, and one with id ${size - 1}`);
  }
  const found: (Uint8Array | undefined)[] = Array(size).fill(undefined);
  for (const [id, bytes] of tokens) {
    if (found[id] !== undefined) throw refuse(`two tokens have id ${id}`);
    if (bytes.length === 0 && id !== 0) throw refuse(`token ${id} is empty`);
    found[id] = id === 0 ? new Uint8Array() : bytes;
  }
  const inOrder = new TokenBytes();
  for (const [id, bytes] of found.entries()) {
    if (bytes === undefined && id > 0) throw refuse(`no token has id ${id}`);
    inOrder.add(bytes ?? []);
  }
  return inOrder;
}

/** GPT-2's characters for bytes: printable ones for themselves, then from U+0100. */
function byteOfCharacter(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) ||
      (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    found.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return found;
}

/** Whether a post-processor puts a special token before a text. */
function beginsWithToken(processor: unknown): boolean | undefined {
  if (!isRecord(processor)) return undefined;
  const { type, single, processors } = processor;
  if (type === "Sequence" && Array.isArray(processors)) {
    return processors.map(beginsWithToken).find((said) => said !== undefined);
  }
  if (type !== "TemplateProcessing" || !Array.isArray(single)) return undefined;
  return isRecord(single[0]) && "SpecialToken" in single[0];
}

function isByte(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 &&
    value < 256;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
