/**
 * What a schema asks of strings: lengths, formats, and patterns, each read once.
 *
 * @module
 */

import { automatonOf, type TextState } from "../regex/automaton.ts";
import { expressionOf, findsIn, readExpression } from "../regex/expression.ts";
import { apartAhead } from "../regex/look_ahead.ts";
import { refusedGrammar } from "../screen/grammar_bounds.ts";
import { type Condition, stringOf } from "./condition.ts";
import { all, type Formula, not, TRUE } from "./condition_formula.ts";
import { countOf, isExpression } from "./scalar_conditions.ts";
import { type SchemaNode, shownPointer, unfit } from "./schema_document.ts";
import { formatOf, longestOf } from "./string_formats.ts";

/** A pattern: one of the two. */
export interface Pattern {
  /** Follows it letter by letter. */
  readonly automaton: TextState | undefined;
  /** Tries it on whole texts, in any time it takes. */
  readonly check: RegExp | undefined;
}

/** Reads what schemas ask of strings. */
export class StringConditions {
  readonly #strict: boolean;
  readonly #knownExpressions = new Map<string, Pattern>();
  readonly #ahead = new Map<string, Formula<Condition>>();

  /** Refuses, if `strict`, what is known of whole texts alone. */
  constructor(strict: boolean) {
    this.#strict = strict;
  }

  /** Whether some pattern is tried on whole texts. */
  get unbounded(): boolean {
    return this.#knownExpressions.values().some(({ check }) =>
      check !== undefined
    );
  }

  /**
   * What a schema asks of strings.
   *
   * @throws {RequestError} `ERR_REQUEST_INVALID` if it cannot be kept to.
   */
  strings(
    node: SchemaNode,
    schema: Readonly<Record<string, unknown>>,
  ): Formula<Condition> {
    const { minLength, maxLength, pattern, format } = schema;
    const least = countOf(node, "minLength", minLength, 0);
    const most = Math.min(
      countOf(node, "maxLength", maxLength, Infinity),
      longestOf(String(format)),
    );
    const automata: (TextState | undefined)[] = [];
    const checks: ((text: string) => boolean)[] = [];
    const ahead = typeof pattern === "string" && !this.#strict
      ? this.#lookingAhead(pattern)
      : undefined;
    if (pattern !== undefined && ahead === undefined) {
      const { automaton, check } = this.of(node, pattern);
      if (check === undefined) automata.push(automaton);
      else checks.push((text) => check.test(text));
    }
    if (typeof format === "string") {
      const form = formatOf(format);
      if (form !== undefined) automata.push(form);
      else if (format === "regex") checks.push(isExpression);
    }
    if (
      least === 0 && most === Infinity && automata.length + checks.length === 0
    ) {
      return ahead ?? TRUE;
    }
    return all([
      stringOf({ least, most, automata, checks }),
      ...(ahead === undefined ? [] : [ahead]),
    ]);
  }

  /** A pattern that looks ahead from its start; nothing for others. */
  #lookingAhead(pattern: string): Formula<Condition> | undefined {
    const known = this.#ahead.get(pattern);
    if (known !== undefined) return known;
    const apart = apartAhead(pattern);
    if (apart === undefined) return undefined;
    const { rest, ahead } = apart;
    const texts = [{ pattern: rest, wanted: true }, ...ahead];
    const parts = texts.flatMap(({ pattern, wanted }) => {
      const tree = readExpression(pattern);
      if (tree === undefined) return [];
      const found = stringOf({ automata: [automatonOf(findsIn(tree))] });
      return [wanted ? found : not(found)];
    });
    if (parts.length < texts.length) return undefined;
    const formula = all(parts);
    this.#ahead.set(pattern, formula);
    return formula;
  }

  /**
   * A pattern as an automaton, or as an expression where it is beyond those.
   *
   * @throws {RequestError} `ERR_REQUEST_INVALID` if it cannot be kept to.
   */
  of(node: SchemaNode, pattern: unknown): Pattern {
    if (typeof pattern !== "string") {
      throw unfit(node.pointer, "a pattern of no text");
    }
    const known = this.#knownExpressions.get(pattern);
    if (known !== undefined) return known;
    const check = expressionOf(pattern);
    const tree = readExpression(pattern);
    if (tree === undefined && this.#strict) {
      throw refusedGrammar(
        `its JSON schema has a pattern at ${
          shownPointer(node.pointer)
        } that looks ` +
          "around or refers back, which answers cannot be kept to strictly",
      );
    }
    if (tree === undefined && /\)(?:[*+]|\{\d+,\})/.test(pattern)) {
      throw refusedGrammar(
        `its JSON schema has a pattern at ${
          shownPointer(node.pointer)
        } that looks ` +
          "around or refers back and repeats groups, which may take for ever",
      );
    }
    const found = tree === undefined
      ? { automaton: undefined, check }
      : { automaton: automatonOf(findsIn(tree)), check: undefined };
    this.#knownExpressions.set(pattern, found);
    return found;
  }
}
