import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { GoslingError } from "../../src/errors.ts";
import { Vault } from "../../src/state/seal.ts";
import { exampleFormat, exampleKey, exampleSave } from "./support.ts";

type Token = string | Uint8Array<ArrayBuffer>;

/** Cuts, flips, overwrites, swaps and repeats, as fast-check draws them. */
type Mutation = readonly [kind: number, at: number, value: number];

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
  const mutation: fc.Arbitrary<Mutation> = fc.tuple(
    fc.nat(5),
    // Half of them hit the first bytes, where there is most to misread.
    fc.oneof(fc.nat(300), fc.nat(2 ** 20)),
    fc.nat(2 ** 20),
  );
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });
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

function mutate(token: Token, [kind, place, value]: Mutation): Token {
  if (typeof token === "string") {
    const bytes = new TextEncoder().encode(token);
    const changed = mutateBytes(bytes, kind, place, value, true);
    return new TextDecoder("latin1").decode(changed);
  }
  return mutateBytes(token, kind, place, value, false);
}

function mutateBytes(
  bytes: Uint8Array<ArrayBuffer>,
  kind: number,
  place: number,
  value: number,
  isText: boolean,
): Uint8Array<ArrayBuffer> {
  if (bytes.length === 0) return bytes;
  const at = place % bytes.length, to = value % bytes.length;
  switch (kind) {
    case 0:
      return bytes.with(at, bytes[at] ^ 1 << value % 8);
    case 1:
      // Text mostly stays base64url, or nothing but the alphabet is tested.
      return bytes.with(at, isText ? bytes[to] : value % 256);
    case 2:
      return bytes.slice(0, at);
    case 3:
      return bytes.slice(at);
    case 4:
      return bytes.with(at, bytes[to]).with(to, bytes[at]);
    default: {
      const piece = bytes.slice(to, to + 40);
      const longer = new Uint8Array(bytes.length + piece.length);
      longer.set(bytes.subarray(0, at));
      longer.set(piece, at);
      longer.set(bytes.subarray(at), at + piece.length);
      return longer;
    }
  }
}

function same(a: Token, b: Token): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
