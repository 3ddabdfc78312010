/**
 * The thread that knows grammars. The library may run away or end on a grammar that
 * it does not understand, so nothing else lives here, every question has a number of
 * steps, and a thread whose library has failed ends itself: nothing else could.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { RequestError } from "../../errors.ts";
import {
  allowSteps,
  stepsLeft,
  takeComplaint,
} from "../xgrammar/load_xgrammar.ts";
import { Matchers } from "./matchers.ts";
import {
  type GrammarReply,
  type GrammarStart,
  type Question,
  type Questions,
  READY,
} from "./thread_messages.ts";
import { followAll } from "./follow_feeds.ts";
import { allowWork, STEPS, WORK, workLeft } from "../work_bound.ts";

/** Steps of the library that a unit of work of our own is. */
const STEPS_OF_WORK = 50;

let matchers: Matchers | undefined;

addEventListener(
  "message",
  async ({ data }: MessageEvent<GrammarStart | Questions>) => {
    if (!isQuestions(data)) {
      matchers = new Matchers(data);
      postMessage(READY);
      return;
    }
    const replies = data.some(({ name }) => name === "follow")
      ? await followAll(
        data.filter((one) => one.name === "follow"),
        answerQuestion,
      )
      : await answerAll(data);
    postMessage(replies);
    if (replies.some((reply) => "failure" in reply)) close();
  },
);

async function answerAll(questions: Questions): Promise<GrammarReply[]> {
  const replies: GrammarReply[] = [];
  for (const question of questions) {
    if (question.name === "follow") continue;
    replies.push(await answerQuestion(question));
    if (replies.some((reply) => "failure" in reply)) break;
  }
  return replies;
}

function isQuestions(data: GrammarStart | Questions): data is Questions {
  return Array.isArray(data);
}

async function answerQuestion(
  question: Exclude<Question, { name: "follow" }>,
): Promise<GrammarReply> {
  const { [question.name]: steps } = STEPS;
  const { [question.name]: work } = WORK;
  try {
    if (matchers === undefined) return { failure: "there is no vocabulary" };
    allowSteps(steps);
    allowWork(work);
    const reply = await matchers.answer(question);
    const took = steps - stepsLeft() + (work - workLeft()) * STEPS_OF_WORK;
    return "mask" in reply ? { ...reply, steps: took } : reply;
  } catch (error) {
    if (error instanceof RequestError) {
      return { refused: error.message.replace(/^Cannot take request: /, "") };
    }
    const message = error instanceof Error ? error.message : String(error);
    const complaint = takeComplaint();
    if (stepsLeft() === 0) return { failure: "it takes too many steps" };
    if (complaint !== "") return { failure: complaint };
    return {
      failure: /Aborted|unreachable|memory/.test(message)
        ? "it takes too much memory"
        : message,
    };
  }
}
