/**
 * Damaged tokens: whatever is done to one, the vault says what is wrong with it.
 *
 * @module
 */

import { assert } from "@std/assert";
import fc from "fast-check";
import { GoslingError } from "../../src/errors.ts";
import { Vault } from "../../src/state/vault.ts";
import { exampleFormat, exampleKey, exampleSave } from "../state/support.ts";
import { mutate, mutationList, same, type Token } from "../support/mutate.ts";
import type { FuzzOptions } from "./barrage.ts";

/** Tokens opened at once. */
const AT_ONCE = 250;

/** What a damaged token may be refused with. */
const EXPECTED = new Set([
  "ERR_STATE_MISMATCH",
  "ERR_STATE_REJECTED",
  "ERR_STATE_UNREADABLE",
]);

/**
 * Opens damaged tokens.
 *
 * @returns How many were refused with each code.
 * @throws {AssertionError} If one opened, or failed in another way.
 */
export async function fuzzTokens(
  { seed, count, progress }: FuzzOptions,
): Promise<Map<string, number>> {
  const vault = await Vault.create({
    keys: [exampleKey("a"), exampleKey("b")],
    format: exampleFormat(),
    audience: "test",
    portable: true,
  });
  const originals = await originalTokens(vault);
  const seen = new Map<string, number>();
  const check = async (token: Token): Promise<void> => {
    const code = await vault.open(token).then(
      () => "opened",
      (error) => error instanceof GoslingError ? error.code : String(error),
    );
    assert(EXPECTED.has(code), code);
    seen.set(code, (seen.get(code) ?? 0) + 1);
  };
  const cases = fc.tuple(fc.nat(originals.length - 1), mutationList());
  let done = 0;
  for (let batch = 0; done < count; batch++) {
    const drawn = fc.sample(cases, { numRuns: AT_ONCE, seed: seed + batch });
    await Promise.all(drawn.map(async ([index, changes]) => {
      const token = changes.reduce(mutate, originals[index]);
      if (same(token, originals[index])) return;
      await check(token);
      done++;
    }));
    progress?.(done);
  }
  return seen;
}

/** Sealed and portable, as text and as bytes, short and exact. */
async function originalTokens(vault: Vault): Promise<Token[]> {
  const save = exampleSave();
  const tokens: Token[] = [];
  for (const profile of ["sealed", "portable"] as const) {
    for (const codec of ["int4", "exact"] as const) {
      const options = { codec, profile };
      tokens.push((await vault.seal(save, options)).token);
      tokens.push((await vault.sealBytes(save, options)).token);
    }
  }
  return tokens;
}
