/**
 * Teaches a state: statements and examples are read, in the order and as often as
 * makes the facts likeliest that are asked for afterwards. No gradient is taken; what
 * is chosen by was never read.
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
  NOTHING,
  tryAll,
  type Way,
} from "./edit_attempts.ts";
import {
  type Editor,
  type Example,
  type Fact,
  type Lesson,
  LONGEST_REPLY,
} from "./state_editor.ts";
import {
  answersOf,
  count,
  type Edit,
  type FactReport,
  isKept,
  isKnown,
  keptText,
  meanOf,
  reportFacts,
} from "./edit_report.ts";

/** What to teach. */
export interface TeachAsk {
  /** What it is taught to; by default a blank state. */
  readonly save: Save | undefined;
  /** Said to the model, which replies to each. */
  readonly statements: readonly string[];
  /** Read as they are. */
  readonly examples: readonly Example[];
  /** Examples that are never read: the ways to teach are chosen by them. */
  readonly heldOut: readonly Example[];
  /** What must be known afterwards; ways are chosen by these as well. */
  readonly facts: readonly Fact[];
  /** What must stay as likely as it is. */
  readonly keep: readonly Fact[];
  /** Ways to try at most. */
  readonly candidates: number;
}

/** Mean log probabilities a token of what was never read, nats. */
export interface HeldOut {
  /** In a blank state. */
  readonly blank: number;
  /** In the state given. */
  readonly before: number;
  /** When all was read once, in the order given. */
  readonly read: number;
  /** In the state returned. */
  readonly taught: number;
}

/** A state that was taught. */
export interface Teaching extends Edit {
  /** What the state left was told by this, in order, with the model's replies. */
  readonly told: readonly Example[];
  /** What was chosen by; absent where nothing was asked for and nothing held out. */
  readonly heldOut?: HeldOut;
}

/**
 * Of so many examples one is held out, where neither facts nor held-out ones are
 * given.
 */
const HOLD_OUT = 4;

/** Times that lessons may be repeated. */
const MOST_LESSON_REPEATS = 3;

/**
 * Teaches.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it would take too many tokens.
 */
export async function teach(editor: Editor, ask: TeachAsk): Promise<Teaching> {
  const { save, statements, facts, keep } = ask;
  const { examples, heldOut } = holdOut(ask);
  const lessons: Lesson[] = [
    ...statements.map((user) => ({ user })),
    ...examples,
  ];
  const goal = [
    ...facts,
    ...heldOut.map(({ user, assistant }) => ({
      question: user,
      answer: assistant,
    })),
  ];
  const blind = goal.length === 0;
  const plans = schedules(lessons, blind ? 1 : ask.candidates);
  await editor.count([
    ...lessonTexts(lessons),
    ...factTexts([...goal, ...keep]),
  ]);
  expectBounded(
    plans.reduce(
      (sum, { lessons }) => sum + lessonTokens(editor, lessons),
      0,
    ) + (plans.length + 2) * factTokens(editor, [...goal, ...keep]) +
      facts.length * LONGEST_REPLY,
  );
  const aim = { facts: goal, keep, value: meanOf };
  const blank = await measure(editor, undefined, aim);
  const before = save === undefined ? blank : await measure(editor, save, aim);
  const told = new Map<Save | undefined, Example[]>();
  const ways = plans.map(({ method, lessons }): Way => ({
    method,
    async edit(): Promise<Save | undefined> {
      const examples: Example[] = [];
      const left = await editor.follow(
        save,
        lessons,
        (example) => void examples.push(example),
      );
      told.set(left, examples);
      return left;
    },
  }));
  const best = blind
    ? await readOnly(editor, ways, aim)
    : await tryAll(editor, before, ways, aim);
  const left = best.save ?? await editor.read(undefined, []);
  const says = await answersOf(editor, left, facts);
  const reports = reportFacts(
    goal,
    { blank: blank.facts, before: before.facts, after: best.facts },
    ({ after }, said, fact) => isKnown(after, said, fact),
    says,
  );
  const stayed = reportFacts(
    keep,
    { blank: blank.keep, before: before.keep, after: best.keep },
    ({ before, after }) => isKept(before, after),
  );
  const achieved = [...reports, ...stayed].every(({ achieved }) => achieved);
  const { method = NOTHING, attempts } = best;
  const [, first] = attempts;
  return {
    save: left,
    ...(!blind && { achieved }),
    method,
    summary: summaryOf(method, reports, blind) + keptText(stayed),
    facts: reports,
    kept: stayed,
    attempts,
    told: best.method === undefined ? [] : told.get(best.save) ?? [],
    ...(!blind && {
      heldOut: {
        blank: meanOf(blank.facts),
        before: meanOf(before.facts),
        read: first?.facts ?? meanOf(before.facts),
        taught: meanOf(best.facts),
      },
    }),
  };
}

function summaryOf(
  method: string,
  reports: readonly FactReport[],
  blind: boolean,
): string {
  if (blind) {
    return "Read once; no facts were given and no examples held out, so nothing " +
      "was measured";
  }
  const all = reports.every(({ achieved }) => achieved);
  if (method !== NOTHING) {
    const others = reports.some(({ achieved }) => achieved)
      ? "the others"
      : reports.length === 1
      ? "it"
      : "them";
    return `Learned ${count(reports)}${
      all ? "" : `: the model does not say ${others}`
    }`;
  }
  return all
    ? `Known already: ${count(reports)}; the state is as it was`
    : "Not learned: no way of reading made it likelier, so the state is as it was";
}

/** Keeps some examples back to choose by, if there is nothing else to. */
function holdOut(
  { examples, heldOut, facts }: TeachAsk,
): Pick<TeachAsk, "examples" | "heldOut"> {
  if (heldOut.length > 0 || facts.length > 0 || examples.length < HOLD_OUT) {
    return { examples, heldOut };
  }
  const held = (_: unknown, i: number) => i % HOLD_OUT === HOLD_OUT - 1;
  return {
    examples: examples.filter((example, i) => !held(example, i)),
    heldOut: examples.filter(held),
  };
}

/** Reads once, for want of anything to choose by. */
async function readOnly(
  editor: Editor,
  [way]: readonly Way[],
  aim: Parameters<typeof measure>[2],
): Promise<Awaited<ReturnType<typeof tryAll>>> {
  const save = await way?.edit();
  const measured = await measure(editor, save, aim);
  const method = way?.method ?? NOTHING;
  return { ...measured, method, attempts: [] };
}

/** A way to go through lessons. */
export interface Schedule {
  /** What the report calls it. */
  readonly method: string;
  /** In the order in which they are read. */
  readonly lessons: readonly Lesson[];
}

/** Orders and repetitions, the plainest first; the first reads all once as given. */
export function schedules(
  lessons: readonly Lesson[],
  most: number,
): Schedule[] {
  const places = [...lessons.keys()];
  const turned = (share: number) => {
    const at = Math.round(places.length * share);
    return [...places.slice(at), ...places.slice(0, at)];
  };
  const orders = new Map<string, readonly [string, readonly number[]]>();
  for (
    const [name, order] of [
      ["in order", places],
      ["reversed", [...places].reverse()],
      ["from the middle", turned(1 / 2)],
      ["from the first quarter", turned(1 / 4)],
      ["from the last quarter", turned(3 / 4)],
    ] as const
  ) {
    if (!orders.has(order.join())) orders.set(order.join(), [name, order]);
  }
  const plans: Schedule[] = [];
  const all = [...orders.values()];
  for (let rank = 0; rank < all.length + MOST_LESSON_REPEATS; rank++) {
    for (let repeats = 1; repeats <= MOST_LESSON_REPEATS; repeats++) {
      const found = all[rank - repeats + 1];
      if (found === undefined) continue;
      const [name, order] = found;
      const once = order.flatMap((place) => lessons[place] ?? []);
      plans.push({
        method: `read ${REPEAT_NAMES[repeats - 1]}, ${name}`,
        lessons: Array.from({ length: repeats }, () => once).flat(),
      });
    }
  }
  return plans.slice(0, most);
}

const REPEAT_NAMES = ["once", "twice", "three times"];
