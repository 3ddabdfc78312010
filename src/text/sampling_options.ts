/**
 * How the next token is drawn, the same on every device:
 *
 * penalties → logit bias → grammar mask → temperature → top-k → top-p → min-p →
 * draw.
 *
 * Ties go to the lower token. The draw of the token at position `p` of the text
 * uses Philox 4×32-10 keyed by the seed and counted by `p`, so a resumed, batched
 * or migrated generation draws the same tokens.
 *
 * @module
 */

/** What a request may ask of sampling. Ranges are checked by its schema. */
export interface SamplingOptions {
  /** Divides the logits; 0 takes the likeliest token. */
  readonly temperature: number;
  /** Keep this many likeliest tokens; 0 keeps all. */
  readonly topK: number;
  /** Keep the fewest likeliest tokens whose probability reaches this; 1 keeps all. */
  readonly topP: number;
  /** Keep tokens of at least this share of the likeliest one's probability. */
  readonly minP: number;
  /** Subtracted from the logit of each token already drawn. */
  readonly presencePenalty: number;
  /** Times the token's decayed count, subtracted from its logit. */
  readonly frequencyPenalty: number;
  /** Multiplies all counts at each token drawn. */
  readonly penaltyDecay: number;
  /** Added to logits, by token. */
  readonly logitBias: ReadonlyMap<number, number>;
}

/** Sampling as a device is asked for it in one step. */
export interface Sampling extends SamplingOptions {
  /** 64 bits as two u32 halves, low first. */
  readonly seed: readonly [low: number, high: number];
  /**
   * Position in the text of the first token to draw: tokens read since blank,
   * those of this step included. The next one drawn has the next position.
   */
  readonly position: number;
  /** Decayed counts of the tokens drawn so far, f32, before this step. */
  readonly counts: ReadonlyMap<number, number>;
  /** Bits `[V]`, 1 for a token that may be drawn; none allows all. */
  readonly mask?: Uint32Array;
}

/** Takes the likeliest token, without penalties. */
export const GREEDY: Sampling = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  penaltyDecay: 1,
  logitBias: new Map(),
  seed: [0, 0],
  position: 0,
  counts: new Map(),
};
