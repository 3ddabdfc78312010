/**
 * Steps on thread 0: rows of several lanes are put into passes, drawn tokens fed
 * back, until every entry of the batch has what it asked for.
 *
 * A token's values never depend on which rows share its pass (the kernels see to
 * that), so cutting and mixing are only a matter of speed, and reading a token
 * again is the same bits as having drawn it: `replay` needs nothing special.
 *
 * @module
 */

import { penalized } from "../../text/penalties.ts";
import { LogitsError, sampleToken } from "../../text/sampler.ts";
import { SamplerScratch } from "../../text/sampler_scratch.ts";
import type { Sampling } from "../../text/sampling_options.ts";
import type { LaneResult } from "../device.ts";
import {
  begin,
  type Entry,
  hasUnread,
  left,
  type Pending,
  resultOf,
} from "./batch_entry.ts";
import { KeptLogits } from "./kept_logits.ts";
import type { WasmKernels } from "./kernel_exports.ts";
import type { MemoryLayout } from "./memory_layout.ts";
import { planField } from "./plan_structs.ts";
import { ThreadChoice } from "./thread_choice.ts";
import type { ThreadStep } from "./thread_messages.ts";
import { QUAD, roundUp } from "./wasm_matrix.ts";

/**
 * Milliseconds that a draw waits for a mask once its token is read, at least and at
 * most. Between them it is the time of a pass, for what holds up the one thread
 * holds up the other, and a lane that falls behind costs passes of its own.
 */
const LEAST_PATIENCE = 2, MOST_PATIENCE = 20;

/** All lanes of a model, on the thread that leads. */
export class BatchRunner {
  readonly #kernels: WasmKernels;
  readonly #layout: MemoryLayout;
  readonly #V: number;
  readonly #pending: (Pending | undefined)[];
  readonly #kept: KeptLogits;
  readonly #scratch: SamplerScratch;
  readonly #choice: ThreadChoice;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #floats: Float32Array;
  readonly #doubles: Float64Array;
  /** Rows of logits that are not zeros. */
  #mostWanted = 0;
  /** Rows that passes have written, whole quads; packing has left its traces everywhere. */
  #mostRows: number;
  /** Milliseconds to wait for a mask. */
  #patience = LEAST_PATIENCE;
  /** Whether a state was converted in scratch. */
  #converted = true;

  /** Takes over a laid out memory. */
  constructor(
    kernels: WasmKernels,
    memory: WebAssembly.Memory,
    layout: MemoryLayout,
    { V, lanes, allThreads }: {
      V: number;
      lanes: number;
      allThreads: boolean;
    },
  ) {
    this.#kernels = kernels;
    this.#layout = layout;
    this.#V = V;
    this.#mostRows = roundUp(layout.chunk, QUAD);
    this.#pending = Array.from({ length: lanes }, () => undefined);
    this.#scratch = new SamplerScratch(V);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#floats = new Float32Array(memory.buffer);
    this.#doubles = new Float64Array(memory.buffer);
    const { threads, weightBytes } = layout;
    this.#choice = new ThreadChoice(threads, weightBytes, allThreads);
    this.#tellThreads();
    this.#kept = new KeptLogits(lanes);
  }

  /**
   * Makes a lane's state zeros, and with it all that passes and commands left:
   * tokens, logits, activations, and a state in canonical order.
   */
  clear(lane: number): void {
    const { stateBytes, rowBuffers, logits, logitsStride } = this.#layout;
    this.#wipe(this.#state(lane), stateBytes);
    this.#pending[lane] = undefined;
    this.#kept.drop(lane);
    this.#kept.rescue();
    // A turn is short: most rows were never written, and they are most of the
    // memory.
    for (const { at, rowBytes } of rowBuffers) {
      this.#wipe(at, this.#mostRows * rowBytes);
    }
    this.#wipe(logits, this.#mostWanted * logitsStride * 4);
    this.#wipeScratch();
    this.#mostWanted = 0;
    this.#mostRows = 0;
    this.#converted = false;
  }

  #wipeScratch(): void {
    const { scratch, scratchBytes, passScratch, threads, chunk, stateBytes } =
      this.#layout;
    const { fixed, rowBytes } = passScratch;
    const used = this.#mostRows >= chunk
      ? scratchBytes
      : fixed + this.#mostRows * rowBytes;
    for (let i = 0; i < threads; i++) {
      this.#wipe(scratch + i * scratchBytes, Math.min(used, scratchBytes));
    }
    if (this.#converted) this.#wipe(scratch, stateBytes);
  }

  #wipe(at: number, bytes: number): void {
    // V8 fills shared memory a value at a time: the wider the values, the faster.
    const end = at + bytes, first = Math.min(roundUp(at, 8), end);
    const last = Math.max(first, end - end % 8);
    this.#bytes.fill(0, at, first);
    this.#doubles.fill(0, first / 8, last / 8);
    this.#bytes.fill(0, last, end);
  }

  /** Sets a lane's state from canonical order. */
  write(lane: number, values: Float32Array): void {
    const { scratch } = this.#layout;
    this.#converted = true;
    this.#floats.set(values, scratch / 4);
    this.#convertInto(lane, scratch);
  }

  /** Sets a lane's state from canonical order at byte `staged`, and zeroes it there. */
  takeStaged(lane: number, staged: number): void {
    this.#convertInto(lane, staged);
    this.#wipe(staged, this.#layout.stateBytes);
  }

  #convertInto(lane: number, from: number): void {
    this.#kernels.convertState(this.#layout.plan, from, this.#state(lane));
    this.#pending[lane] = undefined;
    this.#kept.drop(lane);
  }

  /** A lane's state in canonical order. */
  read(lane: number): Float32Array<ArrayBuffer> {
    const { plan, scratch, stateBytes } = this.#layout;
    this.#converted = true;
    this.#kernels.convertState(plan, this.#state(lane), scratch);
    return this.#copy(scratch, stateBytes / 4);
  }

  /** Copies all of a lane, its unread token too. */
  copy(from: number, to: number): void {
    const source = this.#state(from), target = this.#state(to);
    const { stateBytes } = this.#layout;
    this.#bytes.copyWithin(target, source, source + stateBytes);
    this.#pending[to] = this.#pending[from];
    this.#kept.copy(from, to);
  }

  /** Runs a batch to its end. */
  step(batch: readonly ThreadStep[]): LaneResult[] {
    const entries = batch.map((step) => begin(step, this.#pending[step.lane]));
    for (const entry of entries) this.#drawKept(entry);
    for (let busy = entries.filter(hasUnread); busy.length > 0;) {
      this.#pass(busy);
      busy = busy.filter(hasUnread);
    }
    this.#tellThreads();
    return entries.map(resultOf);
  }

  #tellThreads(): void {
    const { decode, prefill } = this.#choice.inUse;
    this.#words.set([decode, prefill], this.#layout.inUse / 4);
  }

  /** Draws from logits that an earlier step kept, where there are some. */
  #drawKept(entry: Entry): void {
    const { lane, sampling, keep = false, logits: wish } = entry.step;
    const logits = this.#kept.of(lane);
    if (logits === undefined) return;
    if (hasUnread(entry)) return this.#kept.drop(lane);
    const draws = sampling !== undefined && entry.draws > 0;
    if (draws) this.#drawNext(entry, sampling, logits);
    const given = wish === "drawn" ? entry.drawn.length > 0 : draws || keep;
    if (wish !== undefined && given) {
      entry.logits.push(new Float32Array(logits));
    }
    // A part that is read first and drawn later may have nothing more to read.
    if (!entry.undrawn && !keep) this.#kept.drop(lane);
  }

  /** Fills a pass with rows, runs it, and draws where a lane has read all. */
  #pass(busy: readonly Entry[]): void {
    const { plan, chunk, tokens, segments, wanted } = this.#layout;
    let rows = 0, count = 0, wants = 0;
    this.#kept.rescue();
    // One-token lanes first: they wait for every pass, long prompts only for some.
    const ordered = busy.toSorted((a, b) => left(a) - left(b));
    for (const entry of ordered) {
      entry.rows = Math.min(left(entry), chunk - rows);
      if (entry.rows === 0) continue;
      this.#words.set(
        [entry.step.lane, rows, entry.rows],
        segments / 4 + count++ * 3,
      );
      const ends = entry.rows === left(entry);
      const { keep = false, logits } = entry.step;
      const last = ends && (entry.draws > 0 || keep || logits !== undefined);
      entry.firstWanted = wants;
      for (let i = 0; i < entry.rows; i++, rows++) {
        this.#words[tokens / 4 + rows] = entry.unread[entry.read + i];
        const wish = entry.step.logits === "all" ||
          (last && i === entry.rows - 1);
        if (wish) this.#words[wanted / 4 + wants++] = rows;
      }
      entry.read += entry.rows;
    }
    this.#set("rows", rows);
    this.#set("segments", count);
    this.#set("wanted", wants);
    this.#mostWanted = Math.max(this.#mostWanted, wants);
    this.#mostRows = Math.max(this.#mostRows, roundUp(rows, QUAD));
    this.#set("threads", this.#choice.threads(rows));
    const from = performance.now();
    this.#kernels.pass(plan);
    const took = performance.now() - from;
    this.#choice.took(rows, took);
    this.#patience = Math.min(Math.max(LEAST_PATIENCE, took), MOST_PATIENCE);
    for (const entry of ordered) {
      if (entry.rows > 0) this.#after(entry);
    }
  }

  /** Draws if the entry has read all it had; keeps the logits asked for. */
  #after(entry: Entry): void {
    const { logits, step, firstWanted } = entry;
    const all = step.logits === "all";
    const last = firstWanted + (all ? entry.rows : 1) - 1;
    const before = entry.drawn.length;
    const ended = !hasUnread(entry);
    const given = before === 0 && (all || ended && step.logits === "last");
    if (ended) {
      this.#pending[step.lane] = undefined;
      if (step.keep === true) this.#kept.keep(step.lane, this.#logits(last));
      if (entry.draws > 0 && step.sampling !== undefined) {
        this.#drawNext(entry, step.sampling, this.#logits(last));
      }
    }
    const drawn = step.logits === "drawn" && entry.drawn.length > before;
    if (!drawn && !given) return;
    for (let i = firstWanted; i <= last; i++) {
      logits.push(this.#copy(this.#row(i), this.#V));
    }
  }

  /** Draws in the next mask, if there is a feed and that has one in time. */
  #drawNext(entry: Entry, sampling: Sampling, logits: Float32Array): void {
    const { feed, drawn, step: { lane } } = entry;
    if (feed === undefined || drawn.length === 0 && sampling.mask) {
      return this.#tryDraw(entry, sampling, logits);
    }
    const mask = feed.take(this.#patience);
    if (mask !== undefined) {
      return this.#tryDraw(entry, { ...sampling, mask }, logits);
    }
    entry.undrawn = true;
    entry.draws = 0;
    if (this.#kept.of(lane) === undefined) this.#kept.keep(lane, logits);
    feed.end();
  }

  /** Draws, or ends the entry: what it cannot draw from is its own alone. */
  #tryDraw(entry: Entry, sampling: Sampling, logits: Float32Array): void {
    try {
      this.#draw(entry, sampling, logits);
    } catch (error) {
      if (!(error instanceof LogitsError)) throw error;
      entry.feed?.end();
      entry.failure = error.message;
      entry.draws = 0;
      this.#pending[entry.step.lane] = { token: 0, stopped: true };
    }
  }

  #draw(entry: Entry, sampling: Sampling, logits: Float32Array): void {
    const { step, counts, drawn } = entry;
    const token = sampleToken(
      logits,
      { ...sampling, counts, position: sampling.position + drawn.length },
      this.#scratch,
    );
    drawn.push(token);
    if (penalized(sampling)) counts.draw(token, sampling.penaltyDecay);
    entry.draws--;
    entry.stopped = step.stopTokens?.has(token) === true;
    if (entry.stopped) entry.feed?.end();
    else entry.feed?.tell(token);
    if (entry.draws > 0 && !entry.stopped) {
      entry.unread = [token];
      entry.read = 0;
    } else {
      this.#pending[step.lane] = { token, stopped: entry.stopped };
    }
  }

  /** Byte of a row of logits. */
  #row(i: number): number {
    return this.#layout.logits + i * this.#layout.logitsStride * 4;
  }

  /** A row of logits, where the next pass writes another. */
  #logits(i: number): Float32Array {
    const at = this.#row(i) / 4;
    return this.#floats.subarray(at, at + this.#V);
  }

  /** Byte of a lane's state. */
  #state(lane: number): number {
    return this.#layout.states + lane * this.#layout.stateBytes;
  }

  #copy(at: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#floats.subarray(at / 4, at / 4 + length));
  }

  #set(field: Parameters<typeof planField>[0], value: number): void {
    this.#words[(this.#layout.plan + planField(field)) / 4] = value;
  }
}
