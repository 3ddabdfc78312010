import { assertEquals } from "@std/assert";
import { TokenBucket } from "../../src/http/access/token_bucket.ts";

Deno.test("TokenBucket gives a minute's worth at once, then as time passes", () => {
  let now = 0;
  const bucket = new TokenBucket(60, () => now);
  bucket.take(60);
  assertEquals(bucket.level, { limit: 60, remaining: 0, reset: 60, wait: 1 });
  now += 1500;
  assertEquals(bucket.level, { limit: 60, remaining: 1, reset: 59, wait: 0 });
  now += 3_600_000;
  assertEquals(bucket.level.remaining, 60);
});

Deno.test("TokenBucket lets what was taken too much be repaid", () => {
  let now = 0;
  const bucket = new TokenBucket(60, () => now);
  bucket.take(180);
  assertEquals(bucket.level.wait, 121);
  now += 121_000;
  assertEquals(bucket.level.wait, 0);
});

Deno.test("TokenBucket.resize() never leaves more than the new limit", () => {
  const bucket = new TokenBucket(60, () => 0);
  bucket.resize(10);
  assertEquals(bucket.level.remaining, 10);
  bucket.resize(60);
  assertEquals(bucket.level.remaining, 10);
});
