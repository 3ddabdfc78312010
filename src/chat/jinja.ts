/**
 * Jinja, the language of chat templates, in a thread of its own: a template is
 * given a bounded time, and a thread that exceeds it is ended. Templates compute
 * text from values and can do nothing else: there is no way out of the interpreter
 * of `@huggingface/jinja`, which evaluates no code.
 *
 * @module
 */

/** A template and what to write with it. */
export interface JinjaQuestion {
  /** The template. */
  readonly source: string;
  /** Its variables, once for each text. */
  readonly values: readonly Readonly<Record<string, unknown>>[];
}

/** What became of it. */
export type JinjaReply =
  | { readonly texts: readonly string[] }
  | { readonly failure: string };

/** Characters that one text may have. */
export const LONGEST_TEXT = 1 << 24;

/** Milliseconds that one question may take, and those of a thread that starts. */
const PATIENCE = 2000, STARTING = 8000;

/** Writes texts with one template. */
export class Jinja {
  readonly #source: string;
  readonly #patience: number;
  #worker: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Starts nothing before the first question.
   *
   * @param source The template.
   * @param patience Milliseconds that a question may take.
   */
  constructor(source: string, patience = PATIENCE) {
    this.#source = source;
    this.#patience = patience;
  }

  /** Writes a text for each of the values; says why if it cannot. */
  async write(values: JinjaQuestion["values"]): Promise<JinjaReply> {
    const done = this.#turn.then(() => this.#ask(values));
    this.#turn = done;
    return await done;
  }

  /** Ends the thread; the next question starts another. */
  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #ask(values: JinjaQuestion["values"]): Promise<JinjaReply> {
    const patience = this.#patience +
      (this.#worker === undefined ? STARTING : 0);
    const url = new URL("./jinja_worker.ts", import.meta.url);
    const worker = this.#worker ??= new Worker(url, { type: "module" });
    const { promise, resolve } = Promise.withResolvers<JinjaReply>();
    const late = setTimeout(() => {
      this.close();
      resolve({ failure: `it takes longer than ${this.#patience} ms` });
    }, patience);
    worker.onmessage = ({ data }: MessageEvent<JinjaReply>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.close();
      resolve({ failure: event.message });
    };
    worker.postMessage({ source: this.#source, values });
    const reply = await promise;
    clearTimeout(late);
    return reply;
  }
}
