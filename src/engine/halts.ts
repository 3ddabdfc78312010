/**
 * The tokens at which a device may stop drawing by itself, because the answer
 * surely ends there: the end of text, and every token that contains a stop.
 *
 * A stop that is spread over tokens is found by the host, when more may have been
 * drawn; see `run.ts` for how that is undone.
 *
 * @module
 */

import type { Tokenizer } from "../text/tokenizer.ts";
import type { Stop } from "./engine.ts";

/** Sets kept for stops that come again: a template's own are in every turn. */
const KEPT = 64;

/** Finds halting tokens, and remembers them. */
export class Halts {
  readonly #tokenizer: Tokenizer;
  /** Sets by stop text, those asked for last at the end. */
  readonly #known = new Map<string, ReadonlySet<number>>();
  /** Every token's bytes as U+0000 to U+00FF, made when first needed. */
  #texts: readonly string[] | undefined;

  /** Works on the tokens of `tokenizer`. */
  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** The tokens at which an answer with these stops ends. */
  for(stops: readonly Stop[]): ReadonlySet<number> {
    const key = JSON.stringify(stops.map(({ text }) => text));
    const found = this.#known.get(key) ?? this.#find(stops);
    this.#known.delete(key);
    this.#known.set(key, found);
    if (this.#known.size > KEPT) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    return found;
  }

  #find(stops: readonly Stop[]): ReadonlySet<number> {
    const { end, size } = this.#tokenizer;
    const halts = new Set([end]);
    if (stops.length === 0) return halts;
    this.#texts ??= Array.from(
      { length: size },
      (_, token) => latin1(this.#tokenizer.bytes(token)),
    );
    for (const { text } of stops) {
      const wanted = latin1(new TextEncoder().encode(text));
      if (wanted === "") continue;
      this.#texts.forEach((bytes, token) => {
        if (bytes.includes(wanted)) halts.add(token);
      });
    }
    return halts;
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
