/**
 * A JSON schema as formulas: what it asks of a value of each kind. The kind of a
 * value is known from its first character, so `type` never waits for more.
 *
 * Sources: JSON Schema Validation and Core, draft 4 to 2020-12. Words that neither
 * names are notes.
 *
 * @module
 */

import { spendWork } from "../work_bound.ts";
import {
  type Condition,
  innerNodes,
  type Kind,
  kindOf,
  KINDS,
  numberOf,
  stringOf,
} from "./condition.ts";
import {
  all,
  any,
  FALSE,
  type Formula,
  not,
  one,
  TRUE,
} from "./condition_formula.ts";
import { areDisjoint } from "./disjoint_schemas.ts";
import { type DeadEnd, deadEndOf } from "./exact_masks.ts";
import { expectWords, unsupportedKeyword } from "./unsupported_keywords.ts";
import { joined, numbers, ofType } from "./scalar_conditions.ts";
import { SchemaDocument, type SchemaNode, unfit } from "./schema_document.ts";
import { arrays, objects, type SchemaReading } from "./shape_conditions.ts";
import { StringConditions } from "./string_conditions.ts";

/** Reads a schema. */
export class Conditions {
  /** The schema that references are resolved in. */
  readonly document: SchemaDocument;
  readonly #deadEnd: DeadEnd | undefined;
  readonly #knownFormulas = new Map<string, Formula<Condition>>();
  readonly #openSchemas = new Set<string>();
  readonly #schemasBeingRead: SchemaReading;

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
    this.#schemasBeingRead = {
      document: this.document,
      strict,
      strings: new StringConditions(strict),
      of: (node, kind) => this.of(node, kind),
    };
    this.#readSchemas();
    this.#deadEnd = deadEndOf(this, this.document.root);
    if (!strict || this.#deadEnd === undefined) return;
    const { node, why } = this.#deadEnd;
    throw unsupportedKeyword(node, why, true);
  }

  /** Whether some pattern is tried on whole texts, in any time it takes. */
  get unbounded(): boolean {
    return this.#schemasBeingRead.strings.unbounded;
  }

  /** Whether masks may lead to where no token may come. */
  get uncertain(): boolean {
    return this.#deadEnd !== undefined;
  }

  /** What a schema asks of a value of a kind. */
  of(node: SchemaNode, kind: Kind): Formula<Condition> {
    const key = `${node.id} ${kind}`;
    const known = this.#knownFormulas.get(key);
    if (known !== undefined) return known;
    if (this.#openSchemas.has(key)) {
      throw unfit(node.pointer, "a reference that leads back to itself");
    }
    spendWork(20);
    this.#openSchemas.add(key);
    const found = this.#readSchema(node, kind);
    this.#openSchemas.delete(key);
    this.#knownFormulas.set(key, found);
    return found;
  }

  #readSchemas(): void {
    const seen = new Set([this.document.root]);
    for (const node of seen) {
      for (const kind of KINDS) {
        for (const inner of innerNodes(this.of(node, kind))) seen.add(inner);
      }
    }
  }

  #readSchema(node: SchemaNode, kind: Kind): Formula<Condition> {
    const { value: schema } = node;
    if (typeof schema === "boolean") return schema ? TRUE : FALSE;
    const { document, strict, strings } = this.#schemasBeingRead;
    const parts: Formula<Condition>[] = [];
    if ("$ref" in schema) {
      parts.push(this.of(document.resolve(node, schema.$ref), kind));
      if (document.draft <= 7) return parts[0];
    }
    expectWords(node, schema, strict);
    if (strict && !this.#isAnyOf(node, schema)) {
      throw unsupportedKeyword(node, "oneOf of schemas that overlap", true);
    }
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
    if (kind === "string") parts.push(strings.strings(node, schema));
    if (kind === "number") parts.push(numbers(node, schema));
    if (kind === "array") {
      parts.push(arrays(node, schema, this.#schemasBeingRead));
    }
    if (kind === "object") {
      parts.push(objects(node, schema, this.#schemasBeingRead));
    }
    parts.push(...this.#combined(node, schema, kind));
    return joined(all(parts));
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
