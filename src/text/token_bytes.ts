/**
 * The bytes of a vocabulary's tokens, one token behind the other: 65,536 of them take
 * a megabyte, and as arrays of their own fifteen.
 *
 * @module
 */

/** Tokens by id. Token 0, which ends a text, is empty. */
export class TokenBytes implements Iterable<Uint8Array> {
  #bytes = new Uint8Array(1 << 14);
  #ends = new Uint32Array(1 << 12);
  #size = 0;

  /** The tokens of a list, or none yet. */
  constructor(tokens: Iterable<ArrayLike<number>> = []) {
    for (const token of tokens) this.add(token);
  }

  /** Tokens. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of all. */
  get bytes(): number {
    return this.#size === 0 ? 0 : this.#ends[this.#size - 1];
  }

  /** Adds the token with the next id. */
  add(token: ArrayLike<number>): void {
    const from = this.bytes, to = from + token.length;
    while (to > this.#bytes.length) {
      const more = new Uint8Array(2 * this.#bytes.length);
      more.set(this.#bytes);
      this.#bytes = more;
    }
    if (this.#size === this.#ends.length) {
      const more = new Uint32Array(2 * this.#ends.length);
      more.set(this.#ends);
      this.#ends = more;
    }
    for (let i = 0; i < token.length; i++) this.#bytes[from + i] = token[i];
    this.#ends[this.#size++] = to;
  }

  /** The bytes of a token; none for what is no token. Not to be changed. */
  of(token: number): Uint8Array {
    const to = token < this.#size ? this.#ends[token] ?? 0 : 0;
    const from = to > 0 ? this.#ends[token - 1] ?? 0 : 0;
    return this.#bytes.subarray(from, to);
  }

  /** The bytes of each token in the order of ids. */
  *[Symbol.iterator](): Iterator<Uint8Array> {
    for (let token = 0; token < this.#size; token++) yield this.of(token);
  }
}
