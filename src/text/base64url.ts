/**
 * Base64url without padding, RFC 4648, section 5. Engines have it built in since
 * 2025; others go through `btoa` and `atob`.
 *
 * @module
 */

/** Characters of a string built at once: more overflow the stack. */
const PIECE = 1 << 14;

/** Writes bytes as text. */
export function toBase64url(bytes: Uint8Array): string {
  if (typeof bytes.toBase64 === "function") {
    return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  }
  return encodePlainly(bytes);
}

/**
 * Reads text as bytes.
 *
 * @throws {SyntaxError} If it is not base64url, or ends amid a byte.
 */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  if (typeof Uint8Array.fromBase64 === "function") {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  }
  return decodePlainly(text);
}

/** {@linkcode toBase64url} on any engine. */
export function encodePlainly(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** {@linkcode fromBase64url} on any engine. */
export function decodePlainly(text: string): Uint8Array<ArrayBuffer> {
  if (/[^\w-]/.test(text) || text.length % 4 === 1) {
    throw new SyntaxError(`Cannot read base64url of ${text.length} characters`);
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
