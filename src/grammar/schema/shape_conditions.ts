/**
 * What a schema asks of arrays and objects.
 *
 * @module
 */

import {
  type ArrayCondition,
  type Condition,
  type Kind,
  type ObjectCondition,
  requiring,
} from "./condition.ts";
import {
  all,
  any,
  FALSE,
  type Formula,
  not,
  TRUE,
} from "./condition_formula.ts";
import { isImpossible } from "./impossible_conditions.ts";
import { countOf, texts } from "./scalar_conditions.ts";
import {
  isRecord,
  type SchemaDocument,
  type SchemaNode,
  unfit,
} from "./schema_document.ts";
import type { StringConditions } from "./string_conditions.ts";

/** How a schema is read. */
export interface SchemaReading {
  /** The schema that references are resolved in. */
  readonly document: SchemaDocument;
  /** Whether objects and tuples are closed. */
  readonly strict: boolean;
  /** Reads patterns. */
  readonly strings: StringConditions;
  /** Reads another schema. */
  readonly of: (node: SchemaNode, kind: Kind) => Formula<Condition>;
}

/**
 * What a schema asks of arrays.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it cannot be understood.
 */
export function arrays(
  node: SchemaNode,
  schema: Readonly<Record<string, unknown>>,
  { document, strict }: SchemaReading,
): Formula<Condition> {
  const tuple = schema.prefixItems ??
    (Array.isArray(schema.items) ? schema.items : undefined);
  const word = schema.prefixItems === undefined ? "items" : "prefixItems";
  if (tuple !== undefined && !Array.isArray(tuple)) {
    throw unfit(node.pointer, "prefixItems of no list");
  }
  const others = Array.isArray(schema.items)
    ? schema.additionalItems
    : schema.items;
  const closed = strict && tuple !== undefined && others === undefined;
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

/**
 * What a schema asks of objects.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it cannot be understood.
 */
export function objects(
  node: SchemaNode,
  schema: Readonly<Record<string, unknown>>,
  reading: SchemaReading,
): Formula<Condition> {
  const { document, strict, strings } = reading;
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
      ...strings.of(node, pattern),
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
    closed: additional === undefined && strict &&
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
    ...dependent(node, schema, reading),
  ];
  return all(parts);
}

/** What one property asks of the others. */
function dependent(
  node: SchemaNode,
  schema: Readonly<Record<string, unknown>>,
  { document, of }: SchemaReading,
): Formula<Condition>[] {
  const words = ["dependencies", "dependentRequired", "dependentSchemas"];
  return words.flatMap((word) => {
    const { [word]: given = {} } = schema;
    if (!isRecord(given)) throw unfit(node.pointer, `${word} of no object`);
    return Object.entries(given).map(([name, asked]) => {
      const list = Array.isArray(asked) || typeof asked === "string";
      const then = list
        ? requiring(texts(node, word, [asked].flat()))
        : of(document.inner(node, asked, word, name), "object");
      return any([not(requiring([name])), then]);
    });
  });
}
