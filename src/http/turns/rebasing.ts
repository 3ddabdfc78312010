/**
 * The reading of another model's text anew: once for all turns of a request that go on
 * with it, with its progress and what it took.
 *
 * @module
 */

import type { HearTurn } from "../../chat/thought/thought_budget.ts";
import type { Save } from "../../state/save.ts";

/** What became of a state of another model. */
export interface RebaseReport {
  /** The fingerprint of that model, hexadecimal. */
  readonly from: string;
  /** Tokens read for it. */
  readonly tokens: number;
  /** Milliseconds that it took. */
  readonly ms: number;
}

/** A text that is read anew, for as many turns as wait for it. */
export class Rebasing {
  /** The state of another model. */
  readonly old: Save;
  readonly #from: string;
  #tokensRead = 0;
  #tokensToRead = 0;
  #rebasingBegan = 0;
  #rebasingWork: Promise<Save> | undefined;
  #rebasingEnded: number | undefined;
  #progressNews = Promise.withResolvers<void>();

  /**
   * Nothing is read yet.
   *
   * @param from Fingerprint of the model that made `old`, hexadecimal.
   */
  constructor(old: Save, from: string) {
    this.old = old;
    this.#from = from;
  }

  /** Tokens read. */
  get read(): number {
    return this.#tokensRead;
  }

  /** What came of it, once it is over. */
  get report(): RebaseReport | undefined {
    if (this.#rebasingEnded === undefined) return undefined;
    const ms = Math.round(1000 * (this.#rebasingEnded - this.#rebasingBegan)) /
      1000;
    return { from: this.#from, tokens: this.#tokensRead, ms };
  }

  /** Begins, to read about `of` tokens. */
  begin(of: number): void {
    this.#tokensToRead = of;
    this.#rebasingBegan = performance.now();
  }

  /** So many tokens have been read. */
  advance(read: number): void {
    this.#tokensRead = read;
    this.#tellClient();
  }

  /**
   * Waits for the work, which begins at the first call, and says how far it is.
   *
   * @returns Nothing if that is not wanted any more.
   */
  async follow(
    work: () => Promise<Save>,
    hear: HearTurn,
  ): Promise<Save | undefined> {
    this.#rebasingWork ??= work().finally(() => {
      this.#rebasingEnded = performance.now();
      this.#tellClient();
    });
    // A listener that has left hears of no failure.
    this.#rebasingWork.catch(() => {});
    // Nothing is said before anything is read: until then it may be refused.
    for (let told = 0; this.#rebasingEnded === undefined;) {
      if (told === this.#tokensRead) {
        await this.#progressNews.promise;
        continue;
      }
      told = this.#tokensRead;
      const rebase = { read: told, of: Math.max(this.#tokensToRead, told) };
      if (!await hear({ type: "text", text: "", rebase })) return undefined;
    }
    return await this.#rebasingWork;
  }

  #tellClient(): void {
    this.#progressNews.resolve();
    this.#progressNews = Promise.withResolvers<void>();
  }
}
