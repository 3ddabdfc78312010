/**
 * How many threads compute a pass: as many as make it shorter. Meeting at barriers
 * costs more than the work of a small model, most of all where a thread has to wait
 * for a core that something else uses. That depends on the machine, on the model
 * and on the hour, so the passes themselves are timed.
 *
 * Idea: passes with about as many rows have a choice of their own, which walks
 * between 1, 2, 4, … and all threads. Now and then a few passes try the count
 * beside the one in use, which is taken where it has been faster; trials that
 * come to nothing become rare. No bit of a result depends on it.
 *
 * @module
 */

import type { ThreadsInUse } from "../device.ts";

/** Passes between trials, at first and at most. */
const FIRST_TRIAL_PAUSE = 16, LONGEST_TRIAL_PAUSE = 512;

/** Passes of a trial; the first, which wakes threads, does not count. */
const TRIAL = 3;

/** A pass counts for an eighth of the mean, and as at most eight times the mean. */
const MEAN_MEMORY = 8, OUTLIER = 8;

/** First passes, which compile the kernels: they say nothing. */
const COLD = 8;

/** What more threads have to gain: the others are of use to someone else. */
const GAIN = 0.95;

/** Bytes times rows that a thread is taken to be worth, before it is measured. */
const THREAD_WORK = 16 << 20;

/** Kinds of passes: 1, 2–3, 4–7, 8–15, 16–31 rows, and more. */
const PASS_KINDS = 6;

/** Passes of about as many rows. */
interface PassKind {
  /** Milliseconds a row by place in the list of counts; 0 if not yet measured. */
  readonly means: number[];
  /** Passes measured, by place. */
  readonly measured: number[];
  /** Place of the count in use. */
  place: number;
  /** Place of the count on trial. */
  trial: number | undefined;
  /** Milliseconds a row of the trial's passes, added up. */
  spent: number;
  /** Passes to the end of the trial, or to the next. */
  left: number;
  /** Passes between trials. */
  pause: number;
  /** Whether the next trial is of more threads. */
  upwards: boolean;
}

/** The choice of one model. */
export class ThreadChoice {
  readonly #threadCounts: readonly number[];
  readonly #passKinds: readonly PassKind[];
  #cold = COLD;

  /**
   * Starts with a guess.
   *
   * @param most Threads that there are.
   * @param weightBytes Bytes of weights, which a pass reads once.
   * @param fixed Whether all of them compute every pass.
   */
  constructor(most: number, weightBytes: number, fixed = false) {
    this.#threadCounts = fixed ? [most] : countsUpTo(most);
    this.#passKinds = Array.from({ length: PASS_KINDS }, (_, kind) => {
      const worth = 2 ** kind * weightBytes / THREAD_WORK;
      const more = this.#threadCounts.findIndex((count) => count >= worth);
      return {
        means: this.#threadCounts.map(() => 0),
        measured: this.#threadCounts.map(() => 0),
        place: more < 0 ? this.#threadCounts.length - 1 : more,
        trial: undefined,
        spent: 0,
        left: FIRST_TRIAL_PAUSE,
        pause: FIRST_TRIAL_PAUSE,
        upwards: true,
      };
    });
  }

  /** Threads for a single token, for a long chunk of a prompt, and at most. */
  get inUse(): ThreadsInUse {
    const of = ({ place }: PassKind) => this.#threadCounts[place];
    const [one] = this.#passKinds;
    const last = this.#passKinds[PASS_KINDS - 1];
    return {
      decode: of(one),
      prefill: of(last),
      most: this.#threadCounts[this.#threadCounts.length - 1],
    };
  }

  /** Threads of the next pass. */
  threads(rows: number): number {
    const { place, trial } = this.#passKind(rows);
    return this.#threadCounts[trial ?? place];
  }

  /**
   * A pass is over.
   *
   * @param rows Its rows.
   * @param ms Milliseconds that it took, on the threads of {@linkcode threads}.
   */
  took(rows: number, ms: number): void {
    if (this.#threadCounts.length === 1 || this.#cold-- > 0) return;
    const kind = this.#passKind(rows);
    const { place, trial } = kind;
    kind.left--;
    if (trial === undefined) {
      remember(kind, place, ms / rows);
      if (kind.left <= 0) this.#try(kind);
      return;
    }
    if (kind.left < TRIAL - 1) {
      remember(kind, trial, ms / rows);
      kind.spent += ms / rows;
    }
    if (kind.left > 0) return;
    kind.trial = undefined;
    const enough = kind.means[place] * (trial > place ? GAIN : 1 / GAIN);
    if (kind.means[trial] < enough) kind.place = trial;
    // A trial that went well where earlier ones did not is soon repeated: it may
    // have been luck, or the machine has changed.
    kind.pause = kind.spent / (TRIAL - 1) < enough
      ? FIRST_TRIAL_PAUSE
      : Math.min(2 * kind.pause, LONGEST_TRIAL_PAUSE);
    kind.left = kind.pause;
  }

  /** Begins a trial of the count above or below, by turns. */
  #try(kind: PassKind): void {
    const step = kind.upwards ? 1 : -1;
    const wanted = kind.place + step;
    kind.trial = this.#threadCounts[wanted] === undefined
      ? kind.place - step
      : wanted;
    kind.upwards = !kind.upwards;
    kind.left = TRIAL;
    kind.spent = 0;
  }

  #passKind(rows: number): PassKind {
    return this.#passKinds[Math.min(31 - Math.clz32(rows), PASS_KINDS - 1)];
  }
}

/** 1, 2, 4, … and `most`. */
function countsUpTo(most: number): number[] {
  const counts = [];
  for (let count = 1; count < most; count *= 2) counts.push(count);
  return [...counts, most];
}

function remember(
  { means, measured }: PassKind,
  place: number,
  ms: number,
): void {
  const n = measured[place] = Math.min(measured[place] + 1, MEAN_MEMORY);
  const mean = means[place];
  means[place] = n === 1
    ? ms
    : mean + (Math.min(ms, OUTLIER * mean) - mean) / n;
}
