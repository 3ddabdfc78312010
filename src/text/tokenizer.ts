/** Text to tokens and back. */
export interface Tokenizer {
  /** Tokens it knows, the end of text included: ids are in [0, size). */
  readonly size: number;
  /** The token that ends a text, and that a blank conversation reads first. */
  readonly end: number;
  /** SHA-256 over the vocabulary, part of the model's fingerprint. */
  readonly digest: Uint8Array;
  /**
   * Bytes of the longest token, where at each place of a text the longest that fits
   * is taken: what comes later than that changes nothing. Absent: not so.
   */
  readonly longest?: number;
  /** The tokens of `text`; never {@linkcode end}. */
  encode(text: string): number[];
  /**
   * The bytes of one token, which may end inside a character; none for
   * {@linkcode end} and for ids outside the vocabulary.
   */
  bytes(token: number): Uint8Array;
}
