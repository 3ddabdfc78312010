/**
 * From a JSON schema to values: some that fit it, some that all but do.
 *
 * @module
 */

import fc from "fast-check";
import { hostile, NUMBERS, TEXTS } from "./hostile.ts";

/** The words of JSON Schema that the API's document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

/** How to make values. */
export interface ValueOptions {
  /** Schemas by name, for `$ref`. */
  readonly schemas: Readonly<Record<string, Schema>>;
  /** Values for properties of these names, where a schema does not say enough. */
  readonly known: Readonly<Record<string, fc.Arbitrary<unknown>>>;
}

/** How deep values go. */
const DEPTH = 5;

/** Values that fit, as far as the schema tells. */
export function fitting(
  schema: Schema,
  options: ValueOptions,
  depth = DEPTH,
): fc.Arbitrary<unknown> {
  const inner = (schema: Schema) => fitting(schema, options, depth - 1);
  if (depth <= 0) return fc.constant(null);
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return fitting(options.schemas[name] ?? {}, options, depth);
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(inner));
  if (schema.allOf !== undefined) return inner(schema.allOf[0] ?? {});
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return hostile;
  return fc.oneof(...types.map((type) => ofType(type, schema, inner, options)));
}

function ofType(
  type: string,
  schema: Schema,
  inner: (schema: Schema) => fc.Arbitrary<unknown>,
  options: ValueOptions,
): fc.Arbitrary<unknown> {
  const { minimum = 0, maximum = 1000, minItems = 0, maxItems = 4 } = schema;
  switch (type) {
    case "string":
      return fc.oneof(
        fc.constantFrom("a", "Hello", "User: hi\n\nAssistant:", "hé 👋"),
        fc.string({ unit: "grapheme", maxLength: 12 }),
        fc.constantFrom(...TEXTS.filter(({ length }) => length < 100)),
      );
    case "integer":
      return fc.integer({
        min: Math.max(minimum, -(2 ** 31)),
        max: Math.min(maximum, 2 ** 31 - 1),
      });
    case "number":
      return fc.oneof(
        fc.constantFrom(minimum, maximum),
        fc.double({ min: minimum, max: maximum, noNaN: true }),
      );
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(inner(schema.items ?? {}), {
        minLength: Math.min(minItems, 3),
        maxLength: Math.max(Math.min(minItems, 3), Math.min(maxItems, 4)),
      });
    case "object":
      return object(schema, inner, options);
    default:
      return fc.constant(null);
  }
}

function object(
  { properties = {}, required = [], additionalProperties }: Schema,
  inner: (schema: Schema) => fc.Arbitrary<unknown>,
  { known }: ValueOptions,
): fc.Arbitrary<unknown> {
  if (
    Object.keys(properties).length === 0 &&
    typeof additionalProperties === "object"
  ) {
    const keys = fc.oneof(
      fc.nat(320).map(String),
      fc.constantFrom(...TEXTS.filter(({ length }) => length < 40)),
    );
    return fc.dictionary(keys, inner(additionalProperties), { maxKeys: 5 });
  }
  const members = Object.entries(properties).map(([name, schema]) => {
    const value = known[name] ?? inner(schema);
    // Few fields at a time: what is refused for one says nothing of the others.
    const rolls = fc.nat(required.includes(name) ? 0 : 9);
    return fc.tuple(rolls, value).map(([roll, value]): [string, unknown][] =>
      roll === 0 ? [[name, value]] : []
    );
  });
  const one = "prompt" in properties && "messages" in properties;
  return fc.tuple(...members).map((lists) => {
    const value: Record<string, unknown> = Object.fromEntries(lists.flat());
    // Such a schema takes either, which its document cannot say.
    if (one && "messages" in value) delete value.prompt;
    else if (one) value.prompt ??= "Hello";
    return value;
  });
}

/** A value with one place inside it replaced, doubled, renamed or left out. */
export function spoiled(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(value, fc.nat(), fc.nat(3), hostile).map((
    [value, place, kind, instead],
  ) => spoil(value, place, kind, instead));
}

function spoil(
  value: unknown,
  place: number,
  kind: number,
  instead: unknown,
): unknown {
  if (typeof value !== "object" || value === null) return instead;
  const keys = Object.keys(value);
  if (keys.length === 0) return instead;
  const key = keys[place % keys.length];
  const rest = Math.floor(place / keys.length);
  const entries = Object.entries(value).flatMap((
    [name, member],
  ): [string, unknown][] => {
    if (name !== key) return [[name, member]];
    const inside = typeof member === "object" && member !== null;
    if (inside && rest % 2 === 1) {
      return [[name, spoil(member, rest >> 1, kind, instead)]];
    }
    if (kind === 0) return [];
    if (kind === 1) {
      const other = TEXTS[rest % TEXTS.length];
      return [[name, member], [other, member]];
    }
    const number = typeof member === "number" && kind === 2;
    return [[name, number ? NUMBERS[rest % NUMBERS.length] : instead]];
  });
  if (Array.isArray(value)) return entries.map(([, member]) => member);
  // Not by assignment, which would take __proto__ for what it is.
  return Object.fromEntries(entries);
}
