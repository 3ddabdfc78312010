/**
 * Logits of lanes that have read and not drawn yet. They stay where the pass wrote
 * them until another pass writes there: a draw follows its pass as a rule, and then
 * nothing is copied.
 *
 * @module
 */

/** A lane's logits `[V]`. */
interface Kept {
  readonly logits: Float32Array;
  /** Whether they are this lane's own, and not a pass's. */
  readonly own: boolean;
}

/** The logits of all lanes of a model. */
export class KeptLogits {
  readonly #kept: (Kept | undefined)[];

  /** Keeps none yet. */
  constructor(lanes: number) {
    this.#kept = Array.from({ length: lanes }, () => undefined);
  }

  /** Keeps a pass's logits. */
  keep(lane: number, logits: Float32Array): void {
    this.drop(lane);
    this.#kept[lane] = { logits, own: false };
  }

  /** Those of a lane, if it has some. */
  of(lane: number): Float32Array | undefined {
    return this.#kept[lane]?.logits;
  }

  /** Forgets a lane's: nothing of them is left. */
  drop(lane: number): void {
    const kept = this.#kept[lane];
    if (kept?.own === true) kept.logits.fill(0);
    this.#kept[lane] = undefined;
  }

  /** Makes those of `from` those of `to`, too. */
  copy(from: number, to: number): void {
    this.drop(to);
    const logits = this.of(from);
    if (logits === undefined) return;
    this.#kept[to] = { logits: new Float32Array(logits), own: true };
  }

  /** Copies what the next pass writes over. */
  rescue(): void {
    for (const [lane, kept] of this.#kept.entries()) {
      if (kept === undefined || kept.own) continue;
      const logits = new Float32Array(kept.logits);
      this.#kept[lane] = { logits, own: true };
    }
  }
}
