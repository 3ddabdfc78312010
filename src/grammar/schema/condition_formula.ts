/**
 * What a schema asks of a value, as a formula of conditions: each is failed, open,
 * or held, and so is the whole. While a value is written most conditions are open;
 * when it is complete none is.
 *
 * @module
 */

/** How a condition stands. */
export const FAILED = 0, OPEN = 1, HELD = 2;

/** One of them. */
export type Truth = typeof FAILED | typeof OPEN | typeof HELD;

/** A formula of conditions `C`. */
export type Formula<C> =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "condition"; readonly condition: C }
  | {
    readonly kind: "all" | "any" | "one";
    readonly parts: readonly Formula<C>[];
  }
  | { readonly kind: "not"; readonly part: Formula<C> };

/** What always holds, and what never does. */
export const TRUE = { kind: "constant", value: true } as const,
  FALSE = { kind: "constant", value: false } as const;

/** All of them hold. */
export function all<C>(parts: readonly Formula<C>[]): Formula<C> {
  const flat = parts.flatMap((part) => part.kind === "all" ? part.parts : part);
  if (flat.some((part) => part.kind === "constant" && !part.value)) {
    return FALSE;
  }
  const open = flat.filter(({ kind }) => kind !== "constant");
  if (open.length === 0) return TRUE;
  return open.length === 1 ? open[0] : { kind: "all", parts: open };
}

/** One of them holds, or more. */
export function any<C>(parts: readonly Formula<C>[]): Formula<C> {
  const flat = parts.flatMap((part) => part.kind === "any" ? part.parts : part);
  if (flat.some((part) => part.kind === "constant" && part.value)) return TRUE;
  const open = flat.filter(({ kind }) => kind !== "constant");
  if (open.length === 0) return FALSE;
  return open.length === 1 ? open[0] : { kind: "any", parts: open };
}

/** Exactly one of them holds. */
export function one<C>(parts: readonly Formula<C>[]): Formula<C> {
  const open = parts.filter((part) => part.kind !== "constant" || part.value);
  const certain = open.filter(({ kind }) => kind === "constant").length;
  if (certain > 1) return FALSE;
  const rest = open.filter(({ kind }) => kind !== "constant");
  if (certain === 1) return all(rest.map(not));
  if (rest.length === 0) return FALSE;
  return rest.length === 1 ? rest[0] : { kind: "one", parts: rest };
}

/** It does not hold. */
export function not<C>(part: Formula<C>): Formula<C> {
  if (part.kind === "constant") return part.value ? FALSE : TRUE;
  return part.kind === "not" ? part.part : { kind: "not", part };
}

/** How a formula stands. */
export function standing<C>(
  formula: Formula<C>,
  of: (condition: C) => Truth,
): Truth {
  switch (formula.kind) {
    case "constant":
      return formula.value ? HELD : FAILED;
    case "condition":
      return of(formula.condition);
    case "not":
      return HELD - standing(formula.part, of) as Truth;
    case "all": {
      let least: Truth = HELD;
      for (const part of formula.parts) {
        const found = standing(part, of);
        if (found === FAILED) return FAILED;
        if (found === OPEN) least = OPEN;
      }
      return least;
    }
    case "any": {
      let most: Truth = FAILED;
      for (const part of formula.parts) {
        const found = standing(part, of);
        if (found === HELD) return HELD;
        if (found === OPEN) most = OPEN;
      }
      return most;
    }
    case "one": {
      let held = 0, open = 0;
      for (const part of formula.parts) {
        const found = standing(part, of);
        if (found === HELD) held++;
        if (found === OPEN) open++;
      }
      if (held > 1 || held + open === 0) return FAILED;
      return open === 0 ? HELD : OPEN;
    }
  }
}

/** Every condition of some formulas, once. */
export function conditionsOf<C>(formulas: readonly Formula<C>[]): C[] {
  const found = new Set<C>();
  const visit = (formula: Formula<C>): void => {
    if (formula.kind === "condition") found.add(formula.condition);
    else if (formula.kind === "not") visit(formula.part);
    else if (formula.kind !== "constant") formula.parts.forEach(visit);
  };
  formulas.forEach(visit);
  return [...found];
}
