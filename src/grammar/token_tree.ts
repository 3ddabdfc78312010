/**
 * A vocabulary as a prefix tree, and which of its tokens may come in an answer. The
 * tree lies flat, each node before those below it, so that what cannot come is
 * jumped over.
 *
 * @module
 */

import {
  type AnswerState,
  isStringState,
  type StringState,
} from "./json/answer_state.ts";
import { QUOTE } from "./json/string_escapes.ts";
import type { StringPlace } from "./json/string_text.ts";
import { spendWork } from "./work_bound.ts";

/** Masks of strings to remember. */
const REMEMBERED_MASKS = 2048;

/** Tokens that stay within a string, and where others leave it. */
interface Within {
  readonly mask: Uint32Array;
  /** Nodes that end the string. */
  readonly exits: readonly number[];
}

/** The tokens of a vocabulary. */
export class TokenTree {
  readonly #maskWords: number;
  readonly #subtreeEnd: number;
  /** By node: its byte, its depth, the node above, the node behind all below it. */
  readonly #nodeByte: Uint8Array;
  readonly #nodeDepth: Uint16Array;
  readonly #above: Int32Array;
  readonly #subtreeAfter: Int32Array;
  /** The token that ends here, or -1, and others with the same bytes. */
  readonly #nodeToken: Int32Array;
  readonly #twins = new Map<number, number[]>();
  /** Bytes of the longest token. */
  readonly #longestToken: number;
  /** The one not asked for longest first. */
  readonly #within = new Map<string, Within>();
  /** The last mask within a string, by what follows the string. */
  readonly #stringMasks = new WeakMap<
    object,
    { readonly key: string; readonly mask: Uint32Array<ArrayBuffer> }
  >();

  /**
   * Takes a vocabulary in.
   *
   * @param bytes Bytes of a token.
   * @param size Tokens.
   * @param end The token that ends a text.
   * @param V Bits of a mask.
   */
  constructor(
    bytes: (token: number) => Uint8Array,
    size: number,
    end: number,
    V: number,
  ) {
    this.#maskWords = Math.ceil(V / 32);
    this.#subtreeEnd = end;
    const tokens = Array.from({ length: size }, (_, token) => token)
      .filter((token) => token !== end && bytes(token).length > 0);
    const texts = new Map(tokens.map((token) => [
      token,
      String.fromCharCode(...bytes(token)),
    ]));
    const text = (token: number) => texts.get(token) ?? "";
    tokens.sort((a, b) =>
      text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : a - b
    );
    const nodes = 1 +
      tokens.reduce((sum, token) => sum + text(token).length, 0);
    const byte = new Uint8Array(nodes), depth = new Uint16Array(nodes);
    const above = new Int32Array(nodes), behind = new Int32Array(nodes);
    const own = new Int32Array(nodes).fill(-1);
    let count = 1;
    let path = [0];
    let before = "";
    for (const token of tokens) {
      const word = text(token);
      let shared = 0;
      while (
        shared < word.length && shared < before.length &&
        word[shared] === before[shared]
      ) shared++;
      for (const node of path.slice(shared + 1)) behind[node] = count;
      path = path.slice(0, shared + 1);
      for (let i = shared; i < word.length; i++) {
        byte[count] = word.charCodeAt(i);
        depth[count] = i + 1;
        above[count] = path[i];
        path.push(count++);
      }
      const node = path[path.length - 1];
      if (own[node] < 0) own[node] = token;
      else this.#twins.set(node, [...this.#twins.get(node) ?? [], token]);
      before = word;
    }
    for (const node of path) behind[node] = count;
    behind[0] = count;
    this.#nodeByte = byte.slice(0, count);
    this.#nodeDepth = depth.slice(0, count);
    this.#above = above.slice(0, count);
    this.#subtreeAfter = behind.slice(0, count);
    this.#nodeToken = own.slice(0, count);
    this.#longestToken = this.#nodeDepth.reduce(
      (most, one) => Math.max(most, one),
      0,
    );
  }

  /** Bits `[V]`, 1 for a token that may come next. Not to be changed. */
  mask(state: AnswerState): Uint32Array<ArrayBuffer> {
    const { sequel, key } = isStringState(state)
      ? this.#likenessOf(state)
      : { sequel: undefined, key: "" };
    const known = sequel && this.#stringMasks.get(sequel);
    if (known?.key === key) return known.mask;
    const mask = new Uint32Array(this.#maskWords);
    this.#below(0, state, mask);
    if (state.whole) allowToken(mask, this.#subtreeEnd);
    if (sequel !== undefined) this.#stringMasks.set(sequel, { key, mask });
    return mask;
  }

  /** What the mask within a string depends on, if not on the string's text. */
  #likenessOf({ sequel, policy, place }: StringState) {
    if (sequel === undefined || policy === undefined) {
      return { sequel: undefined, key: "" };
    }
    return { sequel, key: this.#keyOf(place, policy) };
  }

  #keyOf(place: StringPlace, policy: string): string {
    const { machine } = place;
    const likeness = machine.likeness(place, this.#longestToken);
    return `${machine.id} ${policy} ${likeness}`;
  }

  #below(node: number, state: AnswerState, mask: Uint32Array): void {
    if (isStringState(state)) return this.#string(node, state, mask);
    const end = this.#subtreeAfter[node];
    for (let child = node + 1; child < end; child = this.#subtreeAfter[child]) {
      spendWork(1);
      const next = state.step(this.#nodeByte[child]);
      if (next === undefined) continue;
      this.#takeSubtree(child, mask);
      if (this.#subtreeAfter[child] > child + 1) this.#below(child, next, mask);
    }
  }

  #takeSubtree(node: number, mask: Uint32Array): void {
    const token = this.#nodeToken[node];
    if (token < 0) return;
    allowToken(mask, token);
    for (const twin of this.#twins.get(node) ?? []) allowToken(mask, twin);
  }

  #string(node: number, state: StringState, mask: Uint32Array): void {
    if (node > 0 || state.policy === undefined) {
      const exits = this.#walkTree(node, state, mask);
      for (const [exit, place] of exits) {
        this.#leaveSubtree(node, exit, place, state, mask);
      }
      return;
    }
    const { mask: staying, exits } = this.#remembered(state, state.policy);
    for (let i = 0; i < mask.length; i++) mask[i] |= staying[i];
    for (const exit of exits) {
      let place: StringPlace | undefined = state.place;
      for (const byte of this.#bytePath(0, exit)) place = place?.step(byte);
      if (place !== undefined) this.#leaveSubtree(0, exit, place, state, mask);
    }
  }

  #remembered(state: StringState, policy: string): Within {
    const key = this.#keyOf(state.place, policy);
    let found = this.#within.get(key);
    if (found === undefined) {
      const mask = new Uint32Array(this.#maskWords);
      const exits = this.#walkTree(0, state, mask).map(([exit]) => exit);
      found = { mask, exits };
    }
    this.#within.delete(key);
    this.#within.set(key, found);
    if (this.#within.size > REMEMBERED_MASKS) {
      const [oldest] = this.#within.keys();
      this.#within.delete(oldest);
    }
    return found;
  }

  /** Finds tokens that stay within a string, and gives nodes that end it. */
  #walkTree(
    node: number,
    state: StringState,
    mask: Uint32Array,
  ): [exit: number, place: StringPlace][] {
    const exits: [number, StringPlace][] = [];
    spendWork(10);
    const places = [state.place];
    const from = this.#nodeDepth[node];
    const end = this.#subtreeAfter[node];
    for (let child = node + 1; child < end;) {
      const level = this.#nodeDepth[child] - from;
      const place = places[level - 1];
      const byte = this.#nodeByte[child];
      if (byte === QUOTE && place.between) {
        exits.push([child, place]);
        child = this.#subtreeAfter[child];
        continue;
      }
      const next = place.step(byte);
      if (next === undefined || next !== place && !state.allows(next)) {
        child = this.#subtreeAfter[child];
        continue;
      }
      places[level] = next;
      this.#takeSubtree(child, mask);
      child++;
    }
    return exits;
  }

  /** Goes on behind a quote that ends a string. */
  #leaveSubtree(
    node: number,
    exit: number,
    place: StringPlace,
    state: StringState,
    mask: Uint32Array,
  ): void {
    const written = String.fromCharCode(...this.#bytePath(node, exit));
    const next = state.closed(place, written);
    if (next === undefined) return;
    this.#takeSubtree(exit, mask);
    this.#below(exit, next, mask);
  }

  /** The bytes between two nodes, without both. */
  #bytePath(from: number, to: number): number[] {
    const bytes: number[] = [];
    for (let node = this.#above[to]; node !== from; node = this.#above[node]) {
      bytes.push(this.#nodeByte[node]);
    }
    return bytes.reverse();
  }
}

function allowToken(mask: Uint32Array, token: number): void {
  mask[token >>> 5] |= 1 << (token & 31);
}
