/**
 * How a server ends when it is told to: every turn with its save, and no client is
 * waited for longer than it takes to read one.
 *
 * @module
 */

/** Milliseconds that open answers get to end after a signal. */
export const SHUTDOWN_PATIENCE = 10_000;

/** Milliseconds that clients get to read the ends of their answers. */
export const SHUTDOWN_LINGER = 5000;

/** What is ended, and how. */
export interface GracefulShutdownOptions {
  /** Takes no more connections; resolves when the open ones have their answers. */
  readonly server: { shutdown(): Promise<void> };
  /** Ends every turn. */
  readonly models: { dispose(): Promise<void> };
  /** Ends the process. */
  readonly exit: (code: number) => void;
  /** Does something so many milliseconds later; the clock's own timer by default. */
  readonly after?: (milliseconds: number, then: () => void) => void;
}

/** The end of a server. */
export class GracefulShutdown {
  readonly #endOptions: GracefulShutdownOptions;
  readonly #ended = Promise.withResolvers<void>();
  #endBegun = false;

  /** Ends nothing yet. */
  constructor(options: GracefulShutdownOptions) {
    this.#endOptions = options;
  }

  /** Resolves when all is over. */
  get over(): Promise<void> {
    return this.#ended.promise;
  }

  /** Hears a signal: the first ends every turn with its save, the second at once. */
  signal(): void {
    if (this.#endBegun) return this.#endOptions.exit(1);
    this.begin();
  }

  /** Ends every turn with its save, unless that has begun. */
  begin(): void {
    if (this.#endBegun) return;
    this.#endBegun = true;
    this.#endServer().then(this.#ended.resolve, this.#ended.reject);
  }

  async #endServer(): Promise<void> {
    const { server, models, exit, after = later } = this.#endOptions;
    after(SHUTDOWN_PATIENCE, () => exit(1));
    const stopped = server.shutdown();
    await models.dispose();
    // Every turn has its end: who does not read it, or has sent half a request, is
    // not waited for.
    after(SHUTDOWN_LINGER, () => exit(0));
    await stopped;
    exit(0);
  }
}

function later(milliseconds: number, then: () => void): void {
  setTimeout(then, milliseconds);
}
