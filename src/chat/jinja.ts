/**
 * Jinja, the language of chat templates, in a thread of its own: a template is
 * given a bounded time, and a thread that exceeds it is ended. Templates compute
 * text from values and can do nothing else: there is no way out of the interpreter
 * of `@huggingface/jinja`, which evaluates no code.
 *
 * @module
 */

import { RestartingWorker, WorkerFailure } from "../worker/worker_client.ts";

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
  readonly #worker: RestartingWorker<JinjaQuestion, JinjaReply>;

  /**
   * Starts nothing before the first question.
   *
   * @param source The template.
   * @param patience Milliseconds that a question may take.
   */
  constructor(source: string, patience = PATIENCE) {
    this.#source = source;
    this.#patience = patience;
    this.#worker = new RestartingWorker({
      open: () =>
        new Worker(new URL("./jinja_worker.ts", import.meta.url), {
          type: "module",
        }),
      patience,
      starting: STARTING,
    });
  }

  /** Writes a text for each of the values; says why if it cannot. */
  async write(values: JinjaQuestion["values"]): Promise<JinjaReply> {
    try {
      return await this.#worker.call({ source: this.#source, values });
    } catch (error) {
      if (!(error instanceof WorkerFailure)) throw error;
      return {
        failure: error.reason === "late"
          ? `it takes longer than ${this.#patience} ms`
          : error.message,
      };
    }
  }

  /** Ends the thread; the next question starts another. */
  close(): void {
    this.#worker.close();
  }
}
