/**
 * Reads a GGUF header's numbers, texts and lists.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";

/** A value of a key. Numbers of 64 bits are rounded to doubles. */
export type GgufValue = number | boolean | string | readonly GgufValue[];

/** The bytes at hand end before the header does. */
export class CutOff extends Error {}

const UTF8 = new TextDecoder();

/** Bytes of a text that is read one by one where they are ASCII. */
const SHORT = 32;

/** A place in a header. */
export class GgufReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  #at = 0;

  /**
   * Starts at the first byte.
   *
   * @param bytes A file's beginning.
   * @param file For messages.
   */
  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#file = file;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  /** A number of 32 bits. */
  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A number of 64 bits that counts or points to something. */
  size(): number {
    const value = this.#view.getBigUint64(this.#take(8), true);
    if (value > Number.MAX_SAFE_INTEGER) {
      throw this.#refuse(`a size is ${value}`);
    }
    return Number(value);
  }

  /** A text, UTF-8. */
  text(): string {
    const length = this.size();
    const at = this.#take(length), bytes = this.#bytes;
    // A vocabulary has thousands of short ones, and a decoder takes its time.
    if (length > SHORT) return UTF8.decode(bytes.subarray(at, at + length));
    let text = "";
    for (let i = at; i < at + length; i++) {
      if (bytes[i] > 0x7f) return UTF8.decode(bytes.subarray(at, at + length));
      text += String.fromCharCode(bytes[i]);
    }
    return text;
  }

  /** A type, then a value of it. */
  value(): GgufValue {
    return this.#valueOf(this.uint32());
  }

  #valueOf(type: number): GgufValue {
    switch (type) {
      case 8:
        return this.text();
      case 9: {
        const inner = this.uint32();
        // No key of a model needs lists of lists, and they nest without end.
        if (inner === 9) throw this.#refuse("a list holds lists");
        const list: GgufValue[] = [];
        for (let rest = this.size(); rest > 0; rest--) {
          list.push(this.#valueOf(inner));
        }
        return list;
      }
      default:
        return this.#number(type);
    }
  }

  #number(type: number): number | boolean {
    const view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(this.#take(1));
      case 1:
        return view.getInt8(this.#take(1));
      case 2:
        return view.getUint16(this.#take(2), true);
      case 3:
        return view.getInt16(this.#take(2), true);
      case 4:
        return view.getUint32(this.#take(4), true);
      case 5:
        return view.getInt32(this.#take(4), true);
      case 6:
        return view.getFloat32(this.#take(4), true);
      case 7:
        return view.getUint8(this.#take(1)) !== 0;
      case 10:
        return Number(view.getBigUint64(this.#take(8), true));
      case 11:
        return Number(view.getBigInt64(this.#take(8), true));
      case 12:
        return view.getFloat64(this.#take(8), true);
    }
    throw this.#refuse(`a value is of type ${type}, which does not exist`);
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new CutOff();
    this.#at += length;
    return at;
  }

  #refuse(found: string): ModelError {
    return new ModelError(
      "ERR_MODEL_CORRUPT",
      `Cannot read the header of ${this.#file}: before byte ${this.#at} ${found}`,
    );
  }
}
