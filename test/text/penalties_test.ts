import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Counts, FORGOTTEN, penalize } from "../../src/text/penalties.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";

const OFF = { ...GREEDY, temperature: 1 };

Deno.test("Counts.draw() decays in f32, then adds one in f32", () => {
  const counts = new Counts();
  const decay = Math.fround(0.996);
  counts.draw(7, 0.996);
  counts.draw(7, 0.996);
  const two = Math.fround(decay + 1);
  assertEquals([...counts], [[7, two]]);
  counts.draw(3, 0.996);
  assertEquals([...counts], [[7, Math.fround(two * decay)], [3, 1]]);
});

Deno.test("Counts.draw() forgets what has decayed away", () => {
  const counts = new Counts([[1, FORGOTTEN], [2, 2 * FORGOTTEN]]);
  counts.draw(5, 0.5);
  assertEquals([...counts], [[2, FORGOTTEN], [5, 1]]);
});

Deno.test("Counts goes on from its entries as if it had never stopped", () => {
  fc.assert(fc.property(
    fc.array(fc.nat(9), { maxLength: 60 }),
    fc.nat(60),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (tokens, cut, decay) => {
      const whole = new Counts();
      for (const token of tokens) whole.draw(token, decay);
      let parts = new Counts();
      for (const token of tokens.slice(0, cut)) parts.draw(token, decay);
      parts = new Counts(parts);
      for (const token of tokens.slice(cut)) parts.draw(token, decay);
      assertEquals(new Map(parts), new Map(whole));
    },
  ));
});

Deno.test("penalize() lowers drawn tokens in steps of f32", () => {
  const logits = Float32Array.of(1, 1, 1);
  const counts = new Map([[0, 2], [2, 0], [8, 4]]);
  penalize(logits, counts, {
    ...OFF,
    presencePenalty: 0.5,
    frequencyPenalty: 0.1,
  });
  const cost = Math.fround(0.5 + Math.fround(Math.fround(0.1) * 2));
  assertEquals(logits, Float32Array.of(1 - cost, 1, 1));
});
