/**
 * The engine over a model on a device: turns come in, get a lane, share steps,
 * and leave nothing behind.
 *
 * @module
 */

import type { DeviceModel } from "../device/device.ts";
import type { SaveFormat } from "../state/save.ts";
import type { ScoredToken } from "../text/logprobs.ts";
import { inSteps } from "../steps.ts";
import { encoding } from "../text/stepwise_encoding.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { closeTurn } from "./turn/turn_outcome.ts";
import { endWithin } from "./turn/answer_ending.ts";
import type {
  DoneEvent,
  Engine,
  ModelInfo,
  ScoreQuery,
  Turn,
  TurnEvent,
} from "./engine.ts";
import { soughtStops } from "./turn/constraint_guide.ts";
import { StopTokens } from "./turn/stop_tokens.ts";
import { type HostLease, ModelHost } from "./queue/model_host.ts";
import { Mailbox } from "./turn/event_mailbox.ts";
import type { StepReport } from "./turn_observer.ts";
import { type OpenedTurn, openTurn, resumableSave } from "./turn/turn_start.ts";
import { Run } from "./turn/turn_run.ts";
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
  readonly maxWaiting: number;
  /** Those of one named tenant among them; half of them by default. */
  readonly maxWaitingPerTenant?: number | undefined;
  /**
   * Puts the model on the device: at the start, and again whenever the device was
   * lost. Lanes beyond those of `model` keep copies of states, so that an answer
   * cut off before a stop need not be read again from its beginning.
   */
  readonly load: () => Promise<DeviceModel>;
  /**
   * Told when the device was lost, and for each failure to get it back. What it
   * throws is dropped: the device is asked for all the same.
   */
  readonly lost?: (error: unknown) => void;
  /** Told of every step of the model. Must not throw. */
  readonly stepped?: (report: StepReport) => void;
}

/** Loads the model and takes turns. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const {
    model,
    maxWaiting,
    maxWaitingPerTenant,
    load,
    lost,
    stepped,
  } = options;
  const host = new ModelHost({
    maxTurns: model.lanes,
    maxWaiting,
    maxWaitingPerTenant,
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
  readonly from: ReturnType<typeof resumableSave>;
  readonly tokens: readonly number[];
  readonly top: number;
}

class DeviceEngine implements Engine {
  readonly model: ModelInfo;
  readonly format: SaveFormat;
  readonly tokenizer: Tokenizer;
  readonly #modelHost: ModelHost;
  readonly #stopTokens: StopTokens;

  constructor({ model, format, tokenizer }: EngineOptions, host: ModelHost) {
    this.model = model;
    this.format = format;
    this.tokenizer = tokenizer;
    this.#modelHost = host;
    this.#stopTokens = new StopTokens(tokenizer);
  }

  get ready(): boolean {
    return this.#modelHost.ready;
  }

  get absence(): Engine["absence"] {
    return this.#modelHost.absence;
  }

  get load(): Engine["load"] {
    return this.#modelHost.load;
  }

  expectRoom(tenant?: string): void {
    this.#modelHost.expectRoom(tenant);
  }

  async *generate(
    turn: Turn,
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent, void> {
    const { tokenizer } = this;
    const encoded = inSteps(encoding(turn.prompt, tokenizer));
    // A short prompt takes its place in the queue at once, in the order of calls.
    const prompt = encoded instanceof Promise ? await encoded : encoded;
    const opening = openTurn(turn, prompt, tokenizer, this.model.shape);
    // Only a stop that is cut off makes it likely that a lane has to go back, and a
    // grammar that may have tokens taken back.
    const copies = turn.stops.some(({ kept }) => !kept) ||
      (turn.constraint?.held ?? 0) > 0;
    const asked = performance.now();
    const lease = await this.#modelHost.lease(signal, copies, turn.tenant);
    const end = AbortSignal.any([signal, this.#modelHost.closing]);
    let run: Run | undefined;
    const cancel = () => run?.cancel();
    try {
      turn.observer?.phase("wait", asked, performance.now());
      if (lease === undefined) return yield untouched(opening);
      const events = new Mailbox<TurnEvent>();
      run = new Run(opening, {
        ...lease,
        tokenizer,
        stopTokens: this.#stopTokens.for(soughtStops(turn)),
        wake: () => run && lease.add(run),
        events,
        left: () => lease.leave(),
      });
      lease.add(run);
      end.addEventListener("abort", cancel);
      if (end.aborted) cancel();
      yield* events;
    } finally {
      end.removeEventListener("abort", cancel);
      run?.abandon();
      lease?.leave();
    }
  }

  async score(
    { save, texts, bos = true, top = 0, tenant }: ScoreQuery,
    signal: AbortSignal,
  ): Promise<ScoredToken[][]> {
    const found = resumableSave(save, this.tokenizer, this.model.shape);
    const bare = save === undefined && !bos;
    const scores: ScoredToken[][] = texts.map(() => []);
    const queue = [...texts.entries()];
    const failed = new AbortController();
    const end = AbortSignal.any([signal, failed.signal]);
    // As many texts at once as there are lanes, however many there are.
    const workers = Array.from({ length: this.model.lanes }, async () => {
      for (let next; (next = queue.shift()) !== undefined;) {
        const [i, text] = next;
        const all = await inSteps(encoding(text, this.tokenizer));
        const first = bare ? all.slice(0, 1) : [];
        const tokens = all.slice(first.length);
        const from = bare ? { ...found, unread: first } : found;
        const sure = first.map((token) => ({ token, logprob: NaN, top: [] }));
        scores[i] = [...sure];
        if (tokens.length > 0) {
          const lease = await this.#modelHost.lease(end, false, tenant);
          const scored = await this.#scoreText(
            lease,
            { from, tokens, top },
            end,
          );
          scores[i]?.push(...scored);
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
    await this.#modelHost.close();
  }

  async #scoreText(
    lease: HostLease | undefined,
    { from, tokens, top }: Scoring,
    signal: AbortSignal,
  ): Promise<ScoredToken[]> {
    const end = AbortSignal.any([signal, this.#modelHost.closing]);
    if (lease === undefined) throw end.reason;
    const { promise, resolve, reject } = Promise.withResolvers<ScoredToken[]>();
    const cancel = () => reject(end.reason);
    try {
      const options = { tokens, top, ...lease, resolve, reject };
      lease.add(new ScoreRun(from, options));
      end.addEventListener("abort", cancel);
      if (end.aborted) cancel();
      return await promise;
    } finally {
      end.removeEventListener("abort", cancel);
      lease.leave();
    }
  }
}

/** A turn that was cancelled before it had a lane. */
function untouched(opening: OpenedTurn): DoneEvent {
  const { save, given, carried } = opening;
  return closeTurn(opening, endWithin(given, 0), {
    values: save.values,
    drawn: [],
    retries: 0,
    chain: save.chain,
    chained: 0,
    utf8: carried,
    timings: { prefillMs: 0, decodeMs: 0 },
  });
}
