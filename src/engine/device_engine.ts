/**
 * The engine over a model on a device: turns come in, get a lane, share steps,
 * and leave nothing behind. Lanes are zeroed when a turn leaves.
 *
 * @module
 */

import type { DeviceModel } from "../device/device.ts";
import { DeviceError } from "../errors.ts";
import type { SaveFormat } from "../state/save.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { closeTurn } from "./closing.ts";
import { endWithin } from "./ending.ts";
import type {
  DoneEvent,
  Engine,
  ModelInfo,
  Turn,
  TurnEvent,
} from "./engine.ts";
import { Halts } from "./halts.ts";
import { Lanes, type Lease } from "./lanes.ts";
import { Mailbox } from "./mailbox.ts";
import { type Opening, openTurn } from "./opening.ts";
import { Run } from "./run.ts";
import { Scheduler } from "./scheduler.ts";

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
  /**
   * Puts the model on the device: at the start, and again whenever the device was
   * lost. Lanes beyond those of `model` keep copies of states, so that an answer
   * cut off before a stop need not be read again from its beginning.
   */
  readonly load: () => Promise<DeviceModel>;
  /** Told when the device was lost, and for each failure to get it back. */
  readonly lost?: (error: unknown) => void;
}

/** Loads the model and takes turns. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const engine = new DeviceEngine(options);
  await engine.open();
  return engine;
}

/** The model while it is on a device. */
interface Room {
  readonly model: DeviceModel;
  readonly scheduler: Scheduler;
}

/** Milliseconds before the device is asked for again, first and at most. */
const PATIENCE = [250, 30_000] as const;

class DeviceEngine implements Engine {
  readonly model: ModelInfo;
  readonly format: SaveFormat;
  readonly tokenizer: Tokenizer;
  readonly #options: EngineOptions;
  readonly #lanes: Lanes;
  readonly #halts: Halts;
  readonly #runs = new Set<Run>();
  readonly #closing = new AbortController();
  /** Resolves when the last run has left. */
  #idle: () => void = () => {};
  #room: Room | undefined;

  constructor(options: EngineOptions) {
    const { model, format, tokenizer, waiting } = options;
    this.model = model;
    this.format = format;
    this.tokenizer = tokenizer;
    this.#options = options;
    this.#lanes = new Lanes({ seats: model.lanes, waiting });
    this.#halts = new Halts(tokenizer);
  }

  get ready(): boolean {
    return this.#room !== undefined && !this.#closing.signal.aborted;
  }

  get load(): Engine["load"] {
    return { busy: this.#lanes.busy, waiting: this.#lanes.waiting };
  }

  async open(): Promise<void> {
    const model = await this.#options.load();
    if (this.#closing.signal.aborted) return await model.dispose();
    const ahead = this.model.device.kind === "webgpu" ? 2 : 1;
    this.#room = { model, scheduler: new Scheduler(model, { ahead }) };
    this.#lanes.open(model.lanes);
    void model.lost.then((error) => this.#lose(model, error));
  }

  async *generate(
    turn: Turn,
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent, void> {
    if (!this.ready) {
      throw new DeviceError(
        "ERR_DEVICE_LOST",
        "Cannot take a turn: the device is being replaced; try again soon",
      );
    }
    const opening = openTurn(turn, this.tokenizer, this.model.shape);
    const end = AbortSignal.any([signal, this.#closing.signal]);
    const lease = await this.#lanes.seat(end);
    if (lease === undefined) return yield untouched(opening);
    const events = new Mailbox<TurnEvent>();
    const run = this.#begin(opening, lease, events);
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

  async dispose(): Promise<void> {
    this.#closing.abort();
    if (this.#runs.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      await promise;
    }
    await this.#room?.model.dispose();
    this.#room = undefined;
  }

  #begin(opening: Opening, lease: Lease, events: Mailbox<TurnEvent>): Run {
    const room = this.#room;
    if (room === undefined) throw new TypeError("Cannot begin: no model");
    const { model, scheduler } = room;
    const { stops } = opening.turn;
    // Only a stop that is cut off makes it likely that a lane has to go back.
    const copies = stops.some(({ kept }) => !kept);
    const spare = copies ? this.#lanes.spare() : undefined;
    const leases = spare === undefined ? [lease] : [lease, spare];
    const run = new Run(opening, {
      model,
      tokenizer: this.tokenizer,
      lane: lease.lane,
      spare: spare?.lane,
      halt: this.#halts.for(stops),
      events,
      left: () => {
        scheduler.remove(run);
        for (const { lane, release } of leases) {
          // Whoever gets the lane next asks later. A device that cannot zero it
          // is lost, and its memory with it.
          model.clear(lane).catch(() => {});
          release();
        }
        this.#runs.delete(run);
        if (this.#runs.size === 0) this.#idle();
      },
    });
    this.#runs.add(run);
    scheduler.add(run);
    return run;
  }

  async #lose(model: DeviceModel, cause: unknown): Promise<void> {
    const room = this.#room;
    if (room?.model !== model || this.#closing.signal.aborted) return;
    this.#room = undefined;
    this.#lanes.close();
    room.scheduler.fail(
      new DeviceError(
        "ERR_DEVICE_LOST",
        "Cannot finish the turn: the device was lost; its save still holds",
        { cause },
      ),
    );
    this.#options.lost?.(cause);
    await model.dispose().catch(() => {});
    const [first, most] = PATIENCE;
    for (let pause: number = first; !this.#closing.signal.aborted;) {
      try {
        return await this.open();
      } catch (error) {
        this.#options.lost?.(error);
        await this.#pause(pause);
        pause = Math.min(2 * pause, most);
      }
    }
  }

  #pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#closing.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
    return promise;
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
