import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { GoslingError } from "../../src/errors.ts";
import { Vault } from "../../src/state/seal.ts";
import { mutate, mutationList, same, type Token } from "../support/mutate.ts";
import { exampleFormat, exampleKey, exampleSave } from "./support.ts";

const TOKENS = 100_000;
const AT_ONCE = 250;

const EXPECTED = new Set([
  "ERR_STATE_MISMATCH",
  "ERR_STATE_REJECTED",
  "ERR_STATE_UNREADABLE",
]);

Deno.test(`Vault.open() answers ${TOKENS} mutated tokens with documented errors alone`, async () => {
  const vault = await Vault.create({
    keys: [exampleKey("a"), exampleKey("b")],
    format: exampleFormat(),
    audience: "test",
    portable: true,
  });
  const save = exampleSave();
  const originals: Token[] = [];
  for (const profile of ["sealed", "portable"] as const) {
    for (const codec of ["int4", "exact"] as const) {
      const options = { codec, profile };
      originals.push((await vault.seal(save, options)).token);
      originals.push((await vault.sealBytes(save, options)).token);
    }
  }
  const seen = new Map<string, number>();
  const check = async (token: Token): Promise<void> => {
    const code = await vault.open(token).then(
      () => "opened",
      (error) => error instanceof GoslingError ? error.code : String(error),
    );
    seen.set(code, (seen.get(code) ?? 0) + 1);
  };
  const mutations = mutationList();
  const property = fc.asyncProperty(
    fc.array(fc.tuple(fc.nat(originals.length - 1), mutations), {
      minLength: AT_ONCE,
      maxLength: AT_ONCE,
    }),
    async (batch) => {
      await Promise.all(batch.map(([index, changes]) => {
        const original = originals[index];
        const token = changes.reduce(mutate, original);
        return same(token, original) ? undefined : check(token);
      }));
    },
  );
  await fc.assert(property, {
    numRuns: TOKENS / AT_ONCE + 20,
    endOnFailure: true,
  });
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  assert(total >= TOKENS, `only ${total} tokens were new`);
  for (const code of seen.keys()) assert(EXPECTED.has(code), code);
  assertEquals(seen.has("ERR_STATE_REJECTED"), true);
  assertEquals(seen.has("ERR_STATE_UNREADABLE"), true);
});
