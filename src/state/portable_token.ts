/**
 * Portable tokens: a save file and its SHA-256, in the clear. As bytes the one
 * after the other, as text `gosling-portable.` and the same in base64url.
 *
 * The checksum finds damage, not malice: a writer of the file can change
 * the checksum too.
 *
 * @module
 */

import { fromBase64url, toBase64url } from "../text/base64url.ts";
import { hex } from "../text/hex.ts";
import {
  expectAlphabet,
  isCanonical,
  unreadableToken,
} from "./token_envelope.ts";
import { HASH_BYTES, MAGIC } from "./save_header.ts";

const PREFIX = "gosling-portable.";

/** The bytes of a token. */
export async function portable(
  file: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.length + HASH_BYTES);
  bytes.set(file);
  bytes.set(await hash(file), file.length);
  return bytes;
}

/** The text of a token. */
export function portableText(bytes: Uint8Array): string {
  return PREFIX + toBase64url(bytes);
}

/** Whether text begins like a portable token. */
export function isPortableText(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Whether bytes begin like a portable token. */
export function isPortableBytes(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => byte === bytes[i]);
}

/**
 * The file in a token.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if the checksum differs.
 */
export async function openPortable(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const end = Math.max(0, bytes.length - HASH_BYTES);
  const file = bytes.subarray(0, end);
  const found = hex(bytes.subarray(end)), expected = await hash(file);
  if (found !== hex(expected)) {
    throw unreadableToken(
      `its checksum at byte ${end} is ${found}, expected ${hex(expected)}`,
    );
  }
  return file;
}

/**
 * The file in a token's text.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if it is not base64url, or the
 * checksum differs.
 */
export async function openPortableText(
  text: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return await openPortable(portableBytes(text));
}

/**
 * The bytes of a token's text, which {@linkcode openPortable} opens.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if the text is not base64url.
 */
export function portableBytes(text: string): Uint8Array<ArrayBuffer> {
  expectAlphabet(text);
  const dot = text.indexOf(".", PREFIX.length);
  if (dot >= 0) {
    throw unreadableToken(`character ${dot} is ".", expected base64url`);
  }
  const body = text.slice(PREFIX.length);
  if (!isCanonical(body)) {
    throw unreadableToken("its last character has bits that no byte uses");
  }
  try {
    return fromBase64url(body);
  } catch {
    throw unreadableToken(`its ${text.length} characters end amid a byte`);
  }
}

async function hash(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
