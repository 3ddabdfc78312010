/**
 * Refuses grammars that would only be found out to be bad by the thread that they
 * break, or that would be kept to in part only.
 *
 * @module
 */

import { z } from "zod";
import type { RequestError } from "../errors.ts";
import type { Grammar } from "./grammar.ts";
import { screenExpansion } from "./expansion.ts";
import { plainExpression, plainRules } from "./letters.ts";
import { screenPattern } from "./pattern.ts";
import { refusedGrammar, screenLength, screenRepeats } from "./refusal.ts";
import { plainSchema } from "./schema.ts";

/**
 * The grammar in words that the library keeps to.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if the grammar cannot be used.
 */
export function screen(grammar: Grammar): Grammar {
  switch (grammar.type) {
    case "json":
      return grammar;
    case "json_schema":
      return { ...grammar, schema: screenSchema(grammar.schema) };
    case "regex":
      screenLength(grammar.pattern);
      screenExpansion(grammar.pattern, "regex");
      screenPattern(grammar.pattern);
      return {
        ...grammar,
        pattern: shortened(plainExpression(grammar.pattern)),
      };
    case "ebnf":
      screenLength(grammar.rules);
      screenRepeats(grammar.rules);
      screenExpansion(grammar.rules, "ebnf");
      return { ...grammar, rules: shortened(plainRules(grammar.rules)) };
  }
}

/** Classes of letters may have become long. */
function shortened(text: string): string {
  screenLength(text);
  return text;
}

function screenSchema(
  schema: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  screenLength(JSON.stringify(schema));
  const plain = plainSchema(schema);
  try {
    z.fromJSONSchema(schema);
  } catch (cause) {
    throw unreadable(cause);
  }
  return plain;
}

function unreadable(cause: unknown): RequestError {
  const found = cause instanceof Error ? cause.message : String(cause);
  return refusedGrammar(`its JSON schema cannot be read: ${found}`, cause);
}
