/**
 * How many rows of a prompt a submit takes. Systems reset a GPU that is silent for
 * some two seconds, and a slow one may need as long for a full chunk of a large
 * model, so what took long is tried with half as many rows from then on. A chunk's
 * bits do not depend on where it is cut.
 *
 * The same times say how many chunks may be asked for before somebody waits for
 * them: whoever is not held up by the device hears of nothing else meanwhile, and
 * what is asked for cannot be taken back.
 *
 * @module
 */

/** Milliseconds of a chunk from which on the next ones are shorter. */
const SLOW = 500;

/** Rows below which a chunk is no more divided. */
export const FEWEST = 32;

/** Milliseconds of work that may be asked for before it is waited for. */
const MOST_BEHIND = 100;

/** Rows of the next chunks. */
export class ChunkLength {
  #rows: number;
  readonly #fewest: number;
  /** Milliseconds of a chunk, as last heard: any number at first. */
  #each = Infinity;
  /** Chunks asked for, and of these how many are known to be done. */
  #asked = 0;
  #done = 0;
  /** When the oldest of the others was asked for, and when the last was heard of. */
  #began = 0;
  #ended = 0;
  /** Chunks that were asked for before the last change. */
  #before = 0;

  /**
   * Begins with full chunks.
   *
   * @param fewest Rows below which a chunk is no more divided.
   */
  constructor(rows: number, fewest: number) {
    this.#rows = rows;
    this.#fewest = fewest;
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

  /**
   * Whether what nobody has heard of takes so long that it is to be waited for.
   *
   * @param more Passes besides the chunks, each shorter than a chunk.
   */
  isBehind(more: number): boolean {
    return (this.#asked - this.#done + more) * this.#each > MOST_BEHIND;
  }

  /** All is done that was asked for until then. */
  hear(asked: number, now: number): void {
    const chunks = asked - this.#done;
    const each = (now - Math.max(this.#began, this.#ended)) / chunks;
    this.#done = asked;
    this.#ended = now;
    if (chunks <= 0) return;
    this.#each = each;
    if (each <= SLOW || asked <= this.#before) return;
    this.#rows = Math.max(this.#fewest, this.#rows / 2);
    this.#before = this.#asked;
  }
}
