/**
 * How many rows of a prompt a submit takes. Systems reset a GPU that is silent for
 * some two seconds, and a slow one may need as long for a full chunk of a large
 * model, so what took long is tried with half as many rows from then on. A chunk's
 * bits do not depend on where it is cut.
 *
 * @module
 */

/** Milliseconds of a chunk from which on the next ones are shorter. */
const SLOW = 500;

/** Rows below which a chunk is no more divided. */
const FEWEST = 32;

/** Rows of the next chunks. */
export class ChunkLength {
  #rows: number;
  /** Chunks asked for, and of these how many are known to be done. */
  #asked = 0;
  #done = 0;
  /** When the oldest of the others was asked for, and when the last was heard of. */
  #began = 0;
  #ended = 0;
  /** Chunks that were asked for before the last change. */
  #before = 0;

  /** Begins with full chunks. */
  constructor(rows: number) {
    this.#rows = rows;
  }

  /** Rows of a chunk. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Chunks are submitted.
   *
   * @param now Milliseconds.
   * @returns What {@linkcode hear} takes when they are done.
   */
  ask(chunks: number, now: number): number {
    if (this.#asked === this.#done) this.#began = now;
    return this.#asked += chunks;
  }

  /** All is done that was asked for until then. */
  hear(asked: number, now: number): void {
    const chunks = asked - this.#done;
    const each = (now - Math.max(this.#began, this.#ended)) / chunks;
    this.#done = asked;
    this.#ended = now;
    if (chunks <= 0 || each <= SLOW || asked <= this.#before) return;
    this.#rows = Math.max(FEWEST, this.#rows / 2);
    this.#before = this.#asked;
  }
}
