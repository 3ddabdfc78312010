/**
 * Saves as bytes: three quarters of the size of their text, for files and
 * databases. A server takes either, and makes both of one save. The layout of bytes
 * is that of the server's `src/state/token_envelope.ts`.
 *
 * @module
 */

import { fromBase64url, toBase64url } from "../text/base64url.ts";

/** A save, as text or as bytes. */
export type SaveToken = string | Uint8Array<ArrayBuffer>;

const PORTABLE_PREFIX = "gosling-portable.";
const SEALED_MAGIC = "GOSLSEAL";
const SEALED_VERSION = 1;
const HEADER_AT = SEALED_MAGIC.length + 4, IV_BYTES = 12, TAG_BYTES = 16;

/**
 * A save as bytes, which `saveText` makes the same text of.
 *
 * @throws {TypeError} If it is no save.
 */
export function saveBytes(save: SaveToken): Uint8Array<ArrayBuffer> {
  if (typeof save !== "string") return save;
  if (save.startsWith(PORTABLE_PREFIX)) {
    return decoded(save.slice(PORTABLE_PREFIX.length));
  }
  const parts = save.split(".");
  const [header = "", , iv = "", text = "", tag = ""] = parts;
  if (parts.length !== 5) throw noSave();
  const head = decoded(header);
  const pieces = [head, decoded(iv), decoded(tag), decoded(text)];
  const bytes = new Uint8Array(
    pieces.reduce((sum, { length }) => sum + length, HEADER_AT),
  );
  bytes.set(new TextEncoder().encode(SEALED_MAGIC));
  const view = new DataView(bytes.buffer);
  view.setUint16(SEALED_MAGIC.length, SEALED_VERSION, true);
  view.setUint16(SEALED_MAGIC.length + 2, head.length, true);
  let at = HEADER_AT;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64url(text);
  } catch {
    throw noSave();
  }
}

function noSave(): TypeError {
  return new TypeError("Cannot make bytes of a text that is no save");
}

/**
 * A save as text.
 *
 * @throws {TypeError} If the bytes are of another version.
 */
export function saveText(save: SaveToken): string {
  if (typeof save === "string") return save;
  const magic = new TextDecoder().decode(save.subarray(0, SEALED_MAGIC.length));
  if (magic !== SEALED_MAGIC) return PORTABLE_PREFIX + toBase64url(save);
  const view = new DataView(save.buffer, save.byteOffset, save.byteLength);
  if (view.getUint16(SEALED_MAGIC.length, true) !== SEALED_VERSION) {
    throw new TypeError("Cannot read a save of another version");
  }
  const ivAt = HEADER_AT + view.getUint16(SEALED_MAGIC.length + 2, true);
  const tagAt = ivAt + IV_BYTES, textAt = tagAt + TAG_BYTES;
  const part = (from: number, to?: number) =>
    toBase64url(save.subarray(from, to));
  return [
    part(HEADER_AT, ivAt),
    "",
    part(ivAt, tagAt),
    part(textAt),
    part(tagAt, textAt),
  ].join(".");
}
