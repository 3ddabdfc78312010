/**
 * What the embedded model remembers: the short form of `bench/recall.ts`, whose
 * long form is in `bench/results/recall/`. The bounds are what it has reached.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  type Cell,
  type Dialogue,
  dialogues,
} from "../../bench/recall/experiments.ts";
import { freshDialogues } from "../../bench/recall/fresh.ts";
import { judge, type Verdict } from "../../bench/recall/judge.ts";
import { compose } from "../../src/serve/compose_services.ts";
import { readConfig } from "../../src/config/read_config.ts";

const LANES = 4;

Deno.test("the embedded model remembers, corrects and does not invent", async () => {
  const config = readConfig(
    { device: "wasm", lanes: `${LANES}` },
    () => undefined,
  );
  const model = await compose(config, () => {});
  const wanted = dialogues({ rows: 4, distances: [1, 10, 30] });
  const verdicts = await judge(
    model.services,
    [...wanted, ...someFresh()],
    { lanes: LANES },
  );
  await model.dispose();

  const row = (name: Cell["row"], of: Verdict["kind"] = "seen values") =>
    verdicts.filter(({ cell, kind }) => cell.row === name && kind === of);
  atLeast(0.98, "one fact told", row("one fact"));
  atLeast(0.95, "one strange fact told", row("one fact", "held-out values"));
  atLeast(0.95, "one invented fact told", row("one fact", "made-up words"));
  atLeast(0.8, "one fact, other words", row("one fact", "held-out phrasings"));
  atLeast(0.95, "six facts told", row("six facts"));
  atLeast(0.98, "corrected", row("overwritten"));
  atLeast(0.95, "kept beside a correction", row("kept"));
  atLeast(0.95, "never told", row("unknown"));
  atLeast(0.75, "a list of six facts", row("all six"));
  atLeast(0.75, "one fresh fact told", row("one fact", "fresh values"));
  atLeast(0.75, "one fact, fresh words", row("one fact", "fresh phrasings"));
  atLeast(0.95, "several in one sentence", row("several in one sentence"));
  atLeast(0.75, "two of a kind", row("two of a kind"));
  const outside = row("out of scope");
  atLeast(0.8, "out of scope", outside);
  const made = outside.filter(({ claims }) => claims);
  assertEquals(made.map(shown), [], "a fact is made up");
  const stale = verdicts.filter(({ kind, stale }) =>
    kind === "seen values" && stale
  );
  assertEquals(stale, [], "an old value comes back");
});

/** A sixth of the fresh dialogues, all of two of a kind, and a third of what is out of scope. */
function someFresh(): Dialogue[] {
  return freshDialogues(1)
    .filter(({ kind, steps }, i) =>
      kind === "seen values" &&
      (i % 6 === 0 || steps.some(isOutside) || steps.some(isPair))
    )
    .map(({ kind, steps }) => ({
      kind,
      steps: steps.map((step) =>
        isOutside(step) ? step.filter((_, i) => i % 3 === 0) : step
      ),
    }));
}

function isOutside(
  step: Dialogue["steps"][number],
): step is Exclude<typeof step, string> {
  return typeof step !== "string" && step[0]?.cell.row === "out of scope";
}

function isPair(step: Dialogue["steps"][number]): boolean {
  return typeof step !== "string" && step[0]?.cell.row === "two of a kind";
}

function shown({ user, reply, said }: Verdict): string {
  return `${user} → ${said} (${reply})`;
}

/** Asserts the share of right answers. */
function atLeast(
  share: number,
  what: string,
  verdicts: readonly Verdict[],
): void {
  const wrong = verdicts.filter(({ right }) => !right);
  assert(
    verdicts.length > 0 &&
      wrong.length <= (1 - share) * verdicts.length,
    `${what}: ${wrong.length} of ${verdicts.length} are wrong\n` +
      wrong.slice(0, 10).map(shown).join("\n"),
  );
}
