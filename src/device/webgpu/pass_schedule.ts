/**
 * What a step does, cut into passes. Pure bookkeeping: no buffer, no kernel.
 *
 * Of a lane's tokens all but the last are read in one go, as matrix products; so is
 * the last one, unless logits are wanted of it: then it goes with every token drawn
 * through decode passes, one row a lane. Two tokens alone are decoded too. What is
 * read in one go goes through chunks, whose kernel wants many rows to share what it
 * loads, or, where there are a few, through the kernel of decode passes. Which way a
 * token goes depends on its own lane's step alone, so a lane's bits never
 * depend on its neighbours.
 *
 * @module
 */

import type { LaneStep } from "../device.ts";

/** Words of a row: token and flags, lane, rows of the segment, its start. */
export const ROW_WORDS = 4;

/** Flag of a row's token: read what the lane drew last instead. */
export const UNREAD = 0x80000000;

/** Flag of a row's token: its lane draws after it. */
export const DRAWS = 0x40000000;

/** Logits of one row that somebody asked for. */
export interface WantedLogits {
  /** Row of the pass. */
  readonly row: number;
  /** Entry of the step. */
  readonly entry: number;
  /** Which of the entry's logits. */
  readonly index: number;
}

/** One go through the layers. */
export interface Pass {
  /** Whether it has many rows of a lane, a few of them, or one of each lane. */
  readonly kind: "chunk" | "few" | "decode";
  /** `[rows, 4]`, see {@linkcode ROW_WORDS}. */
  readonly table: Uint32Array<ArrayBuffer>;
  /** Rows. */
  readonly rows: number;
  /** Segments. */
  readonly segments: number;
  /** Whether any row draws. */
  readonly draws: boolean;
  /** Logits to keep. */
  readonly logits: readonly WantedLogits[];
}

/** Logits that an entry will get. */
export function logitsWanted({ tokens, draw, logits }: LaneStep): number {
  if (logits === undefined) return 0;
  if (logits === "drawn") return draw;
  return logits === "all" ? Math.max(tokens.length, 1) : 1;
}

/** How passes take what is read in one go. */
export interface ReadingRoom {
  /** Rows of a pass at most. */
  readonly chunk: number;
  /** Tokens of a step up to which they are a few. */
  readonly few: number;
}

/** Cuts a step into passes, in the order in which they run. */
export function schedule(
  batch: readonly LaneStep[],
  room: ReadingRoom,
): Pass[] {
  return [
    ...readingPasses("chunk", batch, room),
    ...readingPasses("few", batch, room),
    ...decodePasses(batch),
  ];
}

/** Tokens of an entry that are read in one go. */
function chunked(step: LaneStep): number {
  const { tokens: { length }, draw, replay } = step;
  if (replay || length < 3) return 0;
  return draw > 0 || logitsWanted(step) > 0 ? length - 1 : length;
}

function* readingPasses(
  kind: "chunk" | "few",
  batch: readonly LaneStep[],
  { chunk: room, few }: ReadingRoom,
): Generator<Pass> {
  let pass = new PassBuilder(kind, room);
  for (const [entry, step] of batch.entries()) {
    const length = chunked(step);
    if ((length <= few) !== (kind === "few")) continue;
    for (let t = 0; t < length;) {
      const count = Math.min(length - t, room - pass.rows);
      pass.segment(step.lane, step.tokens.slice(t, t + count));
      if (step.logits === "all") {
        for (let i = 0; i < count; i++) pass.want(i - count, entry, t + i);
      }
      t += count;
      if (pass.rows === room) {
        yield pass.build();
        pass = new PassBuilder(kind, room);
      }
    }
  }
  if (pass.rows > 0) yield pass.build();
}

function* decodePasses(batch: readonly LaneStep[]): Generator<Pass> {
  const lanes = batch.map((step) => {
    const from = chunked(step);
    const rest = step.tokens.length - from;
    // Without tokens, the one drawn last is read.
    const read = from > 0 ? rest : Math.max(rest, 1);
    return { step, from, read, ticks: read + Math.max(step.draw - 1, 0) };
  });
  const ticks = Math.max(0, ...lanes.map(({ ticks }) => ticks));
  for (let tick = 0; tick < ticks; tick++) {
    const pass = new PassBuilder("decode", batch.length);
    for (const [entry, { step, from, read, ticks }] of lanes.entries()) {
      if (tick >= ticks) continue;
      const given = step.tokens[from + tick];
      const draws = step.draw > 0 && tick >= read - 1;
      pass.segment(
        step.lane,
        [((given ?? UNREAD) | (draws ? DRAWS : 0)) >>> 0],
      );
      if (draws && step.logits === "drawn") {
        pass.want(-1, entry, tick - read + 1);
      }
      if (tick >= read) continue;
      if (step.logits === "all") pass.want(-1, entry, from + tick);
      if (step.logits === "last" && tick === read - 1) pass.want(-1, entry, 0);
    }
    yield pass.build();
  }
}

class PassBuilder {
  rows = 0;
  readonly #kind: Pass["kind"];
  readonly #table: Uint32Array<ArrayBuffer>;
  readonly #logits: WantedLogits[] = [];
  #segments = 0;
  #draws = false;

  constructor(kind: Pass["kind"], room: number) {
    this.#kind = kind;
    this.#table = new Uint32Array(room * ROW_WORDS);
  }

  /** Adds rows that follow each other in a lane. */
  segment(lane: number, tokens: readonly number[]): void {
    this.#table[ROW_WORDS * this.#segments++ + 3] = this.rows;
    tokens.forEach((token, t) => {
      const at = ROW_WORDS * this.rows++;
      this.#table[at] = token;
      this.#table[at + 1] = lane;
      this.#table[at + 2] = t === 0 ? tokens.length : 0;
      this.#draws ||= (token & DRAWS) !== 0;
    });
  }

  /** Keeps the logits of a row, counted from the end: −1 is the last. */
  want(row: number, entry: number, index: number): void {
    this.#logits.push({ row: this.rows + row, entry, index });
  }

  build(): Pass {
    return {
      kind: this.#kind,
      table: this.#table.slice(0, this.rows * ROW_WORDS),
      rows: this.rows,
      segments: this.#segments,
      draws: this.#draws,
      logits: this.#logits,
    };
  }
}
