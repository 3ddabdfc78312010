/**
 * Makes one state of several: their weighted mean, or one of them that reads what the
 * others were told. A state is a sum over what was read, so a mean remembers some of
 * each; reading remembers more, where the words are still there.
 *
 * @module
 */

import { type Ingredient, mixing } from "../../state/analysis/mix_states.ts";
import type { Save } from "../../state/save.ts";
import { inSteps } from "../../steps.ts";
import type { Input } from "../chat_turn.ts";
import {
  expectBounded,
  factTexts,
  factTokens,
  measure,
  type Measurement,
  MOST_EDIT_TOKENS,
  toldTexts,
  toldTokens,
} from "./edit_attempts.ts";
import {
  type Editor,
  type Fact,
  type Likelihood,
  LONGEST_REPLY,
} from "./state_editor.ts";
import {
  answersOf,
  count,
  type Edit,
  isKept,
  meanOf,
  reportFacts,
} from "./edit_report.ts";

/** A state to merge. */
export interface MergePart extends Ingredient {
  /** What it was told; omitted if unknown. */
  readonly told?: readonly Input[] | undefined;
}

/** What to merge. */
export interface MergeAsk {
  /** Two or more. */
  readonly parts: readonly MergePart[];
  /** What must be known afterwards, as well as the one that knows it best. */
  readonly facts: readonly Fact[];
}

interface Way {
  readonly method: string;
  readonly make: () => Promise<Save>;
}

/**
 * Merges.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it would take too many tokens, or
 * weights that have no sum above 0.
 */
export async function merge(
  editor: Editor,
  { parts, facts }: MergeAsk,
): Promise<Edit> {
  await editor.count([
    ...parts.flatMap(({ told = [] }) => toldTexts(told)),
    ...factTexts(facts),
  ]);
  const tokens = parts.map(({ told = [] }) => toldTokens(editor, told));
  const all = tokens.reduce((sum, count) => sum + count, 0);
  const known = basesOf(parts);
  let most = (parts.length + known.length + 2) * factTokens(editor, facts) +
    facts.length * LONGEST_REPLY;
  expectBounded(most);
  const bases = known.filter((base) => {
    const reading = all - (tokens[base] ?? 0);
    if (most + reading > MOST_EDIT_TOKENS) return false;
    most += reading;
    return true;
  });
  const mean = await inSteps(mixing(parts));
  const ways: Way[] = [
    ...bases.map((base): Way => ({
      method: `state ${base + 1} read what the others were told`,
      make: () => readOthers(editor, parts, base),
    })),
    { method: "weighted mean", make: () => Promise.resolve(mean) },
  ];
  // Where nothing can be measured the first has to do: words, if there are any.
  const tried = facts.length === 0 ? ways.slice(0, 1) : ways;
  const both = { facts, keep: [] };
  const blank = await measure(editor, undefined, both);
  const before = await Promise.all(
    parts.map(({ save }) => measure(editor, save, both)),
  );
  const best = bestBefore(before);
  const found: { method: string; save: Save; measured: Measurement }[] = [];
  for (const { method, make } of tried) {
    const save = await make();
    found.push({ method, save, measured: await measure(editor, save, both) });
  }
  const values = found.map(({ measured }) => meanOf(measured.facts));
  const at = values.indexOf(Math.max(...values));
  const { [at]: chosen } = found;
  if (chosen === undefined) throw new RangeError("Cannot merge: no way to");
  const says = await answersOf(editor, chosen.save, facts);
  const reports = reportFacts(
    facts,
    { blank: blank.facts, before: best, after: chosen.measured.facts },
    ({ before, after }) => isKept(before, after),
    says,
  );
  const missing = bases.length > 0
    ? ""
    : `; what the states were told is ${
      known.length === 0 ? "not known" : "too long to be read again"
    }, so they could only be averaged`;
  return {
    save: chosen.save,
    ...(facts.length > 0 &&
      { achieved: reports.every(({ achieved }) => achieved) }),
    method: chosen.method,
    summary:
      (facts.length === 0
        ? `Merged: ${chosen.method}; no facts were given, so nothing was measured`
        : `Merged: ${chosen.method}; knows ${
          count(reports)
        } as well as before`) +
      missing,
    facts: reports,
    kept: [],
    attempts: facts.length === 0 ? [] : found.map(({ method }, i) => ({
      method,
      facts: values[i] ?? 0,
      chosen: i === at,
    })),
  };
}

/** Which states can go on: those to which all others' words are known. */
function basesOf(parts: readonly MergePart[]): number[] {
  return [...parts.keys()].filter((base) =>
    parts.every(({ told }, i) => i === base || told !== undefined)
  );
}

async function readOthers(
  editor: Editor,
  parts: readonly MergePart[],
  base: number,
): Promise<Save> {
  const told = parts.flatMap(({ told = [] }, i) => i === base ? [] : told);
  return await editor.readAll(parts[base]?.save, told);
}

/** Of each fact, the likelihood in the state that knows it best. */
function bestBefore(before: readonly Measurement[]): Likelihood[] {
  const [first] = before;
  return (first?.facts ?? []).map((fact, i) =>
    before.reduce(
      (best, { facts: { [i]: other = best } }) =>
        other.logprob > best.logprob ? other : best,
      fact,
    )
  );
}
