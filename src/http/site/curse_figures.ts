/**
 * The figures behind "Break the curse", as they were measured.
 *
 * @module
 */

import cost from "../../../bench/results/curse/cost.json" with { type: "json" };
import facts from "../../../bench/results/curse/facts.json" with {
  type: "json",
};
import recall from "../../../bench/results/curse/recall.json" with {
  type: "json",
};

/** What the page "Break the curse" shows, as JSON. */
export const CURSE: string = JSON.stringify({ cost, facts, recall });
