/**
 * Makes a state forget, as far as the model does: it is asked to, and shown answers
 * of one who was never told. What a state has read stays in its numbers all the same;
 * only a state that never read it is sure to be without it.
 *
 * @module
 */

import type { Save } from "../../state/save.ts";
import {
  expectBounded,
  factTexts,
  factTokens,
  lessonTexts,
  lessonTokens,
  measure,
  MOST_EDIT_TOKENS,
  NOTHING,
  toldTexts,
  toldTokens,
  tryAll,
} from "./edit_attempts.ts";
import { termsOfWords, wordsOfText } from "./fact_words.ts";
import { forgetPlea } from "./forget_plea.ts";
import type { Message } from "../template/world_form.ts";
import type { Input } from "../chat_turn.ts";
import {
  type Editor,
  type Fact,
  type Lesson,
  LONGEST_REPLY,
} from "./state_editor.ts";
import {
  answersOf,
  count,
  type Edit,
  type FactReport,
  isForgotten,
  isKept,
  isKnown,
  keptText,
  meanOf,
  reportFacts,
} from "./edit_report.ts";

/** What to forget. */
export interface ForgetAsk {
  /** The state. */
  readonly save: Save;
  /** All that the state was told; omitted if unknown. */
  readonly told?: readonly Input[] | undefined;
  /** What is to be forgotten. */
  readonly facts: readonly Fact[];
  /** What to say for it, such as a correction; none: words of our own. */
  readonly statements: readonly string[];
  /** What must stay as likely as it is. */
  readonly keep: readonly Fact[];
  /** Ways to try at most. */
  readonly candidates: number;
}

/** What is done where all that a state was told is known. */
export const ANEW = "read anew without it";

/** Times that something is said or shown at most. */
const MOST_FORGET_REPEATS = 3;

/**
 * Makes a state forget.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it would take too many tokens.
 */
export async function forget(editor: Editor, ask: ForgetAsk): Promise<Edit> {
  const { save, facts, keep } = ask;
  // What a denial will be is not known yet, but how long it can be.
  const longest = forgetPlans(ask, facts.map(() => undefined));
  await editor.count([
    ...toldTexts(ask.told ?? []),
    ...longest.flatMap(({ lessons }) => lessonTexts(lessons)),
    ...factTexts([...facts, ...keep]),
  ]);
  const most = longest.reduce(
    (sum, { lessons }) => sum + lessonTokens(editor, lessons),
    0,
  ) +
    (longest.length + 4) * factTokens(editor, [...facts, ...keep]) +
    3 * facts.length * (LONGEST_REPLY + factTokens(editor, facts));
  expectBounded(most);
  const fits = most + toldTokens(editor, ask.told ?? []) <= MOST_EDIT_TOKENS;
  const denials = await answersOf(editor, undefined, facts);
  const both = { facts, keep };
  const blank = await measure(editor, undefined, both);
  const before = await measure(editor, save, both);
  const said = await answersOf(editor, save, facts);
  const knew = facts.map((fact, i) => {
    const { [i]: found } = before.facts;
    return found !== undefined && isKnown(found, said[i], fact);
  });
  const known = knew.includes(true);
  const plans = known ? forgetPlans(ask, denials) : [];
  const keeps = save.transcript !== undefined;
  const rest = known && fits
    ? await withoutFacts(editor, ask, denials)
    : undefined;
  const best = await tryAll(
    editor,
    before,
    [
      ...rest === undefined ? [] : [{
        method: ANEW,
        edit: () => editor.readAll(undefined, rest.told, keeps),
      }],
      ...plans.map(({ method, lessons }) => ({
        method,
        edit: () => editor.follow(save, lessons),
      })),
    ],
    {
      ...both,
      // To be less likely than for a blank state would be to know it by its absence.
      value: (found) =>
        -meanOf(found.map(({ logprob, tokens }, i) => ({
          logprob: Math.max(logprob, blank.facts[i]?.logprob ?? logprob),
          tokens,
        }))),
    },
  );
  const left = best.save ?? save;
  const says = await answersOf(editor, left, facts);
  const reports = reportFacts(
    facts,
    { blank: blank.facts, before: before.facts, after: best.facts },
    (found, said, fact, i) =>
      knew[i]
        ? isForgotten(found, said, fact)
        // What was not known in these words must not be learned by the asking.
        : !isKnown(found.after, said, fact),
    says,
  );
  const stayed = reportFacts(
    keep,
    { blank: blank.keep, before: before.keep, after: best.keep },
    ({ before, after }) => isKept(before, after),
  );
  const { method = NOTHING, attempts } = best;
  return {
    save: left,
    achieved: [...reports, ...stayed].every(({ achieved }) => achieved),
    method,
    summary: summaryOf(method, reports) + keptText(stayed) +
      (method === ANEW && rest !== undefined
        ? `; left out ${rest.omitted} of ${rest.exchanges} exchanges`
        : "") +
      (known && !fits ? "; what it was told is too long to be read again" : ""),
    facts: reports,
    kept: stayed,
    attempts,
  };
}

function summaryOf(method: string, reports: readonly FactReport[]): string {
  const left = reports.filter(({ achieved }) => !achieved).length;
  if (left > 0) {
    return `Not forgotten: this model still knows ${left} of ${reports.length}; ` +
      "go on from a save that was never told, or build one with /v1/state/rebase";
  }
  return method === NOTHING
    ? "Not known before in these words, so there was nothing to forget"
    : `Forgot ${count(reports)}`;
}

interface ForgetPlan {
  readonly method: string;
  readonly lessons: readonly Lesson[];
}

/** Ways to forget, the plainest first. */
function forgetPlans(
  { facts, statements, candidates }: ForgetAsk,
  denials: readonly (string | undefined)[],
): ForgetPlan[] {
  const said = statements.length > 0
    ? statements.map((user) => ({ user }))
    : facts.map(({ question }) => ({ user: forgetPlea(question) }));
  const denied = facts.map(({ question }, i) => ({
    user: question,
    assistant: denials[i],
  }));
  const repeat = (lessons: readonly Lesson[], times: number) =>
    Array.from({ length: times }, () => lessons).flat();
  const plans: ForgetPlan[] = [
    { method: "said", lessons: said },
    { method: "said, then denied", lessons: [...said, ...denied] },
    { method: "denied", lessons: denied },
    { method: "said three times", lessons: repeat(said, MOST_FORGET_REPEATS) },
    {
      method: "denied three times",
      lessons: repeat(denied, MOST_FORGET_REPEATS),
    },
    {
      method: "said and denied three times",
      lessons: repeat([...said, ...denied], MOST_FORGET_REPEATS),
    },
  ];
  return plans.slice(0, candidates);
}

/** What a state was told, less some of it. */
interface Remainder {
  readonly told: readonly Input[];
  /** Exchanges that are not in it; a text counts as one. */
  readonly omitted: number;
  /** Exchanges before. */
  readonly exchanges: number;
}

/**
 * What is left of all that a state was told without the exchanges that have a word of
 * the facts. Nothing where there is no such word.
 */
async function withoutFacts(
  editor: Editor,
  { facts, told }: ForgetAsk,
  denials: readonly string[],
): Promise<Remainder | undefined> {
  if (told === undefined) return undefined;
  const unforeseen = await editor.unforeseen(undefined, facts);
  const telling = facts.map((fact, i) =>
    tellingTerms(fact, denials[i] ?? "", unforeseen[i] ?? [])
  );
  if (telling.some(({ length }) => length === 0)) return undefined;
  const gone = new Set(telling.flat());
  const has = (text: string) => {
    const words = wordsOfText(text);
    return [...words, ...termsOfWords(words)].some((term) => gone.has(term));
  };
  let omitted = 0, exchanges = 0;
  const left = told.flatMap((input): Input[] => {
    if ("prompt" in input) {
      const text = typeof input.prompt === "string"
        ? input.prompt
        : input.prompt.filter((piece) => typeof piece === "string").join("");
      exchanges++;
      if (!has(text)) return [input];
      omitted++;
      return [];
    }
    const all = exchangesOf(input.messages);
    const some = all.filter((exchange) =>
      !exchange.some(({ content }) => has(content))
    );
    exchanges += all.length;
    omitted += all.length - some.length;
    return some.length === 0 ? [] : [{ messages: some.flat() }];
  });
  return { told: left, omitted, exchanges };
}

/**
 * The terms of an answer that tell the fact: their words are neither in its question nor in
 * what a blank state answers, and a blank state does not foresee them. Where it
 * foresees all, they tell it nevertheless.
 */
function tellingTerms(
  { question, answer }: Fact,
  denial: string,
  unforeseen: readonly string[],
): readonly string[] {
  const open = new Set(wordsOfText(`${question} ${denial}`));
  const surprising = new Set(unforeseen);
  const words = wordsOfText(answer);
  const telling = termsOfWords(
    words,
    (word) => !open.has(word) && surprising.has(word),
  );
  return telling.length === 0
    ? termsOfWords(words, (word) => !open.has(word))
    : telling;
}

/** Messages by exchanges: each begins with somebody other than the assistant. */
function exchangesOf(messages: readonly Message[]): Message[][] {
  const exchanges: Message[][] = [];
  for (const message of messages) {
    const last = exchanges[exchanges.length - 1];
    if (message.role === "assistant" && last !== undefined) last.push(message);
    else exchanges.push([message]);
  }
  return exchanges;
}
