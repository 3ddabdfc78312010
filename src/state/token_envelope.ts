/**
 * The two ways a sealed token travels. It is a JWE (RFC 7516): as text in its
 * compact form, as bytes
 *
 * ```text
 * offset  type     content
 *      0  u8[8]    "GOSLSEAL"
 *      8  u16      version, 1
 *     10  u16      H, bytes of the header
 *     12  u8[H]    protected header, JSON
 *         u8[12]   initialization vector
 *         u8[16]   authentication tag
 *         u8[]     ciphertext, to the end
 * ```
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { atOnce } from "../steps.ts";
import { fromBase64url, toBase64url } from "../text/base64url.ts";

/** The parts of a sealed token. */
export interface SealedParts {
  /** Header as it is authenticated: base64url of JSON. */
  readonly header: string;
  /** Initialization vector, 12 bytes. */
  readonly iv: Uint8Array<ArrayBuffer>;
  /** Ciphertext, then 16 bytes of tag: how WebCrypto gives and takes them. */
  readonly sealed: Uint8Array<ArrayBuffer>;
  /**
   * Whether bits that no byte uses are zero: base64url decoders ignore them, and
   * would take several texts for one token.
   */
  readonly canonical: boolean;
}

const SEALED_MAGIC = new TextEncoder().encode("GOSLSEAL");
const SEALED_VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const MOST_HEADER_BYTES = 1024;
const BASE64URL =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The compact form. */
export function sealedText({ header, iv, sealed }: SealedParts): string {
  const end = sealed.length - TAG_BYTES;
  const ciphertext = toBase64url(sealed.subarray(0, end));
  const tag = toBase64url(sealed.subarray(end));
  return `${header}..${toBase64url(iv)}.${ciphertext}.${tag}`;
}

/**
 * Splits the compact form.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if it is none.
 */
export function splitSealedText(text: string): SealedParts {
  return atOnce(splittingSealedText(text));
}

/** Characters that are decoded in one step, a multiple of 4: about 3 ms. */
const STEP = 2 ** 22;

/** Splits the compact form as {@linkcode splitSealedText} does, in steps. */
export function* splittingSealedText(
  text: string,
): Generator<void, SealedParts> {
  // Decoding sees every character in a thirtieth of the time that looking at each
  // takes, and says less of what it found.
  const refuse = (found: string) => {
    expectAlphabet(text);
    return unreadableToken(found);
  };
  if (text === "") throw unreadableToken("it is empty");
  const parts = text.split(".");
  if (parts.length !== 5) {
    const count = parts.length === 1 ? "1 part" : `${parts.length} parts`;
    throw refuse(`it has ${count}, expected 5`);
  }
  const [header, encryptedKey, iv, ciphertext, tag] = parts;
  const lengths = [
    [1, header, 1, Math.ceil(MOST_HEADER_BYTES * 4 / 3)],
    [2, encryptedKey, 0, 0],
    [3, iv, 16, 16],
    [4, ciphertext, 1, Infinity],
    [5, tag, 22, 22],
  ] as const;
  for (const [place, { length }, least, most] of lengths) {
    if (length < least || length > most) {
      throw refuse(
        `part ${place} has ${length} characters, expected ${
          least === most ? least : `${least} to ${most}`
        }`,
      );
    }
  }
  if (ciphertext.length % 4 === 1) {
    throw refuse(
      `part 4 has ${ciphertext.length} characters and ends amid a byte`,
    );
  }
  if (/[^\w-]/.test(header)) expectAlphabet(text);
  const end = Math.floor(ciphertext.length * 3 / 4);
  const sealed = new Uint8Array(end + TAG_BYTES);
  for (let at = 0; at < ciphertext.length; at += STEP) {
    const piece = ciphertext.slice(at, at + STEP);
    if (!decode(piece, sealed.subarray(at / 4 * 3))) {
      throw refuse("part 4 is not base64url");
    }
    yield;
  }
  const vector = new Uint8Array(IV_BYTES);
  if (!decode(iv, vector) || !decode(tag, sealed.subarray(end))) {
    throw refuse("part 3 or 5 is not base64url");
  }
  return {
    header,
    iv: vector,
    sealed,
    canonical: isCanonical(ciphertext) && isCanonical(tag),
  };
}

/** Decodes base64url, unless a character is none: white space too, and padding. */
function decode(text: string, target: Uint8Array): boolean {
  try {
    const { written } = target.setFromBase64(text, { alphabet: "base64url" });
    return written === Math.floor(text.length * 3 / 4);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Whether the bits that no byte of a text in base64url uses are zero. */
export function isCanonical(text: string): boolean {
  const last = BASE64URL.indexOf(text.at(-1) ?? "A");
  const spare = [0, 63, 15, 3][text.length % 4];
  return (last & spare) === 0;
}

/** The binary form. */
export function sealedBytes(parts: SealedParts): Uint8Array<ArrayBuffer> {
  const header = fromBase64url(parts.header);
  const end = parts.sealed.length - TAG_BYTES;
  const start = SEALED_MAGIC.length + 4;
  const ivAt = start + header.length;
  const tagAt = ivAt + IV_BYTES, textAt = tagAt + TAG_BYTES;
  const bytes = new Uint8Array(textAt + end);
  const view = new DataView(bytes.buffer);
  bytes.set(SEALED_MAGIC);
  view.setUint16(8, SEALED_VERSION, true);
  view.setUint16(10, header.length, true);
  bytes.set(header, start);
  bytes.set(parts.iv, ivAt);
  bytes.set(parts.sealed.subarray(end), tagAt);
  bytes.set(parts.sealed.subarray(0, end), textAt);
  return bytes;
}

/** Whether bytes begin like the binary form of a sealed token. */
export function isSealedBytes(bytes: Uint8Array): boolean {
  return SEALED_MAGIC.every((byte, i) => byte === bytes[i]);
}

/**
 * Splits the binary form.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if a length in it does not fit.
 */
export function splitSealedBytes(bytes: Uint8Array): SealedParts {
  const start = SEALED_MAGIC.length + 4;
  if (bytes.length < start) {
    throw unreadableToken(
      `it has ${bytes.length} bytes, expected at least ${start}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(8, true);
  if (version !== SEALED_VERSION) {
    throw unreadableToken(`version is ${version}, expected ${SEALED_VERSION}`);
  }
  const headerBytes = view.getUint16(10, true);
  if (headerBytes > MOST_HEADER_BYTES) {
    throw unreadableToken(
      `the header at byte 12 has ${headerBytes} bytes, expected at most ${MOST_HEADER_BYTES}`,
    );
  }
  const ivAt = start + headerBytes;
  const tagAt = ivAt + IV_BYTES, textAt = tagAt + TAG_BYTES;
  if (bytes.length <= textAt) {
    throw unreadableToken(
      `it has ${bytes.length} bytes, expected over ${textAt}`,
    );
  }
  const sealed = new Uint8Array(bytes.length - tagAt);
  sealed.set(bytes.subarray(textAt));
  sealed.set(bytes.subarray(tagAt, textAt), bytes.length - textAt);
  return {
    header: toBase64url(bytes.subarray(start, ivAt)),
    iv: bytes.slice(ivAt, tagAt),
    sealed,
    canonical: true,
  };
}

/**
 * Refuses text with anything else than base64url and dots in it.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` naming the first such character.
 */
export function expectAlphabet(text: string): void {
  const at = text.search(/[^\w.-]/);
  if (at < 0) return;
  const code = text.charCodeAt(at).toString(16).padStart(4, "0");
  throw unreadableToken(
    `character ${at} is U+${code.toUpperCase()}, expected base64url`,
  );
}

/** The error of what is no token at all. */
export function unreadableToken(found: string): StateError {
  return new StateError(
    "ERR_STATE_UNREADABLE",
    `Cannot read token: ${found}; a token is the "state" of an answer, whole`,
  );
}
