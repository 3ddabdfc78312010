/**
 * A checksum for weights: finds what a disk has damaged, faster than memory is
 * read, and is no proof against somebody who writes files on purpose.
 *
 * Formula: four sums over every fourth word w of 32 bits, h = (rotl₁₃(h) ^ w) p
 * with p = 0x9e3779b1. A step maps neither two sums nor two words to one, so that
 * a single word that differs always shows.
 *
 * @module
 */

const PRIME = 0x9e3779b1;

/** Words that the sums take together, and their bytes. */
const WORDS_OF_BLOCK = 4, CHECKSUM_BLOCK = 16;

/**
 * The checksum of bytes, 32 lower-case hexadecimal digits. Zeros behind them change
 * nothing up to a multiple of 16 bytes: their number has to be kept as well.
 *
 * @param bytes At a multiple of 4 in their buffer.
 */
export function checksum(bytes: Uint8Array): string {
  const whole = bytes.length - bytes.length % CHECKSUM_BLOCK;
  const rest = new Uint8Array(CHECKSUM_BLOCK);
  rest.set(bytes.subarray(whole));
  const sums = Int32Array.of(1, 2, 3, 4);
  addToSums(sums, bytes.subarray(0, whole));
  addToSums(sums, rest.subarray(0, whole < bytes.length ? CHECKSUM_BLOCK : 0));
  return new Uint8Array(sums.buffer).toHex();
}

/** Adds whole blocks. */
function addToSums(sums: Int32Array, bytes: Uint8Array): void {
  const { buffer, byteOffset, length } = bytes;
  const words = new Int32Array(buffer, byteOffset, length / 4);
  let [a, b, c, d] = sums;
  for (let i = 0; i < words.length; i += WORDS_OF_BLOCK) {
    a = Math.imul((a << 13 | a >>> 19) ^ words[i], PRIME);
    b = Math.imul((b << 13 | b >>> 19) ^ words[i + 1], PRIME);
    c = Math.imul((c << 13 | c >>> 19) ^ words[i + 2], PRIME);
    d = Math.imul((d << 13 | d >>> 19) ^ words[i + 3], PRIME);
  }
  sums.set([a, b, c, d]);
}
