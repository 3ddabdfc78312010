/**
 * Tokens that cannot come in JSON of one line, though the library lets them: into
 * strings of a bounded length it lets control characters, and bytes that are no
 * UTF-8.
 *
 * @module
 */

/** What may follow a first byte after which not every further byte may. */
const SECOND = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);

/** Knows the bytes of every token. */
export class JsonBytes {
  readonly #bytes: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #anywhere: Uint32Array;
  /** By the byte before. */
  readonly #after: ReadonlyMap<number, Uint32Array>;

  /**
   * Looks at every token.
   *
   * @param bytes Tokens one after the other.
   * @param ends Where each of them ends.
   */
  constructor(bytes: Uint8Array, ends: Uint32Array) {
    this.#bytes = bytes;
    this.#ends = ends;
    this.#anywhere = this.#mask((own) => !own.some(isForeign));
    this.#after = new Map(
      [...SECOND].map(([first, [low, high]]) => [
        first,
        this.#mask(([byte = 0]) => byte >= low && byte <= high),
      ]),
    );
  }

  /** The bytes of a token. */
  of(token: number): Uint8Array {
    const from = token === 0 ? 0 : this.#ends[token - 1];
    return this.#bytes.subarray(from, this.#ends[token]);
  }

  /** Takes away from a mask what cannot come after a token. */
  narrow(mask: Uint32Array, last: number | undefined): void {
    and(mask, this.#anywhere);
    const byte = last === undefined ? undefined : this.of(last).at(-1);
    const after = byte === undefined ? undefined : this.#after.get(byte);
    if (after !== undefined) and(mask, after);
  }

  #mask(may: (bytes: Uint8Array) => boolean): Uint32Array {
    const mask = new Uint32Array(Math.ceil(this.#ends.length / 32));
    for (let token = 0; token < this.#ends.length; token++) {
      if (may(this.of(token))) mask[token >>> 5] |= 1 << (token & 31);
    }
    return mask;
  }
}

/** Controls, and what is nowhere in UTF-8. */
function isForeign(byte: number): boolean {
  return byte < 0x20 || byte === 0xc0 || byte === 0xc1 || byte > 0xf4;
}

function and(mask: Uint32Array, other: Uint32Array): void {
  for (let i = 0; i < mask.length; i++) mask[i] &= other[i] ?? 0;
}
