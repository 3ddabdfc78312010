/**
 * A JSON schema as a document: its draft, and what its references name.
 *
 * Sources: JSON Schema draft 4, section 7.2; draft 6 and 7, section 8; 2019-09 and
 * 2020-12, sections 8 and 9.
 *
 * @module
 */

import { refusedGrammar } from "../screen/grammar_bounds.ts";

/** A part of a document that is a schema. */
export interface SchemaNode {
  /** Differs between all nodes of a document. */
  readonly id: number;
  /** The schema itself. */
  readonly value: boolean | Readonly<Record<string, unknown>>;
  /** Where it stands: a JSON pointer. */
  readonly pointer: string;
  /** What its references are relative to. */
  readonly base: string;
}

/** How deep a schema may be. */
const DEEPEST_SCHEMA = 256;

/** The address of a document that names none. */
const HERE = "schema://request/";

/** Words whose values are no schemas. */
const PLAIN_KEYWORDS = new Set([
  "const",
  "default",
  "enum",
  "example",
  "examples",
]);

/** Words whose values are schemas by a name of their own. */
const NAMED = new Set([
  "$defs",
  "definitions",
  "dependencies",
  "dependentSchemas",
  "patternProperties",
  "properties",
]);

/** Words whose values are schemas, or lists of them. */
const SCHEMAS = new Set([
  "additionalItems",
  "additionalProperties",
  "allOf",
  "anyOf",
  "contains",
  "contentSchema",
  "else",
  "if",
  "items",
  "not",
  "oneOf",
  "prefixItems",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
]);

interface SchemaPlace {
  readonly pointer: string;
  readonly base: string;
}

/** One document. */
export class SchemaDocument {
  /** 4, 6, 7, 2019 or 2020. */
  readonly draft: number;
  /** The whole of it. */
  readonly root: SchemaNode;
  readonly #schemaPlaces = new Map<object, SchemaPlace>();
  readonly #resources = new Map<string, unknown>();
  readonly #anchors = new Map<string, unknown>();
  /** Looks where no schemas should be: a name there is nobody's but for want of one. */
  readonly #checkedLater: (() => void)[] = [];
  readonly #schemaNodes = new Map<unknown, SchemaNode>();
  #schemaCount = 0;

  /**
   * Looks for what has a name.
   *
   * @throws {RequestError} `ERR_REQUEST_INVALID` for drafts that are not known, and
   * what is too deep.
   */
  constructor(schema: Readonly<Record<string, unknown>>) {
    this.draft = draftOf(schema.$schema);
    this.#resources.set(HERE, schema);
    this.#scanSchema(schema, "", HERE, 0, false);
    for (const scan of this.#checkedLater) scan();
    this.root = this.node(schema, "", HERE);
  }

  /** A schema within the document. */
  node(value: unknown, pointer: string, base: string): SchemaNode {
    if (typeof value !== "boolean" && !isRecord(value)) {
      throw unfit(pointer, "no schema");
    }
    const known = typeof value === "object"
      ? this.#schemaNodes.get(value)
      : undefined;
    if (known !== undefined) return known;
    const place = typeof value === "object"
      ? this.#schemaPlaces.get(value)
      : undefined;
    const node = {
      id: this.#schemaCount++,
      value,
      ...(place ?? { pointer, base }),
    };
    if (typeof value === "object") this.#schemaNodes.set(value, node);
    return node;
  }

  /** The schema of a word of another one. */
  inner(
    node: SchemaNode,
    value: unknown,
    ...path: (string | number)[]
  ): SchemaNode {
    const pointer = path.reduce<string>(
      (so_far, part) => `${so_far}/${escapedPointer(String(part))}`,
      node.pointer,
    );
    return this.node(value, pointer, node.base);
  }

  /**
   * What a reference names.
   *
   * @throws {RequestError} `ERR_REQUEST_INVALID` if nothing here has that name.
   */
  resolve(node: SchemaNode, reference: unknown): SchemaNode {
    if (typeof reference !== "string") {
      throw unfit(node.pointer, "a $ref of no text");
    }
    const missing = () =>
      refusedGrammar(
        `its JSON schema refers to ${
          JSON.stringify(reference.slice(0, 200))
        } ` +
          `at ${shownPointer(node.pointer)}, which is not in it`,
      );
    const [address, fragment = ""] = absolute(reference, node.base).split("#");
    const resource = this.#resources.get(address);
    if (resource === undefined) throw missing();
    let name = fragment;
    try {
      name = decodeURIComponent(fragment);
    } catch {
      // A name with a stray percent sign stands for itself.
    }
    if (name !== "" && !name.startsWith("/")) {
      const anchored = this.#anchors.get(`${address}#${name}`);
      if (anchored === undefined) throw missing();
      return this.node(anchored, `#${name}`, address);
    }
    let found: unknown = resource;
    for (const part of name.split("/").slice(1)) {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      if (typeof found !== "object" || found === null) throw missing();
      if (!Object.hasOwn(found, key)) throw missing();
      found = (found as Record<string, unknown>)[key];
    }
    return this.node(found, name, address);
  }

  #scanSchema(
    value: unknown,
    pointer: string,
    base: string,
    depth: number,
    names: boolean,
  ): void {
    if (typeof value !== "object" || value === null) return;
    if (depth > DEEPEST_SCHEMA) {
      throw refusedGrammar(`its JSON schema is deeper than ${DEEPEST_SCHEMA}`);
    }
    if (Array.isArray(value)) {
      value.forEach((inner, i) =>
        this.#scanSchema(inner, `${pointer}/${i}`, base, depth + 1, false)
      );
      return;
    }
    const record = value as Readonly<Record<string, unknown>>;
    const here = names ? base : this.#namedSchemas(record, base);
    this.#schemaPlaces.set(record, { pointer, base: here });
    for (const [word, inner] of Object.entries(record)) {
      if (!names && PLAIN_KEYWORDS.has(word)) continue;
      const next = `${pointer}/${escapedPointer(word)}`;
      const named = !names && NAMED.has(word);
      const scan = () => this.#scanSchema(inner, next, here, depth + 1, named);
      if (names || named || SCHEMAS.has(word)) scan();
      else this.#checkedLater.push(scan);
    }
  }

  /** Notes the names that a schema gives itself. */
  #namedSchemas(
    schema: Readonly<Record<string, unknown>>,
    base: string,
  ): string {
    const own = this.draft === 4 ? schema.id ?? schema.$id : schema.$id;
    let here = base;
    const aside = this.draft <= 7 && typeof schema.$ref === "string";
    if (typeof own === "string" && !aside) {
      const named = absolute(own, base);
      const [address, fragment = ""] = named.split("#");
      if (fragment !== "") setFirst(this.#anchors, named, schema);
      if (fragment === "" || !own.startsWith("#")) {
        here = address;
        setFirst(this.#resources, address, schema);
      }
    }
    for (const word of ["$anchor", "$dynamicAnchor"]) {
      const anchor = schema[word];
      if (typeof anchor === "string") {
        setFirst(this.#anchors, `${here}#${anchor}`, schema);
      }
    }
    return here;
  }
}

function setFirst<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (!map.has(key)) map.set(key, value);
}

function absolute(reference: string, base: string): string {
  if (reference.startsWith("#")) return base.split("#")[0] + reference;
  try {
    return new URL(reference, base).href;
  } catch {
    return reference;
  }
}

function draftOf(named: unknown): number {
  if (typeof named !== "string") return 2020;
  const found = /draft[-/](?:v?0?(\d)\b|(\d{4})-\d\d)/.exec(named);
  if (found === null) return 2020;
  const draft = Number(found[1] ?? found[2]);
  if (draft === 5) return 4;
  if ([4, 6, 7, 2019, 2020].includes(draft)) return draft;
  throw refusedGrammar(
    `its JSON schema is of draft ${draft}; 4 to 2020-12 are known`,
  );
}

/** Says where a schema is not what it should be. */
export function unfit(pointer: string, what: string): Error {
  return refusedGrammar(
    `its JSON schema cannot be read: ${what} at ${shownPointer(pointer)}`,
  );
}

/** A pointer for people: the root has a name. */
export function shownPointer(pointer: string): string {
  return pointer === "" ? "its root" : pointer.slice(0, 300);
}

function escapedPointer(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Whether a value is a JSON object. */
export function isRecord(
  value: unknown,
): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
