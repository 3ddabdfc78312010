/**
 * What a schema asks of strings and numbers, and of types.
 *
 * @module
 */

import { LIMITS } from "../json/answer_limits.ts";
import { accepts } from "../regex/automaton.ts";
import {
  type Condition,
  type Kind,
  numberOf,
  type StringCondition,
  stringOf,
} from "./condition.ts";
import { all, any, FALSE, type Formula, TRUE } from "./condition_formula.ts";
import { isPossible, type NumberCondition } from "../json/number_text.ts";
import { type SchemaNode, unfit } from "./schema_document.ts";

const SCALAR_TYPES = new Set([
  "array",
  "boolean",
  "integer",
  "null",
  "number",
  "object",
  "string",
]);

/**
 * What `type` and `nullable` ask of a value of a kind.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` for types that nobody knows.
 */
export function ofType(
  { pointer }: SchemaNode,
  { type, nullable }: Readonly<Record<string, unknown>>,
  kind: Kind,
  draft: number,
): Formula<Condition> {
  if (type === undefined) return TRUE;
  const types: unknown[] = [type].flat();
  const strange = types.find((name) => !SCALAR_TYPES.has(String(name)));
  if (strange !== undefined || types.length === 0) {
    throw unfit(pointer, `the type ${JSON.stringify(strange) ?? "of no name"}`);
  }
  const boolean = kind === "true" || kind === "false";
  if (types.includes(boolean ? "boolean" : kind)) return TRUE;
  if (kind === "null" && nullable === true && draft !== 4) return TRUE;
  if (kind === "number" && types.includes("integer")) {
    return numberOf({ integer: true });
  }
  return FALSE;
}

/** Both of two conditions of the same kind as one, where that tells more. */
export function joined(formula: Formula<Condition>): Formula<Condition> {
  if (formula.kind !== "all" && formula.kind !== "condition") return formula;
  const parts = formula.kind === "all" ? formula.parts : [formula];
  const strings: StringCondition[] = [];
  const numbers: NumberCondition[] = [];
  const rest: Formula<Condition>[] = [];
  for (const part of parts) {
    const condition = part.kind === "condition" ? part.condition : undefined;
    if (condition?.kind === "string") strings.push(condition);
    else if (condition?.kind === "number") numbers.push(condition);
    else rest.push(part);
  }
  if (strings.length > 0) rest.push(bothStrings(strings));
  if (numbers.length === 0) return all(rest);
  // Alternatives are joined one by one, so that no number is begun that none ends.
  const choice = rest.findIndex(isNumberChoice);
  if (choice < 0) return all([...rest, bothNumbers(numbers)]);
  const [either] = rest.splice(choice, 1).filter(isNumberChoice);
  const joint = either.parts.map(({ condition }) =>
    bothNumbers([condition, ...numbers])
  );
  return all([...rest, any(joint)]);
}

/** Alternatives, each one condition of a number. */
interface NumberChoice {
  readonly kind: "any";
  readonly parts: readonly {
    readonly kind: "condition";
    readonly condition: NumberCondition;
  }[];
}

function isNumberChoice(
  part: Formula<Condition> | NumberChoice,
): part is NumberChoice {
  return part.kind === "any" &&
    part.parts.every((one) =>
      one.kind === "condition" && one.condition.kind === "number"
    );
}

function bothStrings(parts: readonly StringCondition[]): Formula<Condition> {
  const least = Math.max(...parts.map(({ least }) => least));
  const most = Math.min(...parts.map(({ most }) => most));
  const checks = parts.flatMap(({ checks }) => checks);
  const automata = parts.flatMap(({ automata, values }) =>
    values === undefined ? automata : []
  );
  if (least > most || automata.includes(undefined)) return FALSE;
  const lists = parts.flatMap(({ values }) =>
    values === undefined ? [] : [values]
  );
  if (lists.length === 0) return stringOf({ least, most, automata, checks });
  const values = lists[0].filter((text) =>
    lists.every((list) => list.includes(text)) &&
    [...text].length >= least && [...text].length <= most &&
    automata.every((automaton) => accepts(automaton, text)) &&
    checks.every((check) => check(text))
  );
  return values.length === 0 ? FALSE : stringOf({ values });
}

function bothNumbers(parts: readonly NumberCondition[]): Formula<Condition> {
  const low = Math.max(...parts.map(({ low }) => low));
  const high = Math.min(...parts.map(({ high }) => high));
  const lists = parts.flatMap(({ values }) =>
    values === undefined ? [] : [values]
  );
  const both: NumberCondition = {
    kind: "number",
    integer: parts.some(({ integer }) => integer),
    low,
    lowOpen: parts.some((part) => part.low === low && part.lowOpen),
    high,
    highOpen: parts.some((part) => part.high === high && part.highOpen),
    multiples: parts.flatMap(({ multiples }) => multiples),
    ...(lists.length > 0 && {
      values: lists[0].filter((value) =>
        lists.every((list) => list.includes(value))
      ),
    }),
  };
  if (!isPossible(both, LIMITS)) return FALSE;
  return { kind: "condition", condition: both };
}

/** Bounds; those of draft 4 say `true` where they are open. */
export function numbers(
  node: SchemaNode,
  schema: Readonly<Record<string, unknown>>,
): Formula<Condition> {
  const bound = (word: string, none: number): number => {
    const { [word]: given = none } = schema;
    if (typeof given === "number") return given;
    throw unfit(node.pointer, `${word} of no number`);
  };
  const open = (word: string, none: number): number =>
    typeof schema[word] === "boolean" ? none : bound(word, none);
  const [low, high] = [bound("minimum", -Infinity), bound("maximum", Infinity)];
  const above = schema.exclusiveMinimum === true
    ? low
    : open("exclusiveMinimum", -Infinity);
  const below = schema.exclusiveMaximum === true
    ? high
    : open("exclusiveMaximum", Infinity);
  const { multipleOf } = schema;
  if (multipleOf !== undefined && !(Number(multipleOf) > 0)) {
    throw unfit(node.pointer, "multipleOf of no positive number");
  }
  if (
    Math.max(low, above) === -Infinity && Math.min(high, below) === Infinity &&
    multipleOf === undefined
  ) return TRUE;
  return numberOf({
    low: Math.max(low, above),
    lowOpen: above >= low && above !== -Infinity,
    high: Math.min(high, below),
    highOpen: below <= high && below !== Infinity,
    multiples: multipleOf === undefined ? [] : [Number(multipleOf)],
  });
}

/**
 * A number of things.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it is none.
 */
export function countOf(
  { pointer }: SchemaNode,
  word: string,
  given: unknown,
  none: number,
): number {
  if (given === undefined) return none;
  if (typeof given === "number" && given >= 0 && Number.isInteger(given)) {
    return given;
  }
  throw unfit(pointer, `${word} of no count`);
}

/**
 * A list of names, each once.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it is none.
 */
export function texts(
  { pointer }: SchemaNode,
  word: string,
  given: unknown,
): readonly string[] {
  if (given === undefined) return [];
  if (Array.isArray(given) && given.every((text) => typeof text === "string")) {
    return [...new Set<string>(given)];
  }
  throw unfit(pointer, `${word} of no list of names`);
}

/** Whether a text is a regular expression. */
export function isExpression(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}
