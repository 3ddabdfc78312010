/**
 * A JSON schema as formulas: what it asks of a value of each kind. The kind of a
 * value is known from its first character, so `type` never waits for more.
 *
 * Sources: JSON Schema Validation and Core, draft 4 to 2020-12. Words that neither
 * names are notes.
 *
 * @module
 */

import { LIMITS } from "./answer_limits.ts";
import {
  accepts,
  automatonOf,
  PrefixTree,
  type TextState,
} from "./automaton.ts";
import { areDisjoint } from "./disjoint.ts";
import { expressionOf, findsIn, readExpression } from "./expression.ts";
import { formatOf, longestOf } from "./formats.ts";
import { all, any, FALSE, type Formula, not, one, TRUE } from "./formula.ts";
import { apartAhead } from "./look_ahead.ts";
import { isPossible, type NumberCondition } from "./number_text.ts";
import { refusedGrammar } from "./refusal.ts";
import {
  isRecord,
  SchemaDocument,
  type SchemaNode,
  shownPointer,
  unfit,
} from "./schema_document.ts";
import { spendWork } from "./work.ts";

/** What a value begins as. */
export const KINDS = [
  "string",
  "number",
  "object",
  "array",
  "true",
  "false",
  "null",
] as const;

/** One of them. */
export type Kind = typeof KINDS[number];

/** What a schema asks of a string. */
export interface StringCondition {
  /** Names the kind of value. */
  readonly kind: "string";
  /** Characters. */
  readonly least: number;
  /** The largest count; Infinity where there is none. */
  readonly most: number;
  /** All of them accept it; `undefined` accepts nothing. */
  readonly automata: readonly (TextState | undefined)[];
  /** What only a whole string shows. */
  readonly checks: readonly ((text: string) => boolean)[];
  /** It is one of them; absent: any. */
  readonly values?: readonly string[];
}

/** What a schema asks of an array. */
export interface ArrayCondition {
  /** Names the kind of value. */
  readonly kind: "array";
  /** Schemas of the first items. */
  readonly first: readonly SchemaNode[];
  /** Schema of the others. */
  readonly rest: SchemaNode | undefined;
  /** The smallest count. */
  readonly least: number;
  /** The largest count; Infinity where there is none. */
  readonly most: number;
  /** Whether no two are equal. */
  readonly unique: boolean;
  /** Schema that some items keep to. */
  readonly contains: SchemaNode | undefined;
  /** Items that have to match `contains` at least. */
  readonly leastContained: number;
  /** Items that may match `contains` at most. */
  readonly mostContained: number;
}

/** What a schema asks of an object. */
export interface ObjectCondition {
  /** Names the kind of value. */
  readonly kind: "object";
  /** The schemas of named properties. */
  readonly properties: ReadonlyMap<string, SchemaNode>;
  /** The schemas of properties by patterns of their names. */
  readonly patterns: readonly {
    readonly automaton: TextState | undefined;
    readonly check: RegExp | undefined;
    readonly schema: SchemaNode;
  }[];
  /** Schema of the properties that are in neither. */
  readonly additional: SchemaNode | undefined;
  /** Names that have to be there. */
  readonly required: readonly string[];
  /** The smallest count. */
  readonly least: number;
  /** The largest count; Infinity where there is none. */
  readonly most: number;
  /** Schema of the names. */
  readonly names: SchemaNode | undefined;
  /** Order of properties. */
  readonly order: readonly string[];
  /** Whether a property must be named by some condition of the value. */
  readonly closed: boolean;
}

/** What a schema asks of a value of one kind. */
export type Condition =
  | StringCondition
  | NumberCondition
  | ArrayCondition
  | ObjectCondition;

/** Reads a schema. */
export class Conditions {
  /** The schema that references are resolved in. */
  readonly document: SchemaDocument;
  readonly #strict: boolean;
  readonly #known = new Map<string, Formula<Condition>>();
  readonly #open = new Set<string>();
  readonly #patterns = new Map<string, Pattern>();
  readonly #ahead = new Map<string, Formula<Condition>>();

  /**
   * Reads all of a schema that a value can meet.
   *
   * @param strict Whether objects and tuples are closed, and what cannot be kept
   * to token by token is refused.
   * @throws {RequestError} `ERR_REQUEST_INVALID` naming what cannot be kept to, and
   * where it stands.
   */
  constructor(schema: Readonly<Record<string, unknown>>, strict: boolean) {
    this.document = new SchemaDocument(schema);
    this.#strict = strict;
    this.#readAll();
  }

  /** Whether some pattern is tried on whole texts, in any time it takes. */
  get unbounded(): boolean {
    return this.#patterns.values().some(({ check }) => check !== undefined);
  }

  /** Whether masks may lead to where no token may come. */
  get uncertain(): boolean {
    return this.#known.values().some(isUncertain);
  }

  /** What a schema asks of a value of a kind. */
  of(node: SchemaNode, kind: Kind): Formula<Condition> {
    const key = `${node.id} ${kind}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#open.has(key)) {
      throw unfit(node.pointer, "a reference that leads back to itself");
    }
    spendWork(20);
    this.#open.add(key);
    const found = this.#read(node, kind);
    this.#open.delete(key);
    this.#known.set(key, found);
    return found;
  }

  #readAll(): void {
    const seen = new Set([this.document.root]);
    for (const node of seen) {
      for (const kind of KINDS) {
        for (const inner of innerNodes(this.of(node, kind))) seen.add(inner);
      }
    }
  }

  #read(node: SchemaNode, kind: Kind): Formula<Condition> {
    const { value: schema } = node;
    if (typeof schema === "boolean") return schema ? TRUE : FALSE;
    const { document } = this;
    const parts: Formula<Condition>[] = [];
    if ("$ref" in schema) {
      parts.push(this.of(document.resolve(node, schema.$ref), kind));
      if (document.draft <= 7) return parts[0];
    }
    this.#expectKnown(node, schema);
    if ("$recursiveRef" in schema) {
      parts.push(this.of(document.resolve(node, schema.$recursiveRef), kind));
    }
    if ("type" in schema || schema.nullable === true) {
      parts.push(ofType(node, schema, kind, document.draft));
    }
    if ("const" in schema) {
      parts.push(this.#literals(node, [schema.const], kind));
    }
    if ("enum" in schema) {
      if (!Array.isArray(schema.enum)) {
        throw unfit(node.pointer, "enum of no list");
      }
      parts.push(this.#literals(node, schema.enum, kind));
    }
    if (kind === "string") parts.push(this.#string(node, schema));
    if (kind === "number") parts.push(numbers(node, schema));
    if (kind === "array") parts.push(this.#array(node, schema));
    if (kind === "object") parts.push(this.#object(node, schema));
    parts.push(...this.#combined(node, schema, kind));
    return joined(all(parts));
  }

  #expectKnown(
    node: SchemaNode,
    schema: Readonly<Record<string, unknown>>,
  ): void {
    const refuse = (word: string) => {
      throw refusedGrammar(
        `its JSON schema has ${word} at ${shownPointer(node.pointer)}, ` +
          `which answers cannot be kept to${this.#strict ? " strictly" : ""}`,
      );
    };
    for (const word of ["$dynamicRef", "extends", "disallow", "divisibleBy"]) {
      if (word in schema) refuse(word);
    }
    if (schema.$recursiveAnchor === true) refuse("$recursiveAnchor");
    if ("unevaluatedItems" in schema) refuse("unevaluatedItems");
    const { unevaluatedProperties: rest = true } = schema;
    if (rest !== true) refuse("unevaluatedProperties");
    if (!this.#strict) return;
    for (const word of ["not", "if", "contains"]) {
      if (word in schema) refuse(word);
    }
    if (schema.uniqueItems === true) refuse("uniqueItems");
    if (schema.format === "regex") refuse("format regex");
    if (!this.#isAnyOf(node, schema)) refuse("oneOf of schemas that overlap");
  }

  /** Whether a `oneOf` asks no more than an `anyOf`. */
  #isAnyOf(
    node: SchemaNode,
    { oneOf }: Readonly<Record<string, unknown>>,
  ): boolean {
    if (!Array.isArray(oneOf)) return true;
    const { document } = this;
    return areDisjoint(
      document,
      oneOf.map((inner, i) => document.inner(node, inner, "oneOf", i)),
    );
  }

  #literals(
    node: SchemaNode,
    values: readonly unknown[],
    kind: Kind,
  ): Formula<Condition> {
    const own = values.filter((value) => kindOf(value) === kind);
    if (own.length === 0) return FALSE;
    switch (kind) {
      case "string":
        return stringOf({ values: own as string[] });
      case "number":
        return numberOf({ values: own as number[] });
      case "array":
      case "object":
        return any(
          own.map((value) => this.of(this.#literal(node, value), kind)),
        );
    }
    return TRUE;
  }

  /** A schema that one value keeps to. */
  #literal(node: SchemaNode, value: unknown): SchemaNode {
    const schema = Array.isArray(value)
      ? {
        prefixItems: value.map((inner) => ({ const: inner })),
        minItems: value.length,
        maxItems: value.length,
      }
      : {
        properties: Object.fromEntries(
          Object.entries(value as object).map((
            [name, inner],
          ) => [name, { const: inner }]),
        ),
        required: Object.keys(value as object),
        additionalProperties: false,
      };
    return this.document.node(schema, node.pointer, node.base);
  }

  #string(
    node: SchemaNode,
    schema: Readonly<Record<string, unknown>>,
  ): Formula<Condition> {
    const { minLength, maxLength, pattern, format } = schema;
    const least = count(node, "minLength", minLength, 0);
    const most = Math.min(
      count(node, "maxLength", maxLength, Infinity),
      longestOf(String(format)),
    );
    const automata: (TextState | undefined)[] = [];
    const checks: ((text: string) => boolean)[] = [];
    const ahead = typeof pattern === "string" && !this.#strict
      ? this.#lookingAhead(pattern)
      : undefined;
    if (pattern !== undefined && ahead === undefined) {
      const { automaton, check } = this.#pattern(node, pattern);
      if (check === undefined) automata.push(automaton);
      else checks.push((text) => check.test(text));
    }
    if (typeof format === "string") {
      const form = formatOf(format);
      if (form !== undefined) automata.push(form);
      else if (format === "regex") checks.push(isExpression);
    }
    if (
      least === 0 && most === Infinity && automata.length + checks.length === 0
    ) {
      return ahead ?? TRUE;
    }
    return all([
      stringOf({ least, most, automata, checks }),
      ...(ahead === undefined ? [] : [ahead]),
    ]);
  }

  /** A pattern that looks ahead from its start; nothing for others. */
  #lookingAhead(pattern: string): Formula<Condition> | undefined {
    const known = this.#ahead.get(pattern);
    if (known !== undefined) return known;
    const apart = apartAhead(pattern);
    if (apart === undefined) return undefined;
    const { rest, ahead } = apart;
    const texts = [{ pattern: rest, wanted: true }, ...ahead];
    const parts = texts.flatMap(({ pattern, wanted }) => {
      const tree = readExpression(pattern);
      if (tree === undefined) return [];
      const found = stringOf({ automata: [automatonOf(findsIn(tree))] });
      return [wanted ? found : not(found)];
    });
    if (parts.length < texts.length) return undefined;
    const formula = all(parts);
    this.#ahead.set(pattern, formula);
    return formula;
  }

  /** A pattern as an automaton, or as an expression where it is beyond those. */
  #pattern(node: SchemaNode, pattern: unknown): Pattern {
    if (typeof pattern !== "string") {
      throw unfit(node.pointer, "a pattern of no text");
    }
    const known = this.#patterns.get(pattern);
    if (known !== undefined) return known;
    const check = expressionOf(pattern);
    const tree = readExpression(pattern);
    if (tree === undefined && this.#strict) {
      throw refusedGrammar(
        `its JSON schema has a pattern at ${
          shownPointer(node.pointer)
        } that looks ` +
          "around or refers back, which answers cannot be kept to strictly",
      );
    }
    if (tree === undefined && /\)(?:[*+]|\{\d+,\})/.test(pattern)) {
      throw refusedGrammar(
        `its JSON schema has a pattern at ${
          shownPointer(node.pointer)
        } that looks ` +
          "around or refers back and repeats groups, which may take for ever",
      );
    }
    const found = tree === undefined
      ? { automaton: undefined, check }
      : { automaton: automatonOf(findsIn(tree)), check: undefined };
    this.#patterns.set(pattern, found);
    return found;
  }

  #array(
    node: SchemaNode,
    schema: Readonly<Record<string, unknown>>,
  ): Formula<Condition> {
    const { document } = this;
    const tuple = schema.prefixItems ??
      (Array.isArray(schema.items) ? schema.items : undefined);
    const word = schema.prefixItems === undefined ? "items" : "prefixItems";
    if (tuple !== undefined && !Array.isArray(tuple)) {
      throw unfit(node.pointer, "prefixItems of no list");
    }
    const others = Array.isArray(schema.items)
      ? schema.additionalItems
      : schema.items;
    const closed = this.#strict && tuple !== undefined && others === undefined;
    const name = Array.isArray(schema.items) ? "additionalItems" : "items";
    const rest = closed ? false : others;
    const contains = schema.contains === undefined
      ? undefined
      : document.inner(node, schema.contains, "contains");
    const { unique = false } = { unique: schema.uniqueItems };
    const condition: ArrayCondition = {
      kind: "array",
      first: (tuple ?? []).map((inner: unknown, i: number) =>
        document.inner(node, inner, word, i)
      ),
      rest: rest === undefined || rest === true
        ? undefined
        : document.inner(node, rest, name),
      least: count(node, "minItems", schema.minItems, 0),
      most: count(node, "maxItems", schema.maxItems, Infinity),
      unique: unique === true,
      contains,
      leastContained: count(node, "minContains", schema.minContains, 1),
      mostContained: count(node, "maxContains", schema.maxContains, Infinity),
    };
    const { first, least, most } = condition;
    if (least > most || rest === false && least > first.length) return FALSE;
    const plain = first.length === 0 && condition.rest === undefined &&
      least === 0 && most === Infinity && !condition.unique &&
      contains === undefined;
    return plain ? TRUE : { kind: "condition", condition };
  }

  #object(
    node: SchemaNode,
    schema: Readonly<Record<string, unknown>>,
  ): Formula<Condition> {
    const { document } = this;
    const { properties = {}, patternProperties = {} } = schema;
    if (!isRecord(properties)) {
      throw unfit(node.pointer, "properties of no object");
    }
    if (!isRecord(patternProperties)) {
      throw unfit(node.pointer, "patternProperties of no object");
    }
    const { additionalProperties: additional, propertyNames: names } = schema;
    const condition: ObjectCondition = {
      kind: "object",
      properties: new Map(
        Object.entries(properties).map((
          [name, inner],
        ) => [name, document.inner(node, inner, "properties", name)]),
      ),
      patterns: Object.entries(patternProperties).map(([pattern, inner]) => ({
        ...this.#pattern(node, pattern),
        schema: document.inner(node, inner, "patternProperties", pattern),
      })),
      additional: additional === undefined || additional === true
        ? undefined
        : document.inner(node, additional, "additionalProperties"),
      required: texts(node, "required", schema.required),
      least: count(node, "minProperties", schema.minProperties, 0),
      most: count(node, "maxProperties", schema.maxProperties, Infinity),
      names: names === undefined
        ? undefined
        : document.inner(node, names, "propertyNames"),
      order: texts(node, "propertyOrdering", schema.propertyOrdering),
      closed: additional === undefined && this.#strict &&
        ("properties" in schema || "patternProperties" in schema),
    };
    if (isImpossible(condition)) return FALSE;
    const plain = condition.properties.size === 0 &&
      condition.patterns.length === 0 && condition.additional === undefined &&
      condition.required.length === 0 && condition.least === 0 &&
      condition.most === Infinity && condition.names === undefined &&
      condition.order.length === 0 && !condition.closed;
    const parts = [
      ...(plain ? [] : [{ kind: "condition", condition } as const]),
      ...this.#dependent(node, schema),
    ];
    return all(parts);
  }

  /** What one property asks of the others. */
  #dependent(
    node: SchemaNode,
    schema: Readonly<Record<string, unknown>>,
  ): Formula<Condition>[] {
    const words = ["dependencies", "dependentRequired", "dependentSchemas"];
    return words.flatMap((word) => {
      const { [word]: given = {} } = schema;
      if (!isRecord(given)) throw unfit(node.pointer, `${word} of no object`);
      return Object.entries(given).map(([name, asked]) => {
        const list = Array.isArray(asked) || typeof asked === "string";
        const then = list
          ? requiring(texts(node, word, [asked].flat()))
          : this.of(this.document.inner(node, asked, word, name), "object");
        return any([not(requiring([name])), then]);
      });
    });
  }

  #combined(
    node: SchemaNode,
    schema: Readonly<Record<string, unknown>>,
    kind: Kind,
  ): Formula<Condition>[] {
    const list = (word: "allOf" | "anyOf" | "oneOf") => {
      const { [word]: given } = schema;
      if (!Array.isArray(given) || given.length === 0) {
        throw unfit(node.pointer, `${word} of no list`);
      }
      return given.map((inner, i) =>
        this.of(this.document.inner(node, inner, word, i), kind)
      );
    };
    const inner = (word: string) =>
      this.of(this.document.inner(node, schema[word], word), kind);
    const found: Formula<Condition>[] = [];
    if ("allOf" in schema) found.push(all(list("allOf")));
    if ("anyOf" in schema) found.push(any(list("anyOf")));
    if ("oneOf" in schema) {
      const either = list("oneOf");
      found.push(this.#isAnyOf(node, schema) ? any(either) : one(either));
    }
    if ("not" in schema) found.push(not(inner("not")));
    // A note until draft 7.
    if ("if" in schema && this.document.draft >= 7) {
      const condition = inner("if");
      if ("then" in schema) found.push(any([not(condition), inner("then")]));
      if ("else" in schema) found.push(any([condition, inner("else")]));
    }
    return found;
  }
}

/** Whether no object keeps to a condition, as its words show. */
function isImpossible(
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
function isUncertain(formula: Formula<Condition>): boolean {
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

interface Pattern {
  readonly automaton: TextState | undefined;
  readonly check: RegExp | undefined;
}

const TYPES = new Set([
  "array",
  "boolean",
  "integer",
  "null",
  "number",
  "object",
  "string",
]);

function ofType(
  { pointer }: SchemaNode,
  { type, nullable }: Readonly<Record<string, unknown>>,
  kind: Kind,
  draft: number,
): Formula<Condition> {
  if (type === undefined) return TRUE;
  const types: unknown[] = [type].flat();
  const strange = types.find((name) => !TYPES.has(String(name)));
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
function joined(formula: Formula<Condition>): Formula<Condition> {
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
  if (numbers.length > 0) rest.push(bothNumbers(numbers));
  return all(rest);
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

function stringOf(given: Partial<StringCondition>): Formula<Condition> {
  const { values } = given;
  const condition: StringCondition = {
    kind: "string",
    least: 0,
    most: Infinity,
    checks: [],
    automata: values === undefined ? [] : [PrefixTree.of(values)],
    ...given,
  };
  return { kind: "condition", condition };
}

function numberOf(given: Partial<NumberCondition>): Formula<Condition> {
  const condition: NumberCondition = {
    kind: "number",
    integer: false,
    low: -Infinity,
    lowOpen: false,
    high: Infinity,
    highOpen: false,
    multiples: [],
    ...given,
  };
  return { kind: "condition", condition };
}

function requiring(required: readonly string[]): Formula<Condition> {
  const condition: ObjectCondition = {
    kind: "object",
    properties: new Map(),
    patterns: [],
    additional: undefined,
    required,
    least: 0,
    most: Infinity,
    names: undefined,
    order: [],
    closed: false,
  };
  return { kind: "condition", condition };
}

/** Bounds; those of draft 4 say `true` where they are open. */
function numbers(
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

function count(
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

function texts(
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

function isExpression(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}

/** The kind of a value that is read. */
export function kindOf(value: unknown): Kind {
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (Array.isArray(value)) return "array";
  return typeof value === "object" ? "object" : typeof value as Kind;
}

/** Schemas of values inside of what a formula asks for. */
function innerNodes(formula: Formula<Condition>): SchemaNode[] {
  switch (formula.kind) {
    case "constant":
      return [];
    case "not":
      return innerNodes(formula.part);
    case "condition":
      return nodesOf(formula.condition);
  }
  return formula.parts.flatMap(innerNodes);
}

function nodesOf(condition: Condition): SchemaNode[] {
  const present = (node: SchemaNode | undefined) =>
    node === undefined ? [] : [node];
  if (condition.kind === "array") {
    const { first, rest, contains } = condition;
    return [...first, ...present(rest), ...present(contains)];
  }
  if (condition.kind !== "object") return [];
  const { properties, patterns, additional, names } = condition;
  return [
    ...properties.values(),
    ...patterns.map(({ schema }) => schema),
    ...present(additional),
    ...present(names),
  ];
}
