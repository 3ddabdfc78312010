/**
 * What conditions allow at all, as far as their words show it.
 *
 * @module
 */

import { accepts } from "../regex/automaton.ts";
import type { Condition, ObjectCondition } from "./condition.ts";
import type { Formula } from "./condition_formula.ts";

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

/** Whether masks of a formula may lead to where no token may come. */
export function isUncertain(formula: Formula<Condition>): boolean {
  switch (formula.kind) {
    case "constant":
      return false;
    case "not":
    case "one":
      return true;
    case "all":
      // Each can be kept to; both together perhaps not.
      return formula.parts.length > 1 || formula.parts.some(isUncertain);
    case "any":
      return formula.parts.some(isUncertain);
    case "condition":
      return isUncertainCondition(formula.condition);
  }
}

function isUncertainCondition(condition: Condition): boolean {
  switch (condition.kind) {
    case "string": {
      const { automata, checks, least, values } = condition;
      return checks.length > 0 || automata.length > 1 ||
        values === undefined && automata.length > 0 && least > 0;
    }
    case "number":
      return false;
    case "array":
      return condition.unique || condition.contains !== undefined;
    case "object": {
      const { patterns, properties, names, required } = condition;
      return patterns.length > 1 ||
        patterns.length > 0 && properties.size > 0 ||
        names !== undefined && required.length > 0;
    }
  }
}
