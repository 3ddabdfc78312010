/**
 * Logits as log probabilities.
 *
 * @module
 */

/** A token and how likely it was. */
export interface TokenLogprob {
  /** The token. */
  readonly token: number;
  /** Natural logarithm of its probability. */
  readonly logprob: number;
}

/** A token of a text, and what else could have stood there. */
export interface ScoredToken extends TokenLogprob {
  /** The likeliest tokens at its place, as many as were asked for. */
  readonly top: readonly TokenLogprob[];
}

/**
 * How likely `token` was.
 *
 * @param logits `[V]`, as the model gave them: before penalties and temperature.
 * @param top How many of the likeliest tokens to name; ties go to the lower one.
 */
export function scoreToken(
  logits: Float32Array,
  token: number,
  top: number,
): ScoredToken {
  const offset = logSumExp(logits);
  const scored = (token: number) => ({
    token,
    logprob: logits[token] - offset,
  });
  return { ...scored(token), top: likeliest(logits, top).map(scored) };
}

/** `ln Σ exp(x)`, taken from the largest so that nothing overflows. */
function logSumExp(x: Float32Array): number {
  let max = -Infinity;
  for (let i = 0; i < x.length; i++) if (x[i] > max) max = x[i];
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.exp(x[i] - max);
  return max + Math.log(sum);
}

/** The `count` likeliest tokens, the likeliest first. */
function likeliest(logits: Float32Array, count: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < logits.length && count > 0; i++) {
    if (best.length === count && logits[i] <= logits[best[count - 1]]) continue;
    if (best.length === count) best.pop();
    let place = best.length;
    while (place > 0 && logits[i] > logits[best[place - 1]]) place--;
    best.splice(place, 0, i);
  }
  return best;
}
