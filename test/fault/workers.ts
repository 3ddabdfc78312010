/**
 * Workers that can be made to crash: each is noted when it starts, so that a test
 * can send it what it cannot read. Nothing of the program knows.
 *
 * @module
 */

/** Notes workers while it lives. */
export class WorkerWatch implements Disposable {
  readonly #original = globalThis.Worker;
  readonly #started: { readonly url: string; readonly worker: Worker }[] = [];

  /** Begins. */
  constructor() {
    const started = this.#started;
    globalThis.Worker = class extends this.#original {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        started.push({ url: String(url), worker: this });
      }
    };
  }

  /** How many have started whose module is in this folder. */
  count(folder: string): number {
    return this.#in(folder).length;
  }

  /** Crashes the youngest whose module is in this folder. */
  crash(folder: string): void {
    const { worker } = this.#in(folder).at(-1) ?? {};
    if (worker === undefined) throw new Error(`No worker of ${folder}`);
    // A message is an object everywhere: reading from null throws.
    worker.postMessage(null);
  }

  /** Crashes every one whose module is in this folder. */
  crashAll(folder: string): void {
    for (const { worker } of this.#in(folder)) worker.postMessage(null);
  }

  [Symbol.dispose](): void {
    globalThis.Worker = this.#original;
  }

  #in(folder: string) {
    return this.#started.filter(({ url }) => url.includes(`/${folder}/`));
  }
}
