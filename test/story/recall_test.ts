/**
 * What the embedded model remembers: the short form of `bench/recall.ts`, whose
 * long form is in `bench/results/recall/`. The bounds are what it has reached.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Cell, dialogues } from "../../bench/recall/experiments.ts";
import { judge, type Verdict } from "../../bench/recall/judge.ts";
import { compose } from "../../src/cli/compose.ts";
import { readConfig } from "../../src/config/config.ts";

const LANES = 4;

Deno.test("the embedded model remembers, corrects and does not invent", async () => {
  const config = readConfig(
    { device: "wasm", lanes: `${LANES}` },
    () => undefined,
  );
  const model = await compose(config, () => {});
  const wanted = dialogues({ rows: 5, distances: [1, 10, 50] });
  const verdicts = await judge(model.services, wanted, { lanes: LANES });
  await model.dispose();

  const seen = verdicts.filter(({ kind }) => kind === "seen values");
  const row = (name: Cell["row"]) =>
    seen.filter(({ cell }) => cell.row === name);
  atLeast(0.95, "one fact told", row("one fact"));
  atLeast(0.85, "six facts told", row("six facts"));
  atLeast(0.9, "corrected", row("overwritten"));
  atLeast(0.9, "never told", row("unknown"));
  const stale = seen.filter((verdict) => verdict.stale);
  assertEquals(stale, [], "an old value comes back");
});

/** Asserts the share of right answers. */
function atLeast(
  share: number,
  what: string,
  verdicts: readonly Verdict[],
): void {
  const wrong = verdicts.filter(({ right }) => !right);
  assert(
    wrong.length <= (1 - share) * verdicts.length,
    `${what}: ${wrong.length} of ${verdicts.length} are wrong\n` +
      wrong.slice(0, 10).map(({ user, reply, said }) =>
        `${user} → ${said} (${reply})`
      ).join("\n"),
  );
}
