/**
 * Lists that answers may have a million entries of: none is made before it is
 * written.
 *
 * @module
 */

/** A list whose entries are made as they are written. */
export class MadeList<T> {
  readonly length: number;
  readonly #make: (place: number) => T;

  /** Makes nothing yet. */
  constructor(length: number, make: (place: number) => T) {
    this.length = length;
    this.#make = make;
  }

  /** A list of what becomes of each entry of another. */
  static of<S, T>(
    list: readonly S[],
    make: (entry: S, place: number) => T,
  ): MadeList<T> {
    return new MadeList(list.length, (place) => make(list[place], place));
  }

  /** Makes some of the entries. */
  slice(from: number, to: number): T[] {
    const end = Math.min(to, this.length);
    return Array.from(
      { length: Math.max(0, end - from) },
      (_, i) => this.#make(from + i),
    );
  }
}
