import { assert, assertEquals } from "@std/assert";
import { scoreToken } from "../../src/text/logprobs.ts";

Deno.test("scoreToken() gives log probabilities, the likeliest first", () => {
  const logits = Float32Array.from([0.1, 0.4, 0.1, 0.4], Math.log);
  const { token, logprob, top } = scoreToken(logits, 2, 3);
  assertEquals(token, 2);
  assert(Math.abs(logprob - Math.log(0.1)) < 1e-6);
  assertEquals(top.map(({ token }) => token), [1, 3, 0]);
  assert(Math.abs(top[0].logprob - Math.log(0.4)) < 1e-6);
});

Deno.test("scoreToken() does not overflow", () => {
  const { logprob } = scoreToken(Float32Array.of(1e4, 1e4 - 1), 0, 0);
  assert(Math.abs(logprob + Math.log1p(Math.exp(-1))) < 1e-9);
});

Deno.test("scoreToken() names as many tokens as there are", () => {
  const { top } = scoreToken(Float32Array.of(2, 1), 0, 20);
  assertEquals(top.map(({ token }) => token), [0, 1]);
  const all = top.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
  assert(Math.abs(all - 1) < 1e-9);
});
