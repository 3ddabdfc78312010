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
  readonly #headerBytes: Uint8Array;
  readonly #headerView: DataView;
  readonly #ggufName: string;
  #headerAt = 0;

  /**
   * Starts at the first byte.
   *
   * @param bytes A file's beginning.
   * @param file For messages.
   */
  constructor(bytes: Uint8Array, file: string) {
    this.#headerBytes = bytes;
    this.#headerView = new DataView(
      bytes.buffer,
      bytes.byteOffset,
      bytes.length,
    );
    this.#ggufName = file;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#headerAt;
  }

  /** A number of 32 bits. */
  uint32(): number {
    return this.#headerView.getUint32(this.#takeHeaderBytes(4), true);
  }

  /** A number of 64 bits that counts or points to something. */
  size(): number {
    const value = this.#headerView.getBigUint64(this.#takeHeaderBytes(8), true);
    if (value > Number.MAX_SAFE_INTEGER) {
      throw this.#refuseGguf(`a size is ${value}`);
    }
    return Number(value);
  }

  /** A text, UTF-8. */
  text(): string {
    const length = this.size();
    const at = this.#takeHeaderBytes(length), bytes = this.#headerBytes;
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
    return this.#ggufValue(this.uint32());
  }

  #ggufValue(type: number): GgufValue {
    switch (type) {
      case 8:
        return this.text();
      case 9: {
        const inner = this.uint32();
        // No key of a model needs lists of lists, and they nest without end.
        if (inner === 9) throw this.#refuseGguf("a list holds lists");
        const list: GgufValue[] = [];
        for (let rest = this.size(); rest > 0; rest--) {
          list.push(this.#ggufValue(inner));
        }
        return list;
      }
      default:
        return this.#ggufNumber(type);
    }
  }

  #ggufNumber(type: number): number | boolean {
    const view = this.#headerView;
    switch (type) {
      case 0:
        return view.getUint8(this.#takeHeaderBytes(1));
      case 1:
        return view.getInt8(this.#takeHeaderBytes(1));
      case 2:
        return view.getUint16(this.#takeHeaderBytes(2), true);
      case 3:
        return view.getInt16(this.#takeHeaderBytes(2), true);
      case 4:
        return view.getUint32(this.#takeHeaderBytes(4), true);
      case 5:
        return view.getInt32(this.#takeHeaderBytes(4), true);
      case 6:
        return view.getFloat32(this.#takeHeaderBytes(4), true);
      case 7:
        return view.getUint8(this.#takeHeaderBytes(1)) !== 0;
      case 10:
        return Number(view.getBigUint64(this.#takeHeaderBytes(8), true));
      case 11:
        return Number(view.getBigInt64(this.#takeHeaderBytes(8), true));
      case 12:
        return view.getFloat64(this.#takeHeaderBytes(8), true);
    }
    throw this.#refuseGguf(`a value is of type ${type}, which does not exist`);
  }

  #takeHeaderBytes(length: number): number {
    const at = this.#headerAt;
    if (at + length > this.#headerBytes.length) throw new CutOff();
    this.#headerAt += length;
    return at;
  }

  #refuseGguf(found: string): ModelError {
    return new ModelError(
      "ERR_MODEL_CORRUPT",
      `Cannot read the header of ${this.#ggufName}: before byte ${this.#headerAt} ${found}`,
    );
  }
}
