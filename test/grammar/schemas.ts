/**
 * A hundred JSON schemas: written by hand where a keyword has its ways, and put
 * together at random, the same ones every time.
 *
 * @module
 */

import { random } from "../support/random.ts";

type Schema = Record<string, unknown>;

const BY_HAND: readonly Schema[] = [
  { type: "boolean" },
  { type: "null" },
  { type: "integer" },
  { type: "number" },
  { type: "string", maxLength: 5 },
  { type: "string", minLength: 3, maxLength: 3 },
  { type: "string", pattern: "^[a-f]{2,4}$" },
  { type: "string", pattern: "^(foo|bar)-[0-9]+$" },
  { type: "integer", minimum: 0, maximum: 12 },
  { type: "integer", minimum: -5, maximum: 5 },
  { type: ["string", "null"], maxLength: 4 },
  { enum: ["red", "grün", "青", "🦢", ""] },
  { enum: [1, "one", null, true] },
  { const: "the only one" },
  { const: '"quoted" \\ \n' },
  { anyOf: [{ type: "boolean" }, { type: "null" }] },
  { oneOf: [{ const: 1 }, { const: "1" }] },
  { type: "array", items: { type: "boolean" } },
  { type: "array", items: { enum: ["a", "b"] }, minItems: 2, maxItems: 3 },
  { type: "array", items: { type: "null" }, maxItems: 0 },
  {
    type: "array",
    prefixItems: [{ type: "boolean" }, { type: "null" }],
    items: false,
    minItems: 2,
    maxItems: 2,
  },
  { type: "object", properties: {}, additionalProperties: false },
  {
    type: "object",
    properties: { "ключ": { type: "boolean" }, "键 🗝": { type: "null" } },
    required: ["ключ", "键 🗝"],
    additionalProperties: false,
  },
  {
    type: "object",
    properties: { "{}[]": { type: "null" }, "a/b~c": { const: 0 } },
    required: ["{}[]"],
    additionalProperties: false,
  },
  {
    type: "object",
    properties: {
      a: { type: "boolean" },
      b: { type: "boolean" },
      c: { type: "boolean" },
    },
    additionalProperties: false,
  },
  {
    $defs: { colour: { enum: ["red", "blue"] } },
    type: "object",
    properties: {
      up: { $ref: "#/$defs/colour" },
      down: { $ref: "#/$defs/colour" },
    },
    required: ["up", "down"],
    additionalProperties: false,
  },
  {
    $defs: {
      node: {
        type: "object",
        properties: {
          leaf: { type: "boolean" },
          next: { anyOf: [{ type: "null" }, { $ref: "#/$defs/node" }] },
        },
        required: ["leaf", "next"],
        additionalProperties: false,
      },
    },
    $ref: "#/$defs/node",
  },
  {
    type: "object",
    properties: { child: { $ref: "#" }, n: { const: 1 } },
    required: ["n"],
    additionalProperties: false,
  },
];

const NAMES = ["id", "name", "größe", "名前", "list", "ok", "🦆", "x y", "_"];

/** A schema of at most `depth` floors whose values end soon. */
function schema(next: () => number, depth: number): Schema {
  const pick = <T>(list: readonly T[]): T =>
    list[Math.floor(next() * list.length)];
  const kinds = ["boolean", "null", "integer", "enum", "const", "string"];
  const kind = pick(
    depth > 0 ? [...kinds, "object", "object", "array", "anyOf"] : kinds,
  );
  switch (kind) {
    case "integer":
      return { type: kind, minimum: -20, maximum: Math.floor(next() * 999) };
    case "enum":
      return { enum: NAMES.filter(() => next() < 0.5).concat("last") };
    case "const":
      return { const: pick<unknown>(["¿qué?", 7, -1.5, true, null]) };
    case "string":
      return { type: "string", maxLength: Math.floor(next() * 8) };
    case "array":
      return {
        type: "array",
        items: schema(next, depth - 1),
        maxItems: 1 + Math.floor(next() * 3),
      };
    case "anyOf":
      return { anyOf: [schema(next, depth - 1), schema(next, depth - 1)] };
    case "object": {
      const names = NAMES.filter(() => next() < 0.4);
      return {
        type: "object",
        properties: Object.fromEntries(
          names.map((name) => [name, schema(next, depth - 1)]),
        ),
        required: names.filter(() => next() < 0.7),
        additionalProperties: false,
      };
    }
  }
  return { type: kind };
}

/** A hundred of them. */
export const SCHEMAS: readonly Schema[] = BY_HAND.concat(
  Array.from(
    { length: 100 - BY_HAND.length },
    (_, i) => schema(random(1000 + i), 3),
  ),
);
