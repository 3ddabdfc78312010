/**
 * One turn on one lane: read the prompt, draw in bursts, find where the answer
 * ends, and leave with the state of exactly that place.
 *
 * The last token given is read alone, on the path that drawn tokens take, unless
 * that makes no difference to the device. So a text may be cut into turns anywhere
 * between drawn tokens, or between reading and drawing, and not a bit of its
 * states changes.
 *
 * The engine keeps nothing when a turn is over: the next one begins from the save
 * that its caller decoded. What is resumed is what was saved, by construction.
 *
 * It stays one file because it is one state machine: what each method may do
 * depends on all of its private fields. What could stand alone does (`prompt_reader.ts`,
 * `decode_burst.ts`, `constraint_guide.ts`, `answer_ending.ts`, `lane_rewinder.ts`, `turn_outcome.ts`).
 *
 * @module
 */

import type { DeviceModel, LaneResult, LaneStep } from "../../device/device.ts";
import { DeviceError } from "../../errors.ts";
import { Counts, penalized } from "../../text/penalties.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { Answer } from "./answer_text.ts";
import { burstLength, burstStep } from "./decode_burst.ts";
import { TurnClock } from "./turn_clock.ts";
import { closeTurn } from "./turn_outcome.ts";
import {
  endAfter,
  endAtEnd,
  endAtStop,
  type Ending,
  endWithin,
  type TurnTokens,
} from "./answer_ending.ts";
import type { TurnEvent } from "../engine.ts";
import { Guide, soughtStops } from "./constraint_guide.ts";
import type { Mailbox } from "./event_mailbox.ts";
import type { OpenedTurn } from "./turn_start.ts";
import { expectNumbers, overflow } from "./logits_overflow.ts";
import { PromptReader } from "./prompt_reader.ts";
import { Rewinder } from "./lane_rewinder.ts";
import type { Job, StepBudget } from "../queue/scheduler.ts";
import { TextEvents } from "./text_events.ts";

/** What a run works with. */
export interface RunOptions {
  /** Where the lanes are. */
  readonly model: DeviceModel;
  /** The model's own. */
  readonly tokenizer: Tokenizer;
  /** The lane, free to use. */
  readonly lane: number;
  /** Another one, to keep a copy of the state on. */
  readonly spare: number | undefined;
  /** Tokens at which the answer surely ends. */
  readonly stopTokens: ReadonlySet<number>;
  /** Asks for the next step, after this turn had nothing to do in the last. */
  readonly wake: () => void;
  /** Takes the events. */
  readonly events: Mailbox<TurnEvent>;
  /** Told once, when the lane is needed no more. */
  readonly left: () => void;
}

/** Tokens drawn from one copy of a lane to the next where few are taken back. */
const COPY_EVERY = 512;

/** A turn under way. */
export class Run implements Job {
  readonly #opening: OpenedTurn;
  readonly #runOptions: RunOptions;
  readonly #rewinder: Rewinder;
  readonly #answer: Answer;
  readonly #textEvents: TextEvents;
  readonly #prompt: PromptReader;
  #counts: Counts;
  readonly #guide: Guide;
  readonly #clock: TurnClock;
  readonly #drawn: number[] = [];
  /** Parts of steps that were asked for and not answered. */
  readonly #stepsInFlight: LaneStep[] = [];
  #ending: Ending | undefined;
  /** How many of the tokens drawn the answer has. */
  #handedTokens = 0;
  /** How often tokens were taken back. */
  #timesTakenBack = 0;
  /** Tokens drawn of which the last copy of the lane knows. */
  #drawnAtCopy: number | undefined;
  /** What to read again before leaving, or drawing. */
  readonly #stepsToReread: LaneStep[] = [];
  /** Steps of that in the air. */
  readonly #rereadSteps = new Set<LaneStep>();
  /** The part of a step that waits for its mask, unless the lane was put back. */
  #lateMaskStep: LaneStep | undefined;
  /** Whether the lane has read all there is, and is to draw next. */
  #undrawn = false;
  /** The last token kept, which a lane that was put back has not read. */
  #unread: readonly number[] = [];
  #drawingBegun = false;
  /** Whether it calls its caller's code, which may cancel the turn: that counts afterwards. */
  #calling = false;
  #cancelled = false;
  #leavingWithSave = false;
  #runOver = false;

  /** Puts the state on the lane. */
  constructor(opening: OpenedTurn, options: RunOptions) {
    const { model, lane, spare, tokenizer, events } = options;
    const { save, turn, carried } = opening;
    this.#opening = opening;
    this.#runOptions = options;
    this.#rewinder = new Rewinder(model, lane, spare);
    this.#guide = new Guide(turn.constraint, {
      changed: () => this.#runOver || options.wake(),
      retreat: (count) => this.#retreat(count),
      failed: (error) => this.#ending ?? this.fail(error),
    });
    this.#answer = new Answer(tokenizer, soughtStops(turn), carried);
    this.#textEvents = new TextEvents(this.#answer, events, turn.logprobs);
    this.#counts = new Counts(save.counts);
    const joined = model.seamless === true && turn.maxTokens > 0;
    this.#prompt = new PromptReader(opening.given, save.chain, joined);
    this.#clock = new TurnClock(turn.observer);
    const written = model.write(lane, save.values);
    this.#failIfRejected(written.then(() => this.#clock.uploaded()));
  }

  /** Whether it has a prompt to read. */
  get reading(): boolean {
    return this.#ending === undefined && !this.#drawingBegun;
  }

  /** Whether it draws a token at a time, each after it has thought about the last. */
  get guided(): boolean {
    return this.#guide.follows && !this.#mayBorrow;
  }

  /** Whether it will have a part of the next step in a moment. */
  get soon(): boolean {
    if (this.#runOver || this.#ending !== undefined) return false;
    return this.#guide.soon && !this.#mayReadFirst;
  }

  /** Ends the turn where it is once its parts of steps are answered. Never throws. */
  cancel(): void {
    this.#cancelled = true;
    if (this.#calling) return;
    try {
      this.#settleTurn();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Leaves without a word, for nobody listens any more. */
  abandon(): void {
    if (this.#runOver) return;
    this.#runOver = true;
    this.#runOptions.left();
  }

  /** Leaves with an error. */
  fail(error: unknown): void {
    if (this.#runOver) return;
    this.#runOptions.events.fail(error);
    this.abandon();
  }

  /** Its part of the next step. */
  next(room: StepBudget): LaneStep | undefined {
    if (this.#runOver) return undefined;
    const step = this.#whole(() => this.#planStep(room));
    if (step !== undefined) this.#stepsInFlight.push(step);
    else this.#settleTurn();
    return step;
  }

  /** What became of its part of a step. */
  accept(result: LaneResult): void {
    const step = this.#stepsInFlight.shift();
    if (step === undefined || this.#runOver) return;
    if (this.#ending === undefined) {
      this.#whole(() => this.#acceptPart(step, result));
    }
    this.#settleTurn();
  }

  #acceptPart(step: LaneStep, result: LaneResult): void {
    if (result.undrawn === true) {
      this.#undrawn = this.#lateMaskStep === step;
      if (result.drawn.length > 0) this.#acceptDrawn(result);
      else this.#guide.follow([]);
    } else if (step.draw > 0) this.#acceptDrawn(result);
    else if (!this.#rereadSteps.delete(step)) {
      this.#prompt.advance(step.tokens);
      this.#opening.turn.progress?.(this.#prompt.read);
    }
  }

  /** Does what has to be whole before the turn may be cancelled. */
  #whole<T>(work: () => T): T {
    this.#calling = true;
    try {
      return work();
    } finally {
      this.#calling = false;
    }
  }

  /** Index of the last token given: the first one unread if nothing is drawn. */
  get #lastGiven(): number {
    return this.#opening.given.length - 1;
  }

  get #tokens(): TurnTokens {
    return { given: this.#opening.given, drawn: this.#drawn };
  }

  #planStep(room: StepBudget): LaneStep | undefined {
    const again = this.#stepsToReread.shift();
    if (again !== undefined) {
      if (this.#ending === undefined) this.#rereadSteps.add(again);
      return again;
    }
    if (this.#ending !== undefined || this.#cancelled) return undefined;
    return this.#prompt.reading
      ? this.#prefillStep(room)
      : this.#decodeStep(room);
  }

  #prefillStep(room: StepBudget): LaneStep | undefined {
    const tokens = this.#prompt.ask(room.tokens);
    return tokens && { lane: this.#runOptions.lane, tokens, draw: 0 };
  }

  #decodeStep(room: StepBudget): LaneStep | undefined {
    const { lane, stopTokens } = this.#runOptions;
    const flying = this.#stepsInFlight.reduce((sum, { draw }) => sum + draw, 0);
    if (flying > 0 && !this.#mayRunAhead()) return undefined;
    if (!this.#guide.ready && !this.#mayReadFirst) return undefined;
    const drawn = this.#drawn.length + flying;
    const { turn } = this.#opening;
    const most = burstLength(turn, drawn, room.draw, this.guided);
    if (most <= 0) return undefined;
    const tokens = drawn === 0 ? this.#prompt.rest : this.#unread;
    if (tokens.length > room.tokens) return undefined;
    const keeps = this.#mayGoBack
      ? this.#answer.held === 0
      : this.#shouldCopy(drawn);
    if (keeps && !this.#undrawn) {
      const { given } = this.#opening;
      const read = given.length + (drawn === 0 ? -tokens.length : drawn - 1);
      this.#drawnAtCopy = drawn;
      this.#failIfRejected(this.#rewinder.keep(read));
    }
    this.#unread = [];
    this.#drawingBegun = true;
    this.#undrawn = false;
    const loan = most > 1 ? this.#guide.lend(most) : undefined;
    const draw = this.#guide.follows && loan === undefined ? 1 : most;
    const mask = loan?.fresh === false ? undefined : this.#guide.next;
    const counts = this.#counts;
    const burst = { lane, drawn, tokens, draw, stopTokens, counts, mask, loan };
    return this.#lateMaskStep = burstStep(this.#opening, burst);
  }

  /** Whether the last token may be read before it is known which may come next. */
  get #mayReadFirst(): boolean {
    return this.#runOptions.model.lateMasks === true && !this.#undrawn;
  }

  /**
   * Whether more may be drawn before the last draws are known: not if they count
   * for the next ones, unless the device counts, or decide which may come, nor if
   * a copy is to be kept only where no stop begins.
   */
  #mayRunAhead(): boolean {
    const { turn } = this.#opening;
    const { model, spare } = this.#runOptions;
    const counts = !penalized(turn.sampling) || model.countsAhead === true;
    return counts && turn.constraint === undefined && spare === undefined;
  }

  /** Whether the answer may end before its last token: in a grammar, at a stop alone. */
  get #mayGoBack(): boolean {
    const { turn } = this.#opening;
    return !this.#guide.follows || soughtStops(turn).length > 0;
  }

  /** Whether the device may find masks for itself: no token is ever taken back. */
  get #mayBorrow(): boolean {
    const { turn: { constraint, logprobs } } = this.#opening;
    return this.#runOptions.model.maskFeeds === true &&
      logprobs === undefined &&
      constraint?.lend !== undefined && !this.#mayGoBack &&
      this.#guide.held === 0;
  }

  /** Whether to keep a copy of the lane, for tokens may be taken back. */
  #shouldCopy(drawn: number): boolean {
    if (this.#guide.held === 0) return false;
    return this.#drawnAtCopy === undefined ||
      drawn >= this.#drawnAtCopy + COPY_EVERY;
  }

  /** Tokens have been drawn. */
  #acceptDrawn({ drawn, stopped, logits, failure }: LaneResult): void {
    if (failure !== undefined) {
      const { turn: { save } } = this.#opening;
      throw overflow(save !== undefined, failure);
    }
    if (drawn.length === 0 && !stopped) {
      // Asked for again, it would be asked for without end.
      throw new DeviceError(
        "ERR_DEVICE_FAILED",
        "Cannot go on: the device drew nothing, and did not say why",
      );
    }
    this.#clock.drawn(drawn.length, this.#opening.given.length);
    let ending: Ending | undefined;
    let answered = this.#drawn.length;
    for (const [i, token] of drawn.entries()) {
      answered++;
      this.#textEvents.score(
        token,
        logits && logitsRow(logits, i, drawn.length),
      );
      ending ??= this.#takeDrawn(token);
    }
    if (this.#drawn.length >= this.#opening.turn.maxTokens) {
      ending ??= this.#handToAnswer(0) ?? endAfter(this.#tokens, "length");
    }
    if (ending === undefined) {
      this.#guide.follow(drawn);
      return this.#textEvents.release();
    }
    // After a stopTokens the device draws no more, whatever it was asked for.
    const drawing = !stopped &&
      this.#stepsInFlight.some(({ draw }) => draw > 0);
    this.#endTurn(ending);
    if (drawing || this.#lastGiven + answered > ending.read) {
      this.#rewindTo(ending);
    }
  }

  /** Takes one token drawn; returns how that ends the turn, if it does. */
  #takeDrawn(token: number): Ending | undefined {
    const { tokenizer } = this.#runOptions;
    const { sampling, stops } = this.#opening.turn;
    this.#drawn.push(token);
    if (penalized(sampling)) this.#counts.draw(token, sampling.penaltyDecay);
    if (token === tokenizer.end) {
      return this.#handToAnswer(1) ?? endAtEnd(this.#tokens, stops, tokenizer);
    }
    return this.#handToAnswer(this.#guide.held);
  }

  /** Hands tokens to the answer, but the last ones; returns how that ends the turn. */
  #handToAnswer(held: number): Ending | undefined {
    while (this.#handedTokens < this.#drawn.length - held) {
      const cut = this.#answer.push(this.#drawn[this.#handedTokens++]);
      if (cut) return endAtStop(this.#tokens, cut, this.#runOptions.tokenizer);
    }
    return undefined;
  }

  /** Takes back the newest tokens, which the answer does not have yet. */
  #retreat(count: number): void {
    if (this.#runOver || this.#ending !== undefined) return;
    const { save, given, turn: { sampling } } = this.#opening;
    this.#timesTakenBack++;
    this.#drawn.length -= count;
    this.#textEvents.takeBack(count);
    if (penalized(sampling)) {
      this.#counts = new Counts(save.counts);
      for (const token of this.#drawn) {
        this.#counts.draw(token, sampling.penaltyDecay);
      }
    }
    const { length: left } = this.#drawn;
    const read = left === 0
      ? given.length - this.#prompt.rest.length
      : this.#lastGiven + left;
    this.#unread = this.#drawn.slice(-1);
    this.#rewindLane(read);
  }

  #endTurn(ending: Ending): void {
    this.#clock.read(this.#prompt.read);
    this.#ending = ending;
    this.#textEvents.finish(ending.over);
  }

  /** Puts the lane back to where the text ends. */
  #rewindTo({ read }: Ending): void {
    this.#rewindLane(read);
  }

  #rewindLane(read: number): void {
    this.#lateMaskStep = undefined;
    this.#undrawn = false;
    this.#failIfRejected(
      this.#rewinder.restore(read, this.#opening.save.values),
    );
    // Whatever was to be read again followed another place.
    const steps = this.#rewinder.steps(read, this.#tokens);
    this.#stepsToReread.splice(0, Infinity, ...steps);
  }

  /** Finds out whether the turn is over, once nothing of it is in the air. */
  #settleTurn(): void {
    if (this.#runOver || this.#stepsInFlight.length > 0) return;
    this.#whole(() => this.#ending ?? this.#findEnding());
    if (this.#ending === undefined || this.#leavingWithSave) return;
    // What a lane that was put back has to read again needs a step.
    if (this.#stepsToReread.length > 0) return this.#runOptions.wake();
    this.#leavingWithSave = true;
    this.#failIfRejected(this.#leaveWithSave(this.#ending));
  }

  #findEnding(): void {
    const answered = this.#drawn.length;
    if (this.#cancelled) {
      const ending = answered > 0
        ? this.#handToAnswer(0) ?? endAfter(this.#tokens, "cancelled")
        : endWithin(this.#opening.given, this.#prompt.read);
      // A stop may begin before what the answer had not been handed.
      const beyond = answered > 0 && this.#lastGiven + answered > ending.read;
      this.#endTurn(ending);
      if (beyond || this.#undrawn) this.#rewindTo(ending);
    } else if (this.#opening.turn.maxTokens === 0 && !this.#prompt.reading) {
      this.#endTurn(endAfter(this.#tokens, "length"));
    }
  }

  /** Takes the state along, and frees the lane. */
  async #leaveWithSave(ending: Ending): Promise<void> {
    const { model, lane, events } = this.#runOptions;
    const values = await this.#clock.downloaded(model.read(lane));
    if (this.#runOver) return;
    expectNumbers(values, this.#opening.turn.save !== undefined);
    events.put(closeTurn(this.#opening, ending, {
      values,
      drawn: this.#drawn,
      chain: this.#prompt.chain,
      chained: this.#prompt.read,
      utf8: this.#answer.pending,
      timings: this.#clock.timings,
      retries: this.#timesTakenBack,
    }));
    events.close();
    this.abandon();
  }

  /** Fails the turn if the device refuses. */
  #failIfRejected(work: Promise<void>): void {
    work.catch((error) => this.fail(error));
  }
}

/** One of as many rows of the same length. */
function logitsRow(all: Float32Array, row: number, rows: number): Float32Array {
  const length = all.length / rows;
  return all.subarray(row * length, (row + 1) * length);
}
