/**
 * The operands of a pickle's instructions, read one after the other.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";

/**
 * Bytes of a pickle and a place in them. Every reader throws `ERR_MODEL_CORRUPT`
 * with that place where the bytes end too soon.
 */
export class PickleInput {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  #at = 0;

  /** Begins at the first of `bytes`, which are of `file`. */
  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#file = file;
  }

  /** One byte. */
  byte(): number {
    return this.number(1);
  }

  /** A little-endian number without a sign, of `size` bytes. */
  number(size: 1 | 2 | 4): number {
    const at = this.#advance(size);
    if (size === 1) return this.#bytes[at];
    return size === 2
      ? this.#view.getUint16(at, true)
      : this.#view.getUint32(at, true);
  }

  /** A number with a sign, behind the byte that counts its bytes. */
  long(): number {
    const size = this.byte();
    if (size > 7) throw this.refuse("a number is too large");
    const at = this.#advance(size);
    let value = 0;
    for (let i = 0; i < size; i++) value += this.#bytes[at + i] * 2 ** (8 * i);
    const negative = size > 0 && this.#bytes[at + size - 1] >= 128;
    return negative ? value - 2 ** (8 * size) : value;
  }

  /** A double, big-endian as nothing else is. */
  float(): number {
    return this.#view.getFloat64(this.#advance(8));
  }

  /** A number of bytes, itself of 8 bytes. */
  size(): number {
    const [low, high] = [this.number(4), this.number(4)];
    if (high > 0) throw this.refuse("a text is too long");
    return low;
  }

  /** Passes over bytes. */
  skip(length: number): void {
    this.#advance(length);
  }

  /** UTF-8 of `length` bytes. */
  text(length: number): string {
    const at = this.#advance(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }

  /** Text up to the end of a line. */
  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw this.refuse("it ends inside a name");
    const text = this.text(end - this.#at);
    this.#at++;
    return text;
  }

  #advance(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw this.refuse("it is cut off");
    this.#at += length;
    return at;
  }

  /** The error that says where the pickle is not what it should be. */
  refuse(found: string): ModelError {
    return new ModelError(
      "ERR_MODEL_CORRUPT",
      `Cannot read the table of ${this.#file}: at byte ${this.#at} ${found}`,
    );
  }
}
