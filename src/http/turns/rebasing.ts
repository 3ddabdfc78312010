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
  #read = 0;
  #of = 0;
  #began = 0;
  #work: Promise<Save> | undefined;
  #ended: number | undefined;
  #news = Promise.withResolvers<void>();

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
    return this.#read;
  }

  /** What came of it, once it is over. */
  get report(): RebaseReport | undefined {
    if (this.#ended === undefined) return undefined;
    const ms = Math.round(1000 * (this.#ended - this.#began)) / 1000;
    return { from: this.#from, tokens: this.#read, ms };
  }

  /** Begins, to read about `of` tokens. */
  begin(of: number): void {
    this.#of = of;
    this.#began = performance.now();
  }

  /** So many tokens have been read. */
  advance(read: number): void {
    this.#read = read;
    this.#tell();
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
    this.#work ??= work().finally(() => {
      this.#ended = performance.now();
      this.#tell();
    });
    // A listener that has left hears of no failure.
    this.#work.catch(() => {});
    // Nothing is said before anything is read: until then it may be refused.
    for (let told = 0; this.#ended === undefined;) {
      if (told === this.#read) {
        await this.#news.promise;
        continue;
      }
      told = this.#read;
      const rebase = { read: told, of: Math.max(this.#of, told) };
      if (!await hear({ type: "text", text: "", rebase })) return undefined;
    }
    return await this.#work;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }
}
