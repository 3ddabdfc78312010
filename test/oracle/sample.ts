import { uniformAt } from "../../src/text/philox.ts";
import type { Sampling } from "../../src/text/sampling_options.ts";

/**
 * The draw in float64 and by sorting, as `src/text/sampler.ts` defines it.
 *
 * @returns The token, and how near a sum came to deciding otherwise: a device
 * that sums in float32 may draw another token if this is below its error.
 */
export function sample(
  logits: ArrayLike<number>,
  sampling: Sampling,
): { token: number; margin: number } {
  const { temperature, topK, topP, minP, counts, mask } = sampling;
  const x = Array.from(logits);
  for (const [token, count] of counts) {
    if (count <= 0) continue;
    x[token] -= sampling.presencePenalty + sampling.frequencyPenalty * count;
  }
  for (const [token, bias] of sampling.logitBias) x[token] += bias;
  const order = x.map((_, token) => token)
    .filter((t) => !mask || (mask[t >> 5] >> (t & 31)) & 1)
    .filter((t) => !Number.isNaN(x[t]))
    .sort((a, b) => x[b] - x[a] || a - b);
  const [best, second = best] = order;
  if (temperature === 0) return { token: best, margin: x[best] - x[second] };

  const weight = (t: number) => Math.exp((x[t] - x[best]) / temperature);
  const total = (ids: readonly number[]) =>
    ids.reduce((sum, t) => sum + weight(t), 0);
  let margin = Infinity;
  let kept = order.filter((t) => (x[t] - x[best]) / temperature >= -32);
  if (topK > 0) kept = kept.slice(0, topK);
  if (topP < 1) {
    const target = topP * total(kept);
    let seen = 0, n = 0;
    while (n < kept.length && (n === 0 || seen < target)) {
      seen += weight(kept[n++]);
      margin = Math.min(margin, Math.abs(seen - target));
    }
    kept = kept.slice(0, n);
  }
  if (minP > 0) {
    for (const t of kept) margin = Math.min(margin, Math.abs(weight(t) - minP));
    kept = kept.filter((t) => weight(t) >= minP);
  }
  const target = uniformAt(sampling.position, sampling.seed) * total(kept);
  let seen = 0, token = -1;
  for (const t of kept.toSorted((a, b) => a - b)) {
    seen += weight(t);
    margin = Math.min(margin, Math.abs(seen - target));
    if (token < 0 && seen > target) token = t;
  }
  return { token, margin };
}
