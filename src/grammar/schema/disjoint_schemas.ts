/**
 * Whether the schemas of a `oneOf` leave each other alone, as far as their words
 * show it: then each value keeps to one of them at most, and the word asks no more
 * than `anyOf`.
 *
 * @module
 */

import {
  isRecord,
  type SchemaDocument,
  type SchemaNode,
} from "./schema_document.ts";
import { spendWork } from "../work_bound.ts";

/** References followed, and objects looked into. */
const DEEPEST_COMPARISON = 8;

/** Whether no value keeps to two of some schemas. */
export function areDisjoint(
  document: SchemaDocument,
  nodes: readonly SchemaNode[],
): boolean {
  return nodes.every((node, i) =>
    nodes.slice(i + 1).every((other) => apart(document, node, other, 0))
  );
}

function apart(
  document: SchemaDocument,
  first: SchemaNode,
  second: SchemaNode,
  depth: number,
): boolean {
  spendWork(2);
  if (depth > DEEPEST_COMPARISON) return false;
  const [left, right] = [first, second].map((node) =>
    referredSchema(document, node)
  );
  const [a, b] = [left.value, right.value];
  if (typeof a === "boolean" || typeof b === "boolean") {
    return a === false || b === false;
  }
  const [values, others] = [literalsOf(a), literalsOf(b)];
  if (values !== undefined && others !== undefined) {
    const known = new Set(values.map((value) => JSON.stringify(value)));
    return [...values, ...others].every((value) => typeof value !== "object") &&
      !others.some((value) => known.has(JSON.stringify(value)));
  }
  const [kinds, rest] = [kindsOf(a), kindsOf(b)];
  if (kinds === undefined || rest === undefined) return false;
  const shared = [...kinds].filter((kind) => rest.has(kind));
  if (shared.some((kind) => kind !== "object")) return false;
  if (shared.length === 0) return true;
  const properties = (schema: Readonly<Record<string, unknown>>) =>
    isRecord(schema.properties) ? schema.properties : {};
  const [mine, theirs] = [properties(a), properties(b)];
  return namesOf(a.required).some((name) =>
    namesOf(b.required).includes(name) &&
    Object.hasOwn(mine, name) && Object.hasOwn(theirs, name) &&
    apart(
      document,
      document.inner(left, mine[name], "properties", name),
      document.inner(right, theirs[name], "properties", name),
      depth + 1,
    )
  );
}

/** What a schema refers to, where it does nothing else. */
function referredSchema(
  document: SchemaDocument,
  node: SchemaNode,
): SchemaNode {
  let found = node;
  for (let i = 0; i < DEEPEST_COMPARISON; i++) {
    const { value } = found;
    if (typeof value === "boolean" || !("$ref" in value)) break;
    if (document.draft > 7 && "type" in value) break;
    found = document.resolve(found, value.$ref);
  }
  return found;
}

function literalsOf(
  schema: Readonly<Record<string, unknown>>,
): readonly unknown[] | undefined {
  if ("const" in schema) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}

/** Kinds of values that a schema takes; nothing where that is not said. */
function kindsOf(
  schema: Readonly<Record<string, unknown>>,
): ReadonlySet<string> | undefined {
  const literals = literalsOf(schema);
  if (literals !== undefined) return new Set(literals.map(kindOfLiteral));
  if (schema.type === undefined) return undefined;
  const types = [schema.type].flat().map((type) =>
    type === "integer" ? "number" : String(type)
  );
  return new Set(schema.nullable === true ? [...types, "null"] : types);
}

function kindOfLiteral(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function namesOf(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((name) => typeof name === "string")
    : [];
}
