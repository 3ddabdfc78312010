import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { sampleToken } from "../../src/text/sampler.ts";
import { SamplerScratch } from "../../src/text/sampler_scratch.ts";
import { GREEDY, type Sampling } from "../../src/text/sampling_options.ts";
import { random } from "../support/random.ts";

const PLAIN: Sampling = { ...GREEDY, temperature: 1, seed: [1, 2] };

/** Logits whose probabilities are `shares`. */
function logitsOf(...shares: readonly number[]): Float32Array {
  return Float32Array.from(shares, Math.log);
}

/** Which tokens come up in `draws` draws, and how often. */
function tally(
  logits: Float32Array,
  options: Partial<Sampling>,
  draws = 2_000,
): Map<number, number> {
  const scratch = new SamplerScratch(logits.length);
  const found = new Map<number, number>();
  for (let position = 0; position < draws; position++) {
    const token = sampleToken(
      logits,
      { ...PLAIN, ...options, position },
      scratch,
    );
    found.set(token, (found.get(token) ?? 0) + 1);
  }
  return found;
}

/** The tokens that may be drawn, in order. */
function support(
  logits: Float32Array,
  options: Partial<Sampling>,
): readonly number[] {
  return [...tally(logits, options).keys()].sort((a, b) => a - b);
}

// Each line is worked out by hand from the definition in sampler.ts.
const SUPPORTS: readonly {
  readonly name: string;
  readonly shares: readonly number[];
  readonly options: Partial<Sampling>;
  readonly kept: readonly number[];
}[] = [
  {
    name: "top-k takes the likeliest",
    shares: [0.1, 0.4, 0.2, 0.3],
    options: { topK: 2 },
    kept: [1, 3],
  },
  {
    name: "top-k breaks ties for the lower token",
    shares: [0.2, 0.2, 0.4, 0.2],
    options: { topK: 2 },
    kept: [0, 2],
  },
  {
    name: "top-p takes what reaches it",
    shares: [0.125, 0.5, 0.25, 0.125],
    options: { topP: 0.7 },
    kept: [1, 2],
  },
  {
    name: "top-p takes one more when the sum falls short",
    shares: [0.125, 0.5, 0.25, 0.125],
    options: { topP: 0.76 },
    kept: [0, 1, 2],
  },
  {
    name: "top-p keeps the likeliest however small it is",
    shares: [0.4, 0.6],
    options: { topP: 1e-9 },
    kept: [1],
  },
  {
    name: "top-p is a share of what top-k left",
    shares: [0.4, 0.3, 0.2, 0.1], // of 0.4 + 0.3, the first is 57 %
    options: { topK: 2, topP: 0.5 },
    kept: [0],
  },
  {
    name: "min-p is a share of the likeliest",
    shares: [0.5, 0.26, 0.24],
    options: { minP: 0.5 },
    kept: [0, 1],
  },
  {
    name: "min-p comes after top-p",
    shares: [0.5, 0.3, 0.15, 0.05],
    options: { topP: 0.9, minP: 0.2 },
    kept: [0, 1, 2],
  },
  {
    name: "temperature comes before min-p",
    shares: [0.8, 0.2], // squared: 16 to 1
    options: { temperature: 0.5, minP: 0.1 },
    kept: [0],
  },
  {
    name: "bias comes before top-k",
    shares: [0.7, 0.2, 0.1],
    options: { topK: 1, logitBias: new Map([[2, 5], [9, 5]]) },
    kept: [2],
  },
  {
    name: "the mask forbids",
    shares: [0.7, 0.2, 0.1],
    options: { mask: Uint32Array.of(0b110) },
    kept: [1, 2],
  },
  {
    name: "presence costs whatever is drawn",
    shares: [0.6, 0.4],
    options: { temperature: 0, presencePenalty: 1, counts: new Map([[0, 1]]) },
    kept: [1],
  },
  {
    name: "frequency costs by count",
    shares: [0.8, 0.2], // ln 4 = 1.386
    options: {
      temperature: 0,
      frequencyPenalty: 0.5,
      counts: new Map([[0, 2.8]]),
    },
    kept: [1],
  },
  {
    name: "a count that is too small costs too little",
    shares: [0.8, 0.2],
    options: {
      temperature: 0,
      frequencyPenalty: 0.5,
      counts: new Map([[0, 2.7]]),
    },
    kept: [0],
  },
  {
    name: "temperature 0 takes the lower of two",
    shares: [0.1, 0.45, 0.45],
    options: { temperature: 0, topK: 3, topP: 0.1 },
    kept: [1],
  },
];

for (const { name, shares, options, kept } of SUPPORTS) {
  Deno.test(`sampleToken() follows the table: ${name}`, () => {
    assertEquals(support(logitsOf(...shares), options), kept);
  });
}

Deno.test("sampleToken() draws in order of id from the number of its position", () => {
  // Seed 0: the number of position 0 is 0x6627e8 / 2²⁴ = 0.3990.
  const at = (shares: number[]) =>
    sampleToken(logitsOf(...shares), { ...PLAIN, seed: [0, 0] });
  assertEquals(at([0.39, 0.61]), 1);
  assertEquals(at([0.4, 0.6]), 0);
  assertEquals(at([0.2, 0.19, 0.61]), 2);
});

Deno.test("sampleToken() draws in proportion", () => {
  const next = random(5);
  const shares = Array.from({ length: 40 }, () => 0.1 + next());
  const total = shares.reduce((a, b) => a + b);
  const draws = 40_000;
  const found = tally(logitsOf(...shares), {}, draws);
  const chi = shares.reduce((sum, share, token) => {
    const expected = draws * share / total;
    return sum + ((found.get(token) ?? 0) - expected) ** 2 / expected;
  }, 0);
  // 39 degrees of freedom: 99.9 % of such sums are below 72.1.
  assert(chi < 72.1, `chi-square ${chi}`);
});

Deno.test("sampleToken() divides by the temperature", () => {
  const found = tally(logitsOf(0.8, 0.2), { temperature: 2 }, 20_000);
  // √0.8 to √0.2 is 2 to 1; three standard deviations are 200.
  assert(Math.abs((found.get(0) ?? 0) - 13_333) < 200, `${found.get(0)}`);
});

Deno.test("sampleToken() refuses logits of which none is finite", () => {
  const message = /Cannot sample: the largest logit is/;
  for (const bad of [NaN, -Infinity, Infinity]) {
    assertThrows(() => sampleToken(Float32Array.of(bad, bad), PLAIN), message);
  }
  const mask = Uint32Array.of(0);
  assertThrows(() => sampleToken(logitsOf(1, 2), { ...PLAIN, mask }), message);
});

Deno.test("sampleToken() passes over logits that are not numbers", () => {
  const logits = Float32Array.of(NaN, 1, NaN, 1);
  assertEquals(support(logits, {}), [1, 3]);
  assertEquals(support(logits, { topK: 3 }), [1, 3]);
});

/** The definition again, by sorting everything. */
function reference(logits: Float32Array, s: Sampling): readonly number[] {
  const best = Math.max(...logits);
  const weight = (i: number) =>
    Math.fround(Math.exp((logits[i] - best) / s.temperature));
  let ranked = [...logits.keys()]
    .filter((i) => logits[i] >= best - 32 * s.temperature)
    .sort((i, j) => logits[j] - logits[i] || i - j);
  if (s.topK > 0) ranked = ranked.slice(0, s.topK);
  if (s.topP < 1) {
    const total = ranked.reduce((sum, i) => sum + weight(i), 0);
    let seen = 0;
    const last = ranked.findIndex((i) => (seen += weight(i)) >= total * s.topP);
    if (last >= 0) ranked = ranked.slice(0, last + 1);
  }
  return ranked.filter((i) => weight(i) >= s.minP).sort((i, j) => i - j);
}

// Values on a coarse grid make ties; shares such as 0.37 keep sums off them.
const logitsArbitrary = fc
  .array(fc.integer({ min: -400, max: 400 }), { minLength: 1, maxLength: 300 })
  .map((values) => Float32Array.from(values, (x) => x / 16));

Deno.test("sampleToken() keeps what sorting everything keeps", () => {
  fc.assert(
    fc.property(
      logitsArbitrary,
      fc.record({
        temperature: fc.constantFrom(0.31, 1, 4),
        topK: fc.constantFrom(0, 1, 2, 3, 5, 40, 1000),
        topP: fc.constantFrom(0.0137, 0.37, 0.713, 0.971, 1),
        minP: fc.constantFrom(0, 0.0173, 0.371),
      }),
      fc.integer({ min: 0, max: 2 ** 31 }),
      (logits, options, position) => {
        const s = { ...PLAIN, ...options, position };
        const kept = reference(logits, s);
        assert(kept.includes(sampleToken(logits, s)));
        // A token too many or too few would move the running sums.
        const mask = new Uint32Array(Math.ceil(logits.length / 32));
        for (const i of kept) mask[i >> 5] |= 1 << (i & 31);
        const only = { ...s, topK: 0, topP: 1, minP: 0, mask };
        assertEquals(sampleToken(logits, s), sampleToken(logits, only));
      },
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("sampleToken() is the same after a shift of all logits", () => {
  fc.assert(fc.property(
    logitsArbitrary,
    fc.integer({ min: -64, max: 64 }),
    fc.integer({ min: 0, max: 2 ** 31 }),
    (logits, shift, position) => {
      const s = { ...PLAIN, topK: 7, topP: 0.9, position };
      const shifted = logits.map((x) => x + shift); // exact: all on the grid
      assertEquals(sampleToken(shifted, s), sampleToken(logits, s));
    },
  ));
});

Deno.test("sampleToken() works over a vocabulary of 65,536 as over a small one", () => {
  const next = random(11);
  const logits = Float32Array.from({ length: 65_536 }, () => 12 * next() - 6);
  const scratch = new SamplerScratch(logits.length);
  for (const options of [{ topK: 50 }, { topP: 0.371 }, { minP: 0.371 }]) {
    const allowed = new Set(
      reference(logits.slice(), { ...PLAIN, ...options }),
    );
    for (let position = 0; position < 50; position++) {
      const token = sampleToken(
        logits,
        { ...PLAIN, ...options, position },
        scratch,
      );
      assert(allowed.has(token));
    }
  }
});

Deno.test("sampleToken() leaves the logits as they were", () => {
  const logits = logitsOf(0.5, 0.3, 0.2);
  const before = logits.slice();
  sampleToken(logits, { ...PLAIN, topK: 1, logitBias: new Map([[1, 4]]) });
  assertEquals(logits, before);
});
