/**
 * A JSON schema as formulas: what it asks of a value of each kind. The kind of a
 * value is known from its first character, so `type` never waits for more.
 *
 * Sources: JSON Schema Validation and Core, draft 4 to 2020-12. Words that neither
 * names are notes.
 *
 * @module
 */

import { automatonOf, type TextState } from "../regex/automaton.ts";
import {
  type ArrayCondition,
  type Condition,
  innerNodes,
  type Kind,
  kindOf,
  KINDS,
  numberOf,
  type ObjectCondition,
  requiring,
  stringOf,
} from "./condition.ts";
import { areDisjoint } from "./disjoint_schemas.ts";
import { expressionOf, findsIn, readExpression } from "../regex/expression.ts";
import { formatOf, longestOf } from "./string_formats.ts";
import {
  all,
  any,
  FALSE,
  type Formula,
  not,
  one,
  TRUE,
} from "./condition_formula.ts";
import { apartAhead } from "../regex/look_ahead.ts";
import { type DeadEnd, deadEndOf } from "./exact_masks.ts";
import { isImpossible } from "./possible_conditions.ts";
import { refusedGrammar } from "../screen/grammar_bounds.ts";
import {
  countOf,
  isExpression,
  joined,
  numbers,
  ofType,
  texts,
} from "./scalar_conditions.ts";
import {
  isRecord,
  SchemaDocument,
  type SchemaNode,
  shownPointer,
  unfit,
} from "./schema_document.ts";
import { spendWork } from "../work_bound.ts";

interface Pattern {
  readonly automaton: TextState | undefined;
  readonly check: RegExp | undefined;
}

/** Reads a schema. */
export class Conditions {
  /** The schema that references are resolved in. */
  readonly document: SchemaDocument;
  readonly #strict: boolean;
  readonly #deadEnd: DeadEnd | undefined;
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
    this.#deadEnd = deadEndOf(this, this.document.root);
    if (!strict || this.#deadEnd === undefined) return;
    const { node, why } = this.#deadEnd;
    throw refusedGrammar(
      `its JSON schema has ${why} at ${shownPointer(node.pointer)}, ` +
        "which answers cannot be kept to strictly",
    );
  }

  /** Whether some pattern is tried on whole texts, in any time it takes. */
  get unbounded(): boolean {
    return this.#patterns.values().some(({ check }) => check !== undefined);
  }

  /** Whether masks may lead to where no token may come. */
  get uncertain(): boolean {
    return this.#deadEnd !== undefined;
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
    const least = countOf(node, "minLength", minLength, 0);
    const most = Math.min(
      countOf(node, "maxLength", maxLength, Infinity),
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
      least: countOf(node, "minItems", schema.minItems, 0),
      most: countOf(node, "maxItems", schema.maxItems, Infinity),
      unique: unique === true,
      contains,
      leastContained: countOf(node, "minContains", schema.minContains, 1),
      mostContained: countOf(node, "maxContains", schema.maxContains, Infinity),
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
      least: countOf(node, "minProperties", schema.minProperties, 0),
      most: countOf(node, "maxProperties", schema.maxProperties, Infinity),
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
