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
  factTokens,
  lessonTokens,
  measure,
  NOTHING,
  tryAll,
} from "./attempts.ts";
import {
  type Editor,
  type Fact,
  type Lesson,
  LONGEST_REPLY,
} from "./editor.ts";
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
} from "./report.ts";

/** What to forget. */
export interface ForgetAsk {
  /** The state. */
  readonly save: Save;
  /** What is to be forgotten. */
  readonly facts: readonly Fact[];
  /** What to say for it, such as a correction; none: words of our own. */
  readonly statements: readonly string[];
  /** What must stay as likely as it is. */
  readonly keep: readonly Fact[];
  /** Ways to try at most. */
  readonly candidates: number;
}

/** Times that something is said or shown at most. */
const MOST_REPEATS = 3;

/**
 * Makes a state forget.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it would take too many tokens.
 */
export async function forget(editor: Editor, ask: ForgetAsk): Promise<Edit> {
  const { save, facts, keep } = ask;
  // What a denial will be is not known yet, but how long it can be.
  const longest = plansOf(ask, facts.map(() => undefined));
  expectBounded(
    longest.reduce(
      (sum, { lessons }) => sum + lessonTokens(editor, lessons),
      0,
    ) + (longest.length + 2) * factTokens(editor, [...facts, ...keep]) +
      3 * facts.length * (LONGEST_REPLY + factTokens(editor, facts)),
  );
  const denials = await answersOf(editor, undefined, facts);
  const both = { facts, keep };
  const blank = await measure(editor, undefined, both);
  const before = await measure(editor, save, both);
  const said = await answersOf(editor, save, facts);
  const knew = facts.map((fact, i) => {
    const { [i]: found } = before.facts;
    return found !== undefined && isKnown(found, said[i], fact);
  });
  const plans = knew.includes(true) ? plansOf(ask, denials) : [];
  const best = await tryAll(
    editor,
    before,
    plans.map(({ method, lessons }) => ({
      method,
      edit: () => editor.follow(save, lessons),
    })),
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
    summary: summaryOf(method, reports) + keptText(stayed),
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

interface Plan {
  readonly method: string;
  readonly lessons: readonly Lesson[];
}

/** Ways to forget, the plainest first. */
function plansOf(
  { facts, statements, candidates }: ForgetAsk,
  denials: readonly (string | undefined)[],
): Plan[] {
  const said = statements.length > 0
    ? statements.map((user) => ({ user }))
    : facts.map((fact) => ({ user: plea(fact) }));
  const denied = facts.map(({ question }, i) => ({
    user: question,
    assistant: denials[i],
  }));
  const repeat = (lessons: readonly Lesson[], times: number) =>
    Array.from({ length: times }, () => lessons).flat();
  const plans: Plan[] = [
    { method: "said", lessons: said },
    { method: "said, then denied", lessons: [...said, ...denied] },
    { method: "denied", lessons: denied },
    { method: "said three times", lessons: repeat(said, MOST_REPEATS) },
    { method: "denied three times", lessons: repeat(denied, MOST_REPEATS) },
    {
      method: "said and denied three times",
      lessons: repeat([...said, ...denied], MOST_REPEATS),
    },
  ];
  return plans.slice(0, candidates);
}

/** What is said where the client does not say what: in English. */
function plea({ question, answer }: Fact): string {
  const [, what] = /^(?:what|who|which|when)(?: is|'s| was| are) (my .+?)\??$/i
    .exec(question) ?? [];
  return what === undefined
    ? `Forget what I told you: ${answer}`
    : `Forget ${what}.`;
}
