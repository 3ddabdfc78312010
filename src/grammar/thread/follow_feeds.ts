/**
 * Following answers whose tokens come over feeds: the thread waits for the token of
 * one answer after the other, in the order in which the device draws them. It does
 * nothing else meanwhile; whoever asks joins the next step of the device anyway.
 *
 * @module
 */

import { MaskFeed } from "../../text/mask_feed.ts";
import type { GrammarReply, Question } from "./thread_messages.ts";
import { isEmptyMask } from "./thread_replies.ts";

/** An answer whose tokens come over a feed. */
export type FollowQuestion = Extract<Question, { name: "follow" }>;

/** Milliseconds to wait for a token: a device that takes longer has gone. */
const FEED_PATIENCE = 20_000;

/** How far an answer has come. */
interface Following {
  readonly question: FollowQuestion;
  readonly feed: MaskFeed;
  taken: number;
  reply: GrammarReply;
}

/**
 * Follows answers until their devices draw no more.
 *
 * @param answer Takes a token that came.
 * @returns What became of each. After a failure the others are as good as before.
 */
export async function followAll(
  questions: readonly FollowQuestion[],
  answer: (
    question: Extract<Question, { name: "accept" }>,
  ) => Promise<GrammarReply>,
): Promise<GrammarReply[]> {
  const all = questions.map((question): Following => ({
    question,
    feed: new MaskFeed(question.feed),
    taken: 0,
    reply: { mask: new Uint32Array() },
  }));
  for (let open = all; open.length > 0;) {
    const left: Following[] = [];
    for (const one of open) {
      const { question: { id, from, until }, feed } = one;
      const token = feed.hear(from + one.taken, FEED_PATIENCE);
      if (token === undefined) continue;
      one.reply = await answer({ name: "accept", id, token });
      const goesOn = "mask" in one.reply && !isEmptyMask(one.reply.mask);
      feed.give("mask" in one.reply && goesOn ? one.reply.mask : undefined);
      if ("mask" in one.reply) one.taken++;
      if (goesOn && from + one.taken < until) left.push(one);
    }
    open = all.some(({ reply }) => "failure" in reply) ? [] : left;
  }
  return all.map(({ reply, taken }) =>
    "mask" in reply ? { ...reply, taken } : reply
  );
}
