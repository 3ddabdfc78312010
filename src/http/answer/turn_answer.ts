/**
 * The one way from the turns of a request to its answer, whole or in events.
 * Dialects say how an answer is written down, and nothing else.
 *
 * @module
 */

import type { Context } from "hono";
import type { CallReader } from "../../chat/tools/tool_calls.ts";
import type { Ask } from "../../chat/chat_turn.ts";
import type { CodecName } from "../../state/save.ts";
import type { Profile } from "../../state/vault.ts";
import type { AppEnv } from "../services.ts";
import { Draft, type SaidEvent } from "./answer_draft.ts";
import { jsonAnswer } from "./json_answer.ts";
import { streamEvents, type StreamFormat } from "./event_stream.ts";

/** How a request wants its states. */
export interface StateOutput {
  /** How values are written; `none` for no state at all. */
  readonly state_codec: CodecName | "none";
  /** How the state is protected. */
  readonly state_profile: Profile;
  /** Whether what is made of the state may outlive it; it may by default. */
  readonly renewable?: boolean | undefined;
}

/** One turn of a request. */
export interface PlannedTurn {
  readonly ask: Ask;
  readonly output: StateOutput;
  /** Tells calls of functions from text; by default, all is text. */
  readonly calls?: CallReader | undefined;
  /** Whether the state is wanted as bytes. */
  readonly binary?: boolean;
}

/** Events of a stream; those that have to wait for something come as a promise. */
export type Events = readonly object[] | Promise<readonly object[]>;

/** How a dialect writes answers down. A writer is for one request. */
export interface AnswerWriter {
  /** Events for the next of a draft, which has it already. */
  text(draft: Draft, event: SaidEvent): Events;
  /**
   * Events for the end of a draft, whose state is known.
   *
   * @param last Whether all others have ended.
   */
  done(draft: Draft, last: boolean): Events;
  /**
   * The answer at once.
   *
   * @param shown Drafts whose states are known.
   * @param all Those, and others that were made to choose from.
   */
  whole(
    shown: readonly Draft[],
    all: readonly Draft[],
  ): object | Promise<object>;
  /** Which drafts are shown, where more are made; all by default. */
  pick?(drafts: readonly Draft[]): readonly Draft[];
  /** The event of an error in a stream that has begun. */
  error(error: unknown, requestId: string): object;
  /** What ends a stream that went well; none by default. */
  readonly last?: string;
  /** How its streams are framed; by default, as server-sent events. */
  readonly format?: StreamFormat;
}

/** Who else has a say in an answer. */
export interface AnswerControl {
  /** Ends the turns early when it is aborted. */
  readonly gone?: AbortController;
  /** Called when the turns are over, however they ended. */
  readonly ended?: (() => void) | undefined;
}

/** Takes the turns of a request, and answers with what they come to. */
export async function answerTurns(
  c: Context<AppEnv>,
  turns: readonly PlannedTurn[],
  writer: AnswerWriter,
  stream: boolean,
  { gone = new AbortController(), ended }: AnswerControl = {},
): Promise<Response> {
  if (stream) return await streamTurns(c, turns, writer, { gone, ended });
  const work = async () => {
    const drafts = await collectDrafts(c, turns, {
      gone,
      pick: (drafts) => writer.pick?.(drafts) ?? drafts,
    }).finally(ended);
    return await writer.whole(drafts.shown, drafts.all);
  };
  return await jsonAnswer(c, work(), { gone });
}

/** Takes turns to their ends, and seals the states of those to be shown. */
export async function collectDrafts(
  c: Context<AppEnv>,
  turns: readonly PlannedTurn[],
  { gone, pick }: {
    /** Ends the turns early. */
    readonly gone: AbortController;
    /** Which drafts are to be shown; all by default. */
    readonly pick?: AnswerWriter["pick"];
  },
): Promise<{ readonly shown: readonly Draft[]; readonly all: Draft[] }> {
  const record = c.get("record");
  record.hold();
  try {
    const all = await takeAll(c, turns, gone, () => Promise.resolve(true));
    const shown = pick?.(all) ?? all;
    await Promise.all(shown.map((draft) => seal(c, draft, turns)));
    return { shown, all };
  } finally {
    record.release();
  }
}

async function streamTurns(
  c: Context<AppEnv>,
  turns: readonly PlannedTurn[],
  writer: AnswerWriter,
  { gone, ended }: AnswerControl & { readonly gone: AbortController },
): Promise<Response> {
  let left = turns.length;
  return await streamEvents(c, async (send) => {
    await takeAll(c, turns, gone, async (draft, event) => {
      if (event !== undefined) return send(await writer.text(draft, event));
      await seal(c, draft, turns);
      return send(await writer.done(draft, --left === 0));
    }).finally(ended);
  }, {
    gone,
    format: writer.format,
    last: writer.last,
    failure: (error) => writer.error(error, c.get("requestId")),
  });
}

/**
 * Takes turns at once. `hear` is told of what each says, in its order, and of its end
 * without an event; a turn goes on while `hear` wants more.
 */
async function takeAll(
  c: Context<AppEnv>,
  turns: readonly PlannedTurn[],
  gone: AbortController,
  hear: (draft: Draft, event?: SaidEvent) => Promise<boolean>,
): Promise<Draft[]> {
  const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
  const drafts = turns.map(({ calls }, index) => new Draft(index, calls));
  let failed = false;
  const work = drafts.map(async (draft, index) => {
    const { ask } = expectTurn(turns, index);
    await c.get("turns").take(ask, signal, async (event) => {
      if (failed) return false;
      const said = event.type === "text"
        ? draft.push(event)
        : draft.finish(event);
      const more = said === undefined || await hear(draft, said);
      return event.type === "text" ? more : more && await hear(draft);
    });
  });
  try {
    await Promise.all(work);
  } catch (error) {
    // Nobody waits for the other answers any more.
    failed = true;
    gone.abort();
    await Promise.allSettled(work);
    throw error;
  }
  return drafts;
}

/** Seals the state of a draft as its request wants it. */
async function seal(
  c: Context<AppEnv>,
  draft: Draft,
  turns: readonly PlannedTurn[],
): Promise<void> {
  const { output, binary = false } = expectTurn(turns, draft.index);
  if (draft.end === undefined) throw new Error("A turn had no end");
  draft.rebased = c.get("turns").rebased;
  if (output.state_codec === "none") return;
  const { vault } = c.get("services");
  const from = performance.now();
  const options = {
    codec: output.state_codec,
    profile: output.state_profile,
    tenant: c.get("tenant"),
    renewable: output.renewable,
  };
  const { save } = draft.end;
  draft.sealed =
    await (binary ? vault.sealBytes(save, options) : vault.seal(save, options));
  draft.sealMs = performance.now() - from;
}

function expectTurn(
  turns: readonly PlannedTurn[],
  index: number,
): PlannedTurn {
  const { [index]: turn } = turns;
  if (turn === undefined) throw new RangeError(`No turn ${index}`);
  return turn;
}
