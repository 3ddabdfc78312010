/**
 * Asking a worker: calls and their replies, each in its time or with a reason. The
 * worker's side is `serve_calls.ts`.
 *
 * @module
 */

/** Why a call has no reply. */
export class WorkerFailure extends Error {
  /** It took too long; the worker failed; somebody ended it. */
  readonly reason: "late" | "crashed" | "ended";

  /** Says what happened, as the end of a sentence. */
  constructor(reason: WorkerFailure["reason"], found: string) {
    super(found);
    this.name = "WorkerFailure";
    this.reason = reason;
  }
}

/** A call on its way. */
export interface WorkerCall<Request> {
  /** Echoed by the reply. */
  readonly id: number;
  /** What is asked. */
  readonly request: Request;
}

/** A reply on its way. */
export interface WorkerReply<Reply> {
  /** The call's. */
  readonly id: number;
  /** What came of it. */
  readonly reply: Reply;
}

/** How to call. */
export interface CallOptions {
  /** Given away instead of copied. */
  readonly transfer?: Transferable[];
  /** Milliseconds to wait; by default, for ever. */
  readonly patience?: number;
}

/** What becomes of a worker that fails of itself. */
export interface CrashOptions {
  /** The error for callers that wait; by default, the failure itself. */
  readonly explain?: (failure: WorkerFailure) => Error;
  /** Told of that error, once; the worker is ended then. */
  readonly crashed?: (error: Error) => void;
}

function ended(): WorkerFailure {
  return new WorkerFailure("ended", "it was closed");
}

interface WaitingCall<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** One worker. It does calls in the order in which they were made. */
export class WorkerClient<Request, Reply> {
  readonly #worker: Worker;
  readonly #waitingCalls = new Map<number, WaitingCall<Reply>>();
  #nextCallId = 0;
  #endedWith: Error | undefined;

  /**
   * Takes charge of a worker that has not been asked anything.
   *
   * @param start Sent before all calls.
   */
  constructor(
    worker: Worker,
    start: unknown,
    { explain = (failure) => failure, crashed }: CrashOptions = {},
  ) {
    this.#worker = worker;
    worker.addEventListener(
      "message",
      ({ data }: MessageEvent<WorkerReply<Reply>>) => this.#settleCall(data),
    );
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (this.#endedWith !== undefined) return;
      const error = explain(new WorkerFailure("crashed", event.message));
      this.end(error);
      crashed?.(error);
    });
    worker.postMessage(start);
  }

  /** Whether calls are taken. */
  get alive(): boolean {
    return this.#endedWith === undefined;
  }

  /**
   * Asks.
   *
   * @throws {WorkerFailure} If there is no reply in time, or the worker fails. It is
   * of no use after either, for nobody knows what it is doing: {@linkcode end} it.
   */
  async call(
    request: Request,
    { transfer = [], patience }: CallOptions = {},
  ): Promise<Reply> {
    if (this.#endedWith !== undefined) throw this.#endedWith;
    const id = this.#nextCallId++;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    this.#waitingCalls.set(id, { resolve, reject });
    const late = patience === undefined ? undefined : setTimeout(() => {
      reject(
        new WorkerFailure("late", `it takes longer than ${patience} ms`),
      );
    }, patience);
    try {
      const call: WorkerCall<Request> = { id, request };
      this.#worker.postMessage(call, transfer);
      return await promise;
    } finally {
      this.#waitingCalls.delete(id);
      clearTimeout(late);
    }
  }

  /** Ends the worker, even if it hangs; what waits and what comes is rejected. */
  end(error: Error = ended()): void {
    if (this.#endedWith !== undefined) return;
    this.#endedWith = error;
    this.#worker.terminate();
    for (const { reject } of this.#waitingCalls.values()) reject(error);
    this.#waitingCalls.clear();
  }

  #settleCall({ id, reply }: WorkerReply<Reply>): void {
    this.#waitingCalls.get(id)?.resolve(reply);
  }
}

/** How a worker that is started again works. */
export interface RestartingOptions {
  /** Starts a worker. */
  readonly open: () => Worker;
  /** What to send it first. */
  readonly start?: () => unknown;
  /** Milliseconds that a call may take. */
  readonly patience: number;
  /** Milliseconds more for the first call of a worker. */
  readonly starting: number;
}

/**
 * A worker that is started when it is first called. One that hangs or fails is
 * ended, and the next call starts another. Calls are made one after another, so
 * that the time of each is its own.
 */
export class RestartingWorker<Request, Reply> {
  readonly #workerOptions: RestartingOptions;
  #client: WorkerClient<Request, Reply> | undefined;
  #lastCall: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Starts nothing yet. */
  constructor(options: RestartingOptions) {
    this.#workerOptions = options;
  }

  /**
   * Asks.
   *
   * @throws {WorkerFailure} If there is no reply in time, or the worker fails.
   */
  async call(request: Request): Promise<Reply> {
    const reply = this.#lastCall.then(() => this.#callWorker(request));
    this.#lastCall = reply.catch(() => {});
    return await reply;
  }

  /** Ends the worker, and starts no other: calls that wait and come are rejected. */
  close(): void {
    this.#closed = true;
    this.#client?.end();
    this.#client = undefined;
  }

  async #callWorker(request: Request): Promise<Reply> {
    if (this.#closed) throw ended();
    const { open, start, patience, starting } = this.#workerOptions;
    const fresh = this.#client === undefined;
    const client = this.#client ??= new WorkerClient(open(), start?.());
    try {
      return await client.call(request, {
        patience: patience + (fresh ? starting : 0),
      });
    } catch (error) {
      client.end();
      if (this.#client === client) this.#client = undefined;
      throw error;
    }
  }
}
