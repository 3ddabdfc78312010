/**
 * Answers under way, each in its grammar, and the grammars that were read last:
 * equal ones are read once. JSON and regular expressions are followed byte by byte
 * by automata of our own, rules by XGrammar.
 *
 * @module
 */

import type { AnswerLimits, AnswerState } from "../json/answer_state.ts";
import { LIMITS } from "../json/answer_limits.ts";
import { Conditions } from "../schema/schema_conditions.ts";
import type { Grammar } from "../grammar.ts";
import type {
  GrammarReply,
  GrammarStart,
  Question,
} from "./thread_messages.ts";
import { regexStart } from "../regex/regex_states.ts";
import { RuleLibrary, type RuleMatcher } from "../xgrammar/rule_library.ts";
import { SchemaStates } from "../schema/schema_states.ts";
import { TokenTree } from "../token_tree.ts";

/** Grammars to remember, and the length of their texts together. */
const REMEMBERED_GRAMMARS = { grammars: 64, characters: 1 << 22 };

/** A grammar that is read. */
interface ReadGrammar {
  readonly start: AnswerState;
  /** Whether following it may take any time, for all that is known. */
  readonly unbounded: boolean;
  /** Whether masks may lead to where no token may come. */
  readonly uncertain: boolean;
}

/** An answer under way. */
type AnswerUnderWay = { state: AnswerState } | RuleMatcher;

/** Follows answers through their grammars. */
export class Matchers {
  readonly #start: GrammarStart;
  readonly #tree: TokenTree;
  /** The one not asked for longest first. */
  readonly #known = new Map<string, ReadGrammar>();
  #characters = 0;
  readonly #entries = new Map<number, AnswerUnderWay>();
  #library: Promise<RuleLibrary> | undefined;

  /** Takes the vocabulary in. */
  constructor(start: GrammarStart) {
    this.#start = start;
    const { ends, end, V } = start;
    this.#tree = new TokenTree(
      (token) => this.#bytes(token),
      ends.length,
      end,
      V,
    );
  }

  #bytes(token: number): Uint8Array {
    const { bytes, ends } = this.#start;
    return bytes.subarray(token === 0 ? 0 : ends[token - 1], ends[token]);
  }

  /** Answers one question; the next may be asked when it has. */
  async answer(
    question: Exclude<Question, { name: "follow" }>,
  ): Promise<GrammarReply> {
    switch (question.name) {
      case "open":
        return await this.#open(question);
      case "accept": {
        const entry = this.#entries.get(question.id);
        if (entry === undefined) return { failure: "there is no such answer" };
        return await this.#advance(entry, [question.token]);
      }
      case "close": {
        const entry = this.#entries.get(question.id);
        this.#entries.delete(question.id);
        if (entry !== undefined && "dispose" in entry) entry.dispose();
        return { mask: new Uint32Array() };
      }
    }
  }

  async #open(
    { id, grammar, space, tokens }: Extract<Question, { name: "open" }>,
  ): Promise<GrammarReply> {
    if (grammar.type === "ebnf") {
      const library = await (this.#library ??= RuleLibrary.create(this.#start));
      const entry = await library.open(grammar.rules, space);
      this.#entries.set(id, entry);
      return await this.#advance(entry, tokens);
    }
    const { start, unbounded, uncertain } = this.#read(grammar);
    const entry = { state: space ? new Spaced(start) : start };
    this.#entries.set(id, entry);
    const reply = await this.#advance(entry, tokens);
    if (!("mask" in reply)) this.#entries.delete(id);
    return "mask" in reply ? { ...reply, unbounded, uncertain } : reply;
  }

  #read(grammar: Exclude<Grammar, { type: "ebnf" }>): ReadGrammar {
    const key = JSON.stringify(grammar);
    const known = this.#known.get(key) ?? readGrammar(grammar);
    if (this.#known.delete(key)) this.#characters -= key.length;
    this.#known.set(key, known);
    this.#characters += key.length;
    for (const oldest of this.#known.keys()) {
      const { grammars, characters } = REMEMBERED_GRAMMARS;
      if (this.#known.size <= grammars && this.#characters <= characters) break;
      this.#known.delete(oldest);
      this.#characters -= oldest.length;
    }
    return known;
  }

  async #advance(
    entry: AnswerUnderWay,
    tokens: readonly number[],
  ): Promise<GrammarReply> {
    if ("dispose" in entry) return await entry.advance(tokens);
    for (const token of tokens) {
      let state: AnswerState | undefined = entry.state;
      const bytes = this.#bytes(token);
      for (const byte of bytes) state = state?.step(byte);
      const ends = bytes.length === 0 && entry.state.whole &&
        token === this.#start.end;
      if (state === undefined || bytes.length === 0 && !ends) {
        return { misfit: token };
      }
      entry.state = state;
    }
    return { mask: this.#tree.mask(entry.state) };
  }
}

function readGrammar(grammar: Exclude<Grammar, { type: "ebnf" }>): ReadGrammar {
  if (grammar.type === "regex") {
    const start = regexStart(grammar.pattern);
    return { start, unbounded: false, uncertain: false };
  }
  const { schema, strict } = grammar.type === "json"
    ? { schema: { type: "object" }, strict: false }
    : grammar;
  const conditions = new Conditions(schema, strict);
  const limits: AnswerLimits = {
    ...LIMITS,
    ...(grammar.longest !== undefined && { characters: grammar.longest }),
    ...(grammar.digits !== undefined &&
      { whole: grammar.digits, fraction: grammar.digits }),
    ...(grammar.items !== undefined && { items: grammar.items }),
  };
  const { start } = new SchemaStates(conditions, limits);
  const { unbounded, uncertain } = conditions;
  return { start, unbounded, uncertain };
}

/** Before the space in front of an answer. */
class Spaced implements AnswerState {
  readonly whole = false;
  readonly #answer: AnswerState;

  constructor(answer: AnswerState) {
    this.#answer = answer;
  }

  step(byte: number): AnswerState | undefined {
    return byte === 0x20 ? this.#answer : undefined;
  }
}
