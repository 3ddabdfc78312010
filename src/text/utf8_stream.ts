/**
 * Bytes to text as they come. A token may end inside a character; the bytes of an
 * unfinished one are held back, and can be given away and taken up again.
 *
 * @module
 */

/** Decodes a stream of UTF-8. What is no UTF-8 becomes U+FFFD. */
export class Utf8Stream {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #pendingBytes: Uint8Array;

  /**
   * Starts a stream, or goes on with one.
   *
   * @param pending {@linkcode Utf8Stream.pending} of the stream to go on with.
   */
  constructor(pending: Uint8Array = new Uint8Array()) {
    this.#pendingBytes = pending.slice();
  }

  /** The at most 3 bytes of an unfinished character. */
  get pending(): Uint8Array {
    return this.#pendingBytes.slice();
  }

  /** The text that these bytes complete. */
  push(bytes: Uint8Array): string {
    const all = new Uint8Array(this.#pendingBytes.length + bytes.length);
    all.set(this.#pendingBytes);
    all.set(bytes, this.#pendingBytes.length);
    const end = all.length - unfinishedCharacterBytes(all);
    this.#pendingBytes = all.slice(end);
    return this.#decoder.decode(all.subarray(0, end));
  }

  /** Ends the stream: an unfinished character becomes U+FFFD. */
  end(): string {
    const text = this.#decoder.decode(this.#pendingBytes);
    this.#pendingBytes = new Uint8Array();
    return text;
  }
}

/** Bytes at the end that begin a character and lack the rest of it. */
function unfinishedCharacterBytes(bytes: Uint8Array): number {
  for (let count = 1; count <= Math.min(3, bytes.length); count++) {
    const lead = bytes[bytes.length - count];
    if ((lead & 0b1100_0000) === 0b1000_0000) continue;
    const whole = characterBytes(lead);
    const second = count > 1 ? bytes[bytes.length - count + 1] : undefined;
    return count < whole && mayFollow(lead, second) ? count : 0;
  }
  return 0;
}

/** Bytes of a character that begins with `lead`; 1 where none begins. */
function characterBytes(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

/**
 * Whether a continuation byte can be the second of a character: overlong forms,
 * surrogates and what lies beyond U+10FFFF are not UTF-8 (RFC 3629, section 4).
 */
function mayFollow(lead: number, second: number | undefined): boolean {
  if (second === undefined) return true;
  switch (lead) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second <= 0x9f;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second <= 0x8f;
    default:
      return true;
  }
}
