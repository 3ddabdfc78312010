/**
 * Refuses grammars that would only be found out to be bad by the thread that they
 * break, or that would be kept to in part only.
 *
 * @module
 */

import { screenExpansion } from "./grammar_expansion.ts";
import type { Grammar } from "../grammar.ts";
import { plainRules } from "../regex/letter_classes.ts";
import { screenLength, screenRepeats } from "./grammar_bounds.ts";

/**
 * The grammar in words that are kept to.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if the grammar cannot be used.
 */
export function screen(grammar: Grammar): Grammar {
  switch (grammar.type) {
    case "json":
      return grammar;
    case "json_schema":
      screenLength(JSON.stringify(grammar.schema));
      return grammar;
    case "regex":
      screenLength(grammar.pattern);
      return grammar;
    case "ebnf": {
      screenLength(grammar.rules);
      screenRepeats(grammar.rules);
      screenExpansion(grammar.rules);
      const rules = plainRules(grammar.rules);
      // Classes of letters may have become long.
      screenLength(rules);
      return { ...grammar, rules };
    }
  }
}
