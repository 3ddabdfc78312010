/**
 * A clock that is set back and forth, as NTP does after a start: what is promised of
 * tokens holds by whatever the clock says, and nothing else asks it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { tinyServer } from "../fuzz/tiny_server.ts";
import { randomKey } from "../../src/state/state_keys.ts";
import type { Lineage } from "../../src/state/keyring.ts";
import { Vault } from "../../src/state/vault.ts";
import { exampleFormat, exampleSave } from "../state/support.ts";

const NOON = 1_700_000_000;
const MAX_AGE = 3600;
const TTL = 600;

/** Seconds for which a token is taken longer, at most. */
const LEEWAY = 60;

Deno.test("no step of the clock makes a conversation younger, or a token of now invalid", async () => {
  const key = randomKey();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -7200, max: 7200 }), {
        minLength: 1,
        maxLength: 12,
      }),
      async (steps) => {
        let now = NOON;
        const vault = await Vault.create({
          keys: [key],
          format: exampleFormat(),
          audience: "clock",
          ttl: TTL,
          maxAge: MAX_AGE,
          now: () => 1000 * now,
        });
        const seal = async (lineage?: Lineage) =>
          (await vault.seal(exampleSave(), { codec: "int4", lineage })).token;
        let token = await seal(), first = NOON, sealed = NOON;
        for (const step of steps) {
          now += step;
          const opened = vault.read(token);
          const end = Math.min(sealed + TTL, first + MAX_AGE);
          if (now >= end + LEEWAY) {
            await assertRejects(() => opened, { code: "ERR_STATE_EXPIRED" });
            continue;
          }
          // Taken or not, by how long it was to live.
          if (now >= end) {
            await opened.catch(() => {});
            continue;
          }
          const { firstIssuedAt = NaN, issuedAt } = await opened;
          assertEquals([issuedAt, firstIssuedAt], [sealed, first]);
          token = await seal({ firstIssuedAt, renewals: 1 });
          [sealed, first] = [now, Math.min(first, now)];
          assertEquals((await vault.read(token)).firstIssuedAt, first);
        }
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("turns, rates and waits do not ask the clock of the day", async () => {
  const real = Date.now;
  const year = 31_536_000_000;
  let asked = 0;
  // A year forth and back, at every look.
  Date.now = () => real() + (asked++ % 2 === 0 ? year : -year);
  try {
    await using server = await tinyServer({
      lanes: 1,
      patience: 2000,
      limits: { timeout: 600, bodyTimeout: 60 },
    });
    const regex = { type: "regex", pattern: "[ab]{1,4}" };
    const bodies = [
      { prompt: "a", max_tokens: 4 },
      { prompt: "a", max_tokens: 4, grammar: regex },
      { prompt: "a", max_tokens: 4, transcript: true },
    ];
    let state = "";
    for (const body of bodies) {
      const answer = await server.post("/v1/generate", body);
      assertEquals(answer.status, 200);
      const { timings, finish_reason, ...rest } = await answer.json();
      state = rest.state;
      assert(finish_reason !== "cancelled");
      for (const [name, ms] of Object.entries<number>(timings)) {
        assert(ms >= 0 && ms < 3_600_000, `${name}: ${ms}`);
      }
    }
    const on = await server.post("/v1/generate", {
      state,
      prompt: "b",
      max_tokens: 1,
    });
    assertEquals(on.status, 200);
    await on.body?.cancel();
    // One a minute, whatever the day: no test takes that long for the next.
    await using strict = await tinyServer({
      lanes: 1,
      limits: { rate: { requests: 1 } },
    });
    const first = await strict.post("/v1/tokenize", { text: "a" });
    const second = await strict.post("/v1/tokenize", { text: "a" });
    assertEquals([first.status, second.status], [200, 429]);
    const wait = Number(second.headers.get("retry-after"));
    assert(wait >= 1 && wait <= 60, `Retry-After: ${wait}`);
    for (const { body } of [first, second]) await body?.cancel();
    assertEquals(server.reported, []);
    assert(asked > 0);
  } finally {
    Date.now = real;
  }
});
