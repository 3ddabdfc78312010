/**
 * Characters of strings as JSON writes them: escapes and UTF-8.
 *
 * Source: RFC 8259, section 7; RFC 3629.
 *
 * @module
 */

/** The byte that ends a string. */
export const QUOTE = 0x22;

/** The byte that begins an escape. */
export const BACKSLASH = 0x5c;

/** Characters by the letter of their escape. */
export const ESCAPES = new Map([
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [0x2f, 0x2f],
  [0x62, 8],
  [0x66, 12],
  [0x6e, 10],
  [0x72, 13],
  [0x74, 9],
]);

/** What may follow a first byte after which not every further byte may. */
export const SECOND = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);

/** A mark at the beginning is a character as any other. */
const STRING_DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of a string as it is written, without its quotes. */
export function textOf(written: string): string {
  const bytes = Uint8Array.from(written, (byte) => byte.charCodeAt(0));
  return JSON.parse(`"${STRING_DECODER.decode(bytes)}"`);
}

/** Control characters. */
export const CONTROLS: readonly number[] = Array.from(
  { length: 0x20 },
  (_, code) => code,
);

/** Characters that have to be escaped. */
export const ESCAPABLE = [QUOTE, BACKSLASH, ...CONTROLS];

/** What is written of `\uXXXX`, behind a high surrogate or 0. */
export interface Digits {
  /** The high surrogate before them, or 0. */
  readonly high: number;
  /** How many there are. */
  readonly count: number;
  /** Their value. */
  readonly code: number;
}

/** Digits as one number. */
export function digits({ high, count, code }: Digits): number {
  return (high * 8 + count) * 0x10000 + code;
}

/** Digits of the number of {@linkcode digits}. */
export function written(value: number): Digits {
  const rest = Math.floor(value / 0x10000);
  return { high: Math.floor(rest / 8), count: rest % 8, code: value % 0x10000 };
}

/** The bytes of a character. */
export function utf8(code: number): number[] {
  return [...new TextEncoder().encode(String.fromCodePoint(code))];
}
