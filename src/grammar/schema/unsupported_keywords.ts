/**
 * Words of schemas that answers cannot be kept to.
 *
 * @module
 */

import type { RequestError } from "../../errors.ts";
import { refusedGrammar } from "../screen/grammar_bounds.ts";
import { type SchemaNode, shownPointer } from "./schema_document.ts";

/** The error of a schema that has what answers cannot be kept to. */
export function unsupportedKeyword(
  { pointer }: SchemaNode,
  found: string,
  strict: boolean,
): RequestError {
  return refusedGrammar(
    `its JSON schema has ${found} at ${shownPointer(pointer)}, ` +
      `which answers cannot be kept to${strict ? " strictly" : ""}`,
  );
}

/**
 * Refuses words that answers cannot be kept to; where they are to be kept to token by
 * token, words that only whole values show.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` with the word and its place.
 */
export function expectWords(
  node: SchemaNode,
  schema: Readonly<Record<string, unknown>>,
  strict: boolean,
): void {
  const refuse = (word: string) => {
    throw unsupportedKeyword(node, word, strict);
  };
  for (const word of ["$dynamicRef", "extends", "disallow", "divisibleBy"]) {
    if (word in schema) refuse(word);
  }
  if (schema.$recursiveAnchor === true) refuse("$recursiveAnchor");
  if ("unevaluatedItems" in schema) refuse("unevaluatedItems");
  const { unevaluatedProperties: rest = true } = schema;
  if (rest !== true) refuse("unevaluatedProperties");
  if (!strict) return;
  for (const word of ["not", "if", "contains"]) {
    if (word in schema) refuse(word);
  }
  if (schema.uniqueItems === true) refuse("uniqueItems");
  if (schema.format === "regex") refuse("format regex");
}
