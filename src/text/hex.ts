/**
 * Bytes for people.
 *
 * @module
 */

/** Lower-case hexadecimal; engines have `toHex` only since 2025. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
