/**
 * The engine over a model on a device: turns come in, get a lane, share steps,
 * and leave nothing behind.
 *
 * @module
 */

import type { DeviceModel } from "../device/device.ts";
import type { SaveFormat } from "../state/save.ts";
import type { ScoredToken } from "../text/logprobs.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { closeTurn } from "./turn/closing.ts";
import { endWithin } from "./turn/ending.ts";
import type {
  DoneEvent,
  Engine,
  ModelInfo,
  ScoreQuery,
  Turn,
  TurnEvent,
} from "./engine.ts";
import { soughtStops } from "./turn/guide.ts";
import { Halts } from "./turn/halts.ts";
import { ModelHost, type Seat } from "./queue/host.ts";
import { Mailbox } from "./turn/mailbox.ts";
import type { StepReport } from "./observer.ts";
import { type Opening, openSave, openTurn } from "./turn/opening.ts";
import { Run } from "./turn/run.ts";
import { ScoreRun } from "./turn/score_run.ts";

/** What an engine is made of. */
export interface EngineOptions {
  /** What is loaded; `lanes` is the number of turns at once. */
  readonly model: ModelInfo;
  /** What its saves have in common. */
  readonly format: SaveFormat;
  /** The model's own. */
  readonly tokenizer: Tokenizer;
  /** Turns that may wait for a lane. */
  readonly waiting: number;
  /** Those of one named tenant among them; half of them by default. */
  readonly waitingEach?: number | undefined;
  /**
   * Puts the model on the device: at the start, and again whenever the device was
   * lost. Lanes beyond those of `model` keep copies of states, so that an answer
   * cut off before a stop need not be read again from its beginning.
   */
  readonly load: () => Promise<DeviceModel>;
  /** Told when the device was lost, and for each failure to get it back. */
  readonly lost?: (error: unknown) => void;
  /** Told of every step of the model. Must not throw. */
  readonly stepped?: (report: StepReport) => void;
}

/** Loads the model and takes turns. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { model, waiting, waitingEach, load, lost, stepped } = options;
  const host = new ModelHost({
    seats: model.lanes,
    waiting,
    waitingEach,
    // Hearing from a GPU takes as long as drawing several tokens.
    ahead: model.device.kind === "webgpu" ? 2 : 1,
    load,
    lost,
    stepped,
  });
  await host.open();
  return new DeviceEngine(options, host);
}

/** One text to score. */
interface Scoring {
  readonly from: ReturnType<typeof openSave>;
  readonly tokens: readonly number[];
  readonly top: number;
}

class DeviceEngine implements Engine {
  readonly model: ModelInfo;
  readonly format: SaveFormat;
  readonly tokenizer: Tokenizer;
  readonly #host: ModelHost;
  readonly #halts: Halts;

  constructor({ model, format, tokenizer }: EngineOptions, host: ModelHost) {
    this.model = model;
    this.format = format;
    this.tokenizer = tokenizer;
    this.#host = host;
    this.#halts = new Halts(tokenizer);
  }

  get ready(): boolean {
    return this.#host.ready;
  }

  get absence(): Engine["absence"] {
    return this.#host.absence;
  }

  get load(): Engine["load"] {
    return this.#host.load;
  }

  expectRoom(tenant?: string): void {
    this.#host.expectRoom(tenant);
  }

  async *generate(
    turn: Turn,
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent, void> {
    const opening = openTurn(turn, this.tokenizer, this.model.shape);
    // Only a stop that is cut off makes it likely that a lane has to go back.
    const copies = turn.stops.some(({ kept }) => !kept);
    const asked = performance.now();
    const seat = await this.#host.seat(signal, copies, turn.tenant);
    turn.observer?.phase("wait", asked, performance.now());
    if (seat === undefined) return yield untouched(opening);
    const events = new Mailbox<TurnEvent>();
    const run = new Run(opening, {
      ...seat,
      tokenizer: this.tokenizer,
      halt: this.#halts.for(soughtStops(turn)),
      wake: () => seat.add(run),
      events,
      left: () => seat.leave(run),
    });
    seat.add(run);
    const end = AbortSignal.any([signal, this.#host.closing]);
    const cancel = () => run.cancel();
    end.addEventListener("abort", cancel);
    if (end.aborted) cancel();
    try {
      yield* events;
    } finally {
      end.removeEventListener("abort", cancel);
      run.abandon();
    }
  }

  async score(
    { save, texts, top = 0, tenant }: ScoreQuery,
    signal: AbortSignal,
  ): Promise<ScoredToken[][]> {
    const from = openSave(save, this.tokenizer, this.model.shape);
    const scores: ScoredToken[][] = texts.map(() => []);
    const queue = [...texts.entries()];
    const failed = new AbortController();
    const end = AbortSignal.any([signal, failed.signal]);
    // As many texts at once as there are lanes, however many there are.
    const workers = Array.from({ length: this.model.lanes }, async () => {
      for (let next; (next = queue.shift()) !== undefined;) {
        const [i, text] = next;
        const tokens = this.tokenizer.encode(text);
        if (tokens.length > 0) {
          const seat = await this.#host.seat(end, false, tenant);
          scores[i] = await this.#score(seat, { from, tokens, top }, end);
        }
      }
    });
    try {
      await Promise.all(workers);
    } catch (error) {
      // Nobody waits for the other texts any more.
      failed.abort();
      await Promise.allSettled(workers);
      throw error;
    }
    return scores;
  }

  async dispose(): Promise<void> {
    await this.#host.close();
  }

  async #score(
    seat: Seat | undefined,
    { from, tokens, top }: Scoring,
    signal: AbortSignal,
  ): Promise<ScoredToken[]> {
    const end = AbortSignal.any([signal, this.#host.closing]);
    if (seat === undefined) throw end.reason;
    const { promise, resolve, reject } = Promise.withResolvers<ScoredToken[]>();
    const run = new ScoreRun(from, { tokens, top, ...seat, resolve, reject });
    const cancel = () => reject(end.reason);
    end.addEventListener("abort", cancel);
    if (end.aborted) cancel();
    seat.add(run);
    try {
      return await promise;
    } finally {
      end.removeEventListener("abort", cancel);
      seat.leave(run);
    }
  }
}

/** A turn that was cancelled before it had a lane. */
function untouched(opening: Opening): DoneEvent {
  const { save, given, carried } = opening;
  return closeTurn(opening, endWithin(given, 0), {
    values: save.values,
    drawn: [],
    chain: save.chain,
    chained: 0,
    utf8: carried,
    timings: { prefillMs: 0, decodeMs: 0 },
  });
}
