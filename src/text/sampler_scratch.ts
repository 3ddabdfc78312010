/**
 * Memory for the sampler, so that a draw allocates nothing.
 *
 * @module
 */

/** Tokens in a group. */
export const GROUP = 64;

/** Where a draw is worked out; make one per vocabulary size and reuse it. */
export class SamplerScratch {
  /** Logits after penalties, bias and mask `[V]`. */
  readonly logits: Float32Array<ArrayBuffer>;
  /** The same bits. */
  readonly bits: Uint32Array<ArrayBuffer>;
  /** Candidates, in order of id. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** Weight of each candidate. */
  readonly weights: Float32Array<ArrayBuffer>;
  /** Rank of each candidate: a larger key is likelier. */
  readonly keys: Uint32Array<ArrayBuffer>;
  /** Places of the candidates among which a selection still has to tell. */
  readonly sought: Uint32Array<ArrayBuffer>;
  /** The largest logit of each group of {@linkcode GROUP} tokens. */
  readonly groups: Float32Array<ArrayBuffer>;
  /** The same, for sorting. */
  readonly sorted: Float32Array<ArrayBuffer>;

  /** Makes room for a vocabulary of `V` tokens. */
  constructor(V: number) {
    this.logits = new Float32Array(V);
    this.bits = new Uint32Array(this.logits.buffer);
    this.ids = new Uint32Array(V);
    this.weights = new Float32Array(V);
    this.keys = new Uint32Array(V);
    this.sought = new Uint32Array(V);
    this.groups = new Float32Array(Math.ceil(V / GROUP));
    this.sorted = new Float32Array(this.groups.length);
  }
}
