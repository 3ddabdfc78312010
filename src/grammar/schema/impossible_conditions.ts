/**
 * What conditions allow at all, as far as their words show it.
 *
 * @module
 */

import { accepts } from "../regex/automaton.ts";
import type { ObjectCondition } from "./condition.ts";

/** Whether no object keeps to a condition, as its words show. */
export function isImpossible(
  { properties, patterns, additional, required, least, most }: ObjectCondition,
): boolean {
  if (required.length > most || least > most) return true;
  return required.some((name) => {
    const own = properties.get(name);
    if (own !== undefined) return own.value === false;
    return additional?.value === false &&
      !patterns.some(({ automaton, check }) =>
        check?.test(name) ?? accepts(automaton, name)
      );
  });
}
