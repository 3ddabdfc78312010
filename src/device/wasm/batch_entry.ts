/**
 * One lane's part of a step, while it runs.
 *
 * @module
 */

import { MaskFeed } from "../../text/mask_feed.ts";
import { Counts } from "../../text/penalties.ts";
import type { LaneResult } from "../device.ts";
import type { ThreadStep } from "./thread_messages.ts";

/** A lane's last drawn, unread token. */
export interface Pending {
  /** The token. */
  readonly token: number;
  /** Whether it was a stop token, which nothing goes on from. */
  readonly stopped: boolean;
}

/** An entry of a batch. */
export interface Entry {
  /** What was asked for. */
  readonly step: ThreadStep;
  /** Decayed counts, this step's draws included. */
  readonly counts: Counts;
  /** Where masks come from while it draws. */
  readonly feed: MaskFeed | undefined;
  /** Tokens drawn so far. */
  readonly drawn: number[];
  /** Rows of logits to answer with. */
  readonly logits: Float32Array[];
  /** Tokens to read next. */
  unread: readonly number[];
  /** How many of them are read. */
  read: number;
  /** Draws to go. */
  draws: number;
  /** Whether the last draw was a stop token. */
  stopped: boolean;
  /** Whether a mask did not come in time. */
  undrawn: boolean;
  /** Why nothing more can be drawn. */
  failure: string | undefined;
  /** Its rows in the pass in hand. */
  rows: number;
  /** Its first row among those of this pass whose logits are wanted. */
  firstWanted: number;
}

/**
 * Starts on a step that `step_checks.ts` has let pass.
 *
 * @param pending What the lane drew last, if that is unread.
 */
export function begin(step: ThreadStep, pending: Pending | undefined): Entry {
  const { tokens, draw, sampling, feed } = step;
  const entry: Entry = {
    step,
    counts: new Counts(sampling?.counts),
    feed: feed && new MaskFeed(feed),
    drawn: [],
    logits: [],
    unread: tokens,
    read: 0,
    draws: draw,
    stopped: false,
    undrawn: false,
    failure: undefined,
    rows: 0,
    firstWanted: 0,
  };
  if (tokens.length > 0 || pending === undefined) return entry;
  return pending.stopped
    ? { ...entry, draws: 0, stopped: true }
    : { ...entry, unread: [pending.token] };
}

/** How many tokens are left to read before the next draw. */
export function left({ unread, read }: Entry): number {
  return unread.length - read;
}

/** Whether there are any. */
export function hasUnread(entry: Entry): boolean {
  return left(entry) > 0;
}

/** The answer, once it is done. */
export function resultOf(
  { step, drawn, stopped, undrawn, logits, failure }: Entry,
): LaneResult {
  if (failure !== undefined) return { drawn, stopped, failure };
  if (undrawn) return { drawn, stopped, undrawn };
  if (step.logits === undefined) return { drawn, stopped };
  const all = new Float32Array(logits.reduce((n, row) => n + row.length, 0));
  let at = 0;
  for (const row of logits) {
    all.set(row, at);
    at += row.length;
  }
  return { drawn, stopped, logits: all };
}
