/**
 * Memory that is free only once the garbage collector has seen that it is.
 *
 * @module
 */

/** Bytes held at most while waiting, and taken at a time. */
const MOST_HELD_BYTES = 2 ** 32, HELD_PART_BYTES = 64 << 20;

/** Knows whether the collector has been at work since it was made. */
export class Collection {
  #garbageWitness: object | undefined = {};

  /**
   * Has the memory of a model that was unloaded given back soon. It lies outside
   * of the heap, where the collector does not look as long as the heap is small, so
   * that a server which swaps models would hold several too many. What the collector does look at is
   * how much is held: parts that nobody touches, and which so take no memory,
   * bring it to work. An object as old as the model, which is dropped with it,
   * tells when it has been.
   */
  async soon(): Promise<void> {
    if (this.#garbageWitness === undefined) return;
    const witness = new WeakRef(this.#garbageWitness);
    this.#garbageWitness = undefined;
    const held: ArrayBuffer[] = [];
    while (held.length * HELD_PART_BYTES < MOST_HELD_BYTES) {
      await eventLoopTurn();
      if (witness.deref() === undefined) return;
      // Who asks for an object keeps it until the end of this turn.
      await eventLoopTurn();
      try {
        held.push(new ArrayBuffer(HELD_PART_BYTES));
      } catch {
        // Where even that is too much, the collector has done what it can.
        return;
      }
    }
  }
}

/** Lets the event loop get round. */
function eventLoopTurn(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}
