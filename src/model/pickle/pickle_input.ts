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
  readonly #pickleBytes: Uint8Array;
  readonly #pickleView: DataView;
  readonly #pickleName: string;
  #pickleAt = 0;

  /** Begins at the first of `bytes`, which are of `file`. */
  constructor(bytes: Uint8Array, file: string) {
    this.#pickleBytes = bytes;
    this.#pickleView = new DataView(
      bytes.buffer,
      bytes.byteOffset,
      bytes.length,
    );
    this.#pickleName = file;
  }

  /** One byte. */
  byte(): number {
    return this.number(1);
  }

  /** A little-endian number without a sign, of `size` bytes. */
  number(size: 1 | 2 | 4): number {
    const at = this.#advancePickle(size);
    if (size === 1) return this.#pickleBytes[at];
    return size === 2
      ? this.#pickleView.getUint16(at, true)
      : this.#pickleView.getUint32(at, true);
  }

  /** A number with a sign, behind the byte that counts its bytes. */
  long(): number {
    const size = this.byte();
    if (size > 7) throw this.refuse("a number is too large");
    const at = this.#advancePickle(size);
    let value = 0;
    for (let i = 0; i < size; i++) {
      value += this.#pickleBytes[at + i] * 2 ** (8 * i);
    }
    const negative = size > 0 && this.#pickleBytes[at + size - 1] >= 128;
    return negative ? value - 2 ** (8 * size) : value;
  }

  /** A double, big-endian as nothing else is. */
  float(): number {
    return this.#pickleView.getFloat64(this.#advancePickle(8));
  }

  /** A number of bytes, itself of 8 bytes. */
  size(): number {
    const [low, high] = [this.number(4), this.number(4)];
    if (high > 0) throw this.refuse("a text is too long");
    return low;
  }

  /** Passes over bytes. */
  skip(length: number): void {
    this.#advancePickle(length);
  }

  /** UTF-8 of `length` bytes. */
  text(length: number): string {
    const at = this.#advancePickle(length);
    return new TextDecoder().decode(
      this.#pickleBytes.subarray(at, at + length),
    );
  }

  /** Text up to the end of a line. */
  line(): string {
    const end = this.#pickleBytes.indexOf(10, this.#pickleAt);
    if (end < 0) throw this.refuse("it ends inside a name");
    const text = this.text(end - this.#pickleAt);
    this.#pickleAt++;
    return text;
  }

  #advancePickle(length: number): number {
    const at = this.#pickleAt;
    if (at + length > this.#pickleBytes.length) {
      throw this.refuse("it is cut off");
    }
    this.#pickleAt += length;
    return at;
  }

  /** The error that says where the pickle is not what it should be. */
  refuse(found: string): ModelError {
    return new ModelError(
      "ERR_MODEL_CORRUPT",
      `Cannot read the table of ${this.#pickleName}: at byte ${this.#pickleAt} ${found}`,
    );
  }
}
