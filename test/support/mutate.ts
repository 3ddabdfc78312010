/**
 * Tokens with a few places changed, for fuzzing.
 *
 * @module
 */

import fc from "fast-check";

export type Token = string | Uint8Array<ArrayBuffer>;

/** Cuts, flips, overwrites, swaps and repeats, as fast-check draws them. */
export type Mutation = readonly [kind: number, at: number, value: number];

/** One to three changes to one token. */
export function mutationList(): fc.Arbitrary<Mutation[]> {
  const mutation: fc.Arbitrary<Mutation> = fc.tuple(
    fc.nat(5),
    // Half of them hit the first bytes, where there is most to misread.
    fc.oneof(fc.nat(300), fc.nat(2 ** 20)),
    fc.nat(2 ** 20),
  );
  return fc.array(mutation, { minLength: 1, maxLength: 3 });
}

/** A token with one place changed. */
export function mutate(token: Token, [kind, place, value]: Mutation): Token {
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

/** Whether nothing came of the changes. */
export function same(a: Token, b: Token): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
