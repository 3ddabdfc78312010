/**
 * The body of an answer. One stream carries it, and one place knows how it ends:
 * written to its end, broken off by an error, left by its client, or given up
 * because the client reads nothing.
 *
 * @module
 */

import type { Context } from "hono";
import { letOthers, STEP_MS } from "../../steps.ts";
import type { AppEnv } from "../services.ts";
import { PATIENCE_MS, raceTimeout } from "./answer_start.ts";

/** Bytes of a body. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Milliseconds that a client may take nothing of an answer. */
const STALL_MS = 60_000;

/** Milliseconds without a byte after which a stream shows that it is alive. */
const KEEP_ALIVE_MS = 15_000;

/** How a body is sent. */
export interface BodyOptions {
  /** Aborted when the client has left, or has read nothing for too long. */
  readonly gone?: AbortController;
  /** What to send in place of an error; without it the body breaks off. */
  readonly failure?: (error: unknown) => Iterable<Bytes>;
  /** What to send in a long silence; omitted if there is none. */
  readonly keepAlive?: Bytes;
  /** Silence after which that is sent. */
  readonly keepAliveMs?: number;
  /** How long to wait for the first byte before the answer begins. */
  readonly patienceMs?: number;
  /** How long the client may take nothing before the body is given up. */
  readonly stallMs?: number;
}

/** Takes the pieces of a body. */
export interface BodyWriter {
  /**
   * Sends pieces, with none of another writer's between them, and waits until the
   * client asks for the next: what a slow client has not taken is not made.
   *
   * @returns Whether anybody reads any more.
   */
  write(pieces: Iterable<Bytes>): Promise<boolean>;
}

/**
 * Answers with what `produce` writes. The answer begins with the first piece, or
 * after a while; what fails before is thrown, and has a status of its own. The model
 * on loan to the request is given back when `produce` is done.
 */
export async function streamBody(
  c: Context<AppEnv>,
  headers: Readonly<Record<string, string>>,
  produce: (body: BodyWriter) => Promise<void>,
  options: BodyOptions = {},
): Promise<Response> {
  const body = new AnswerBody(options);
  const release = c.get("release");
  c.set("release", undefined);
  const work = produce(body);
  const done = () => release?.();
  work.then(done, done);
  await raceTimeout(
    Promise.race([body.begun, work]),
    options.patienceMs ?? PATIENCE_MS,
  );
  return c.body(body.open(work, c.req.raw.signal), 200, { ...headers });
}

/** One stream between writers and a client. */
class AnswerBody implements BodyWriter {
  readonly #options: BodyOptions;
  readonly #begun = Promise.withResolvers<void>();
  /** Settles when the client asks for a piece, or leaves. */
  #demand = Promise.withResolvers<void>();
  /** What was written last: writers wait for each other. */
  #last: Promise<unknown> = Promise.resolve();
  #controller: ReadableStreamDefaultController<Bytes> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(options: BodyOptions) {
    this.#options = options;
  }

  /** Settles when there is something to send. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** The stream, which ends with `work`; leaving it aborts that. */
  open(work: Promise<void>, client: AbortSignal): ReadableStream<Bytes> {
    const leave = () => {
      if (this.#over) return;
      this.#leave();
      this.#controller?.close();
    };
    const stream = new ReadableStream<Bytes>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#ask(),
      cancel: async () => {
        this.#leave();
        await work.catch(() => {});
      },
    }, { highWaterMark: 0 });
    client.addEventListener("abort", leave);
    if (client.aborted) leave();
    work.then(() => this.#close(), (error) => this.#fail(error))
      .finally(() => client.removeEventListener("abort", leave));
    return stream;
  }

  write(pieces: Iterable<Bytes>): Promise<boolean> {
    this.#begun.resolve();
    const written = this.#last.then(() => this.#write(pieces));
    this.#last = written;
    return written;
  }

  async #write(pieces: Iterable<Bytes>): Promise<boolean> {
    await this.#demand.promise;
    let from = performance.now();
    for (const piece of pieces) {
      if (this.#over) return false;
      this.#send(piece);
      await this.#demand.promise;
      // Pieces are made as they are asked for, which may take long together.
      if (this.#over || performance.now() - from < STEP_MS) continue;
      await letOthers();
      from = performance.now();
    }
    return !this.#over;
  }

  /** The client asks for a piece. */
  #ask(): void {
    // Its last pieces are still read after the answer's end.
    if (this.#over) return;
    clearTimeout(this.#timer);
    this.#demand.resolve();
    const { keepAlive, keepAliveMs = KEEP_ALIVE_MS } = this.#options;
    if (keepAlive === undefined) return;
    this.#timer = setTimeout(() => this.#send(keepAlive), keepAliveMs);
  }

  #send(piece: Bytes): void {
    clearTimeout(this.#timer);
    const { stallMs = STALL_MS } = this.#options;
    this.#demand = Promise.withResolvers<void>();
    this.#timer = setTimeout(
      () =>
        this.#giveUp(
          new Error(`Cannot answer: the client read nothing for ${stallMs} ms`),
        ),
      stallMs,
    );
    this.#controller?.enqueue(piece);
  }

  #close(): void {
    if (this.#over) return;
    this.#end();
    this.#controller?.close();
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    const { failure } = this.#options;
    this.#end();
    if (failure === undefined) return this.#controller?.error(error);
    for (const piece of failure(error)) this.#controller?.enqueue(piece);
    this.#controller?.close();
  }

  #giveUp(error: unknown): void {
    if (this.#over) return;
    this.#controller?.error(error);
    this.#leave();
  }

  #leave(): void {
    this.#end();
    this.#options.gone?.abort();
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#demand.resolve();
  }
}
