import { assert, assertEquals, assertMatch } from "@std/assert";
import { LIMITS } from "../../src/grammar/json/answer_limits.ts";
import type { AnswerState } from "../../src/grammar/json/answer_state.ts";
import { Conditions } from "../../src/grammar/schema/schema_conditions.ts";
import { SchemaStates } from "../../src/grammar/schema/schema_states.ts";
import { random } from "../support/random.ts";

type Schema = Readonly<Record<string, unknown>>;

const text = { type: "string" }, integer = { type: "integer" };
const object = (properties: Schema, ...required: string[]): Schema => ({
  type: "object",
  properties,
  required,
});

/** Schemas that masks alone keep to. */
const EXACT: Readonly<Record<string, Schema>> = {
  anything: {},
  "a list of itself": { type: "array", items: { $ref: "#" } },
  "a tree": object(
    { kids: { type: "array", items: { $ref: "#" } }, name: text },
    "kids",
  ),
  "a chain that ends": object(
    { next: { anyOf: [{ type: "null" }, { $ref: "#" }] } },
    "next",
  ),
  "a pattern and a length": {
    ...text,
    pattern: "^[a-f]+$",
    minLength: 3,
    maxLength: 8,
  },
  "a length that some groups reach": {
    ...text,
    pattern: "^(?:a|bb)+$",
    minLength: 3,
    maxLength: 3,
  },
  "two patterns that agree": {
    ...text,
    allOf: [{ pattern: "^[a-z]+$" }, { pattern: "^a" }],
  },
  "a format and a pattern": { ...text, format: "date", pattern: "^2" },
  "a value of more digits than others may have": {
    type: "number",
    enum: [1e20, -123456789012345680000, 0.0000012345678901234567, 1e21],
    minimum: -2e20,
  },
  "bounds beside alternatives": {
    type: "number",
    anyOf: [{ const: 1e20 }, { const: 7 }, { minimum: 3, maximum: 60 }],
    multipleOf: 5,
  },
  "objects side by side": {
    allOf: [object({ a: text }, "a"), object({ b: integer }, "b")],
  },
  "a property of two objects": {
    allOf: [
      object({ a: { ...text, pattern: "^x" } }, "a"),
      { properties: { a: { enum: ["xa", "b"] } } },
    ],
  },
  "names by a pattern": {
    ...object({ a: text }),
    patternProperties: { "^x-": integer },
    additionalProperties: false,
  },
  "a name that asks for another": {
    ...object({ a: text, b: text }),
    dependentRequired: { a: ["b"] },
  },
  "a property that may not be there": object({ a: text, b: false }, "a"),
};

/** Others, where a dead end is, and what the refusal says. */
const INEXACT: readonly [Schema, string, RegExp][] = [
  [
    object({
      "a/b": { ...text, pattern: "^(?:ab)*$", minLength: 3, maxLength: 3 },
    }),
    "/properties/a~1b",
    /pattern or format beside others or a length/,
  ],
  [
    object({ a: { allOf: [{ pattern: "^[ab]+c?$" }, { pattern: "b{2}$" }] } }),
    "/properties/a",
    /pattern or format/,
  ],
  [
    {
      allOf: [
        object({ a: { enum: ["ab", "acd"] } }, "a"),
        { properties: { a: { enum: ["ab", "ace"] } } },
      ],
    },
    "/allOf/0/properties/a",
    /pattern or format beside others/,
  ],
  [
    {
      allOf: [
        { ...object({ a: text }), additionalProperties: false },
        { required: ["b"] },
      ],
    },
    "its root",
    /required property "b"/,
  ],
  [object({ next: { $ref: "#" } }, "next"), "its root", /no value can be/],
  [
    object({ a: object({ b: object({ c: false }, "c") }, "b") }),
    "its root",
    /no value can be/,
  ],
  [
    {
      allOf: [
        object({ a: { minimum: 5 } }),
        { properties: { a: { type: "number", maximum: 60 } } },
      ],
    },
    "/allOf/0/properties/a",
    /bounds of a number/,
  ],
  [
    {
      allOf: [
        object({ a: { type: ["integer", "string"] } }),
        { properties: { a: { enum: [1e21, "a"] } } },
      ],
    },
    "/allOf/0/properties/a",
    /bounds of a number/,
  ],
  [
    { allOf: [{ type: "object", maxProperties: 1 }, { required: ["a", "b"] }] },
    "its root",
    /maxProperties/,
  ],
  [
    { type: "object", patternProperties: { "^(?:yes|no)$": integer } },
    "its root",
    /patternProperties of few names/,
  ],
  [
    { type: "object", propertyNames: { enum: ["a", "b"] } },
    "its root",
    /propertyNames of few names/,
  ],
  [
    {
      type: "object",
      patternProperties: { "^x": { allOf: [text, integer] } },
    },
    "its root",
    /no value can be/,
  ],
];

Deno.test("a strict schema that masks alone keep to leads to no dead end", () => {
  for (const [name, schema] of Object.entries(EXACT)) {
    const conditions = new Conditions(schema, true);
    assertEquals(conditions.uncertain, false, name);
    const { start } = new SchemaStates(conditions, LIMITS);
    for (let seed = 0; seed < 4; seed++) walk(start, seed, name);
  }
});

Deno.test("a strict schema with a dead end is refused, and says where", () => {
  for (const [schema, place, why] of INEXACT) {
    const message = refusal(schema);
    assertMatch(message, why);
    assert(message.includes(` at ${place}, `), message);
  }
});

Deno.test("a schema with a dead end that is not strict is taken, and goes back", () => {
  for (const [schema, , why] of INEXACT) {
    assertEquals(new Conditions(schema, false).uncertain, true, why.source);
  }
});

function refusal(schema: Schema): string {
  try {
    new Conditions(schema, true);
  } catch (error) {
    return String(error);
  }
  throw new TypeError(`It was taken: ${JSON.stringify(schema)}`);
}

/** Writes bytes at random, ends sooner the longer the text is. */
function walk(start: AnswerState, seed: number, name: string): void {
  const next = random(seed);
  let state = start;
  let written = "";
  for (let i = 0; i < 300; i++) {
    const may = Array.from({ length: 0x80 }, (_, byte) => byte)
      .filter((byte) => state.step(byte) !== undefined);
    if (state.whole && (may.length === 0 || next() < 0.4)) {
      JSON.parse(written);
      return;
    }
    const ends = may.filter((byte) => [0x22, 0x5d, 0x7d].includes(byte));
    const from = ends.length > 0 && next() < 0.3 + i / 300 ? ends : may;
    const byte = from[Math.floor(next() * from.length)];
    const after = byte === undefined ? undefined : state.step(byte);
    assert(after !== undefined, `${name}: no way on from ${written}`);
    state = after;
    written += String.fromCharCode(byte);
  }
}
