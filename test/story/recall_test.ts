/**
 * What the embedded model remembers: the short form of `bench/recall.ts`, whose
 * long form is in `bench/results/recall/`. The bounds are what it has reached.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Cell, dialogues } from "../../bench/recall/experiments.ts";
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
  const wanted = dialogues({ rows: 4, distances: [1, 10, 60] });
  const verdicts = await judge(model.services, wanted, { lanes: LANES });
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
  const stale = verdicts.filter(({ kind, stale }) =>
    kind === "seen values" && stale
  );
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
