/**
 * What the engine tells about its work: how long things took and how many tokens
 * they were, never which.
 *
 * @module
 */

/** The parts of a turn, in order. */
export type TurnPhase = "wait" | "upload" | "prefill" | "decode" | "download";

/** Told how long each part of one turn took. Must not throw. */
export interface TurnObserver {
  /**
   * A part is over.
   *
   * @param name Which.
   * @param from Its start, as `performance.now()` said it.
   * @param to Its end, likewise.
   * @param tokens Read or drawn in it.
   */
  phase(name: TurnPhase, from: number, to: number, tokens?: number): void;
}

/** One step of the model, all lanes together. */
export interface StepReport {
  /** Milliseconds from asking for it to its answer. */
  readonly ms: number;
  /** Lanes that took part. */
  readonly lanes: number;
  /** Whether a lane read a prompt in it. */
  readonly reading: boolean;
  /** Tokens read before anything was drawn. */
  readonly read: number;
  /** Tokens drawn. */
  readonly drawn: number;
}
