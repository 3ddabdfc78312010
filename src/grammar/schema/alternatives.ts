/**
 * A formula of conditions as alternatives: a value matches it that matches all of the
 * conditions of one of them.
 *
 * @module
 */

import type { Condition, ObjectCondition } from "./condition.ts";
import type { Formula } from "./condition_formula.ts";

/** Alternatives of one formula that are looked at. */
const MOST_ALTERNATIVES = 1024;

/** One way to match a formula. */
export interface Alternative {
  /** All of them hold. */
  readonly conditions: readonly Condition[];
  /** Names that may not be there. */
  readonly absent: readonly string[];
}

/** Masks may lead nowhere, or it cannot be shown that they do not. */
export class DeadEndFound {
  /** What the schema has, as the end of a sentence. */
  readonly why: string;

  /** Says so. */
  constructor(why: string) {
    this.why = why;
  }
}

/**
 * The alternatives of a formula.
 *
 * @throws {DeadEndFound} If it has other words than all and any, or too many.
 */
export function alternativesOf(formula: Formula<Condition>): Alternative[] {
  switch (formula.kind) {
    case "constant":
      return formula.value ? [{ conditions: [], absent: [] }] : [];
    case "condition":
      return [{ conditions: [formula.condition], absent: [] }];
    case "one":
      throw new DeadEndFound("a oneOf of schemas that overlap");
    case "not": {
      const { part } = formula;
      if (part.kind === "condition" && isRequirement(part.condition)) {
        const [name] = part.condition.required;
        return [{ conditions: [], absent: [name] }];
      }
      throw new DeadEndFound("what a value may not be");
    }
    case "any": {
      const found = formula.parts.flatMap(alternativesOf);
      if (found.length <= MOST_ALTERNATIVES) return found;
      throw new DeadEndFound("more alternatives than can be looked at");
    }
  }
  let found: Alternative[] = [{ conditions: [], absent: [] }];
  for (const part of formula.parts) {
    const more = alternativesOf(part);
    if (found.length * more.length > MOST_ALTERNATIVES) {
      throw new DeadEndFound("more alternatives than can be looked at");
    }
    found = found.flatMap((one) =>
      more.map(({ conditions, absent }) => ({
        conditions: [...one.conditions, ...conditions],
        absent: [...one.absent, ...absent],
      }))
    );
  }
  return found;
}

/** Whether a condition asks for one name alone. */
function isRequirement(condition: Condition): condition is ObjectCondition {
  if (condition.kind !== "object") return false;
  const { properties, patterns, additional, required, least, most, names } =
    condition;
  return required.length === 1 && properties.size + patterns.length === 0 &&
    additional === undefined && least === 0 && most === Infinity &&
    names === undefined && !condition.closed && condition.order.length === 0;
}
