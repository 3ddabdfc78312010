/**
 * JSON schemas in the words that XGrammar keeps to. It passes over words that it
 * does not know, so any other word is refused by name, and a few are put in another
 * way: a bound on one side only, and the form of an e-mail address.
 *
 * @module
 */

import { plainExpression } from "./letters.ts";
import { screenStringPattern } from "./pattern.ts";
import { MOST_REPEATED, refusedGrammar } from "./refusal.ts";

type Schema = Readonly<Record<string, unknown>>;

/** How deep a schema may be. */
const DEEPEST = 64;

/** Words that say nothing of what is valid. */
const NOTES = new Set([
  "$comment",
  "$id",
  "$schema",
  "default",
  "deprecated",
  "description",
  "discriminator",
  "examples",
  "readOnly",
  "title",
  "writeOnly",
]);

/** Words that decide alone; only a type and definitions may stand beside one. */
const DECIDING = ["$ref", "const", "enum", "anyOf", "oneOf", "allOf"];

const BESIDE = new Set(["type", "$defs", "definitions"]);

/** Words by what they hold. */
const LISTS = new Set(["anyOf", "oneOf", "allOf", "prefixItems"]);
const MAPS = new Set(["properties", "$defs", "definitions"]);
const INNER = new Set(["items", "additionalProperties"]);
const COUNTS = new Set(["minLength", "maxLength", "minItems", "maxItems"]);
const PLAIN = new Set([
  ...["$ref", "const", "enum", "format", "pattern", "required", "type"],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
]);

/** Forms of strings that the library knows and writes without escapes. */
const FORMATS = new Set([
  ...["date", "date-time", "duration", "hostname", "ipv4", "ipv6", "time"],
  ...["uri", "uuid"],
]);

const EMAIL =
  "^[A-Za-z0-9_+-]+(\\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9]+(\\.[A-Za-z0-9]+)*\\.[A-Za-z]{2,}$";

/**
 * The same schema in words that are kept to.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` naming what cannot be.
 */
export function plainSchema(
  schema: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return plain(schema, 0);
}

function plain(schema: unknown, depth: number): Record<string, unknown> {
  if (depth > DEEPEST) {
    throw refusedGrammar(`its schema is deeper than ${DEEPEST}`);
  }
  if (!isRecord(schema)) throw refusedGrammar("a schema is not an object");
  const kept: Record<string, unknown> = {};
  for (const [word, value] of Object.entries(schema)) {
    if (NOTES.has(word)) continue;
    kept[word] = plainWord(word, value, depth + 1);
  }
  expectAlone(kept);
  expectNamed(kept);
  return bounded(formed(kept));
}

function plainWord(word: string, value: unknown, depth: number): unknown {
  if (LISTS.has(word) && Array.isArray(value)) {
    if (word === "allOf" && value.length > 1) throw unkept("allOf of several");
    return value.map((inner) => plain(inner, depth));
  }
  if (MAPS.has(word) && isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        if (/["\\\p{Cc}]/u.test(name)) {
          throw unkept(`a property ${JSON.stringify(name)}`);
        }
        return [name, plain(inner, depth)];
      }),
    );
  }
  if (INNER.has(word)) {
    return typeof value === "boolean" ? value : plain(value, depth);
  }
  if (COUNTS.has(word)) {
    if (typeof value === "number" && value <= MOST_REPEATED) return value;
    throw refusedGrammar(`${word} ${value} is more than ${MOST_REPEATED}`);
  }
  if (!PLAIN.has(word)) throw unkept(word);
  return value;
}

function expectAlone(schema: Schema): void {
  const found = DECIDING.filter((word) => word in schema);
  if (found.length === 0) return;
  const other = Object.keys(schema).find((word) =>
    word !== found[0] && !BESIDE.has(word)
  );
  if (other !== undefined) throw unkept(`${other} beside ${found[0]}`);
}

/** A property that is required must be described. */
function expectNamed({ required, properties = {} }: Schema): void {
  if (!Array.isArray(required) || !isRecord(properties)) return;
  const name = required.find((name) => !Object.hasOwn(properties, name));
  if (name !== undefined) throw unkept(`a required ${name} without its schema`);
}

function formed(schema: Record<string, unknown>): Record<string, unknown> {
  const { format, pattern, ...rest } = schema;
  const form = format === "email" ? EMAIL : pattern;
  if (typeof form === "string") {
    if ("minLength" in rest || "maxLength" in rest) {
      throw unkept("a length beside a pattern");
    }
    screenStringPattern(form);
    return { ...rest, pattern: plainExpression(form) };
  }
  if (format === undefined) return schema;
  if (FORMATS.has(String(format))) return schema;
  throw unkept(`the format ${format}`);
}

/** Gives an integer that is bounded on one side its other bound. */
function bounded(schema: Record<string, unknown>): Record<string, unknown> {
  const { exclusiveMinimum, exclusiveMaximum, ...rest } = schema;
  const numbers = [exclusiveMinimum, exclusiveMaximum, rest.minimum]
    .concat(rest.maximum).filter((bound) => bound !== undefined);
  if (numbers.length === 0) return schema;
  if (schema.type !== "integer" || !numbers.every(Number.isSafeInteger)) {
    throw unkept("a bound of numbers that are not integers");
  }
  const least = [Number(rest.minimum ?? -Infinity)]
    .concat(Number(exclusiveMinimum ?? -Infinity) + 1);
  const most = [Number(rest.maximum ?? Infinity)]
    .concat(Number(exclusiveMaximum ?? Infinity) - 1);
  return {
    ...rest,
    minimum: Math.max(...least, Number.MIN_SAFE_INTEGER),
    maximum: Math.min(...most, Number.MAX_SAFE_INTEGER),
  };
}

function unkept(what: string): Error {
  return refusedGrammar(
    `its JSON schema has ${what}, which answers cannot be kept to`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
