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
  readonly #startAnswer: GrammarStart;
  readonly #tokenTree: TokenTree;
  /** The one not asked for longest first. */
  readonly #knownGrammars = new Map<string, ReadGrammar>();
  #grammarCharacters = 0;
  readonly #answers = new Map<number, AnswerUnderWay>();
  #ruleLibrary: Promise<RuleLibrary> | undefined;

  /** Takes the vocabulary in. */
  constructor(start: GrammarStart) {
    this.#startAnswer = start;
    const { ends, end, V } = start;
    this.#tokenTree = new TokenTree(
      (token) => this.#tokenBytes(token),
      ends.length,
      end,
      V,
    );
  }

  #tokenBytes(token: number): Uint8Array {
    const { bytes, ends } = this.#startAnswer;
    return bytes.subarray(token === 0 ? 0 : ends[token - 1], ends[token]);
  }

  /** Answers one question; the next may be asked when it has. */
  async answer(
    question: Exclude<Question, { name: "follow" }>,
  ): Promise<GrammarReply> {
    switch (question.name) {
      case "open":
        return await this.#openAnswer(question);
      case "accept": {
        const entry = this.#answers.get(question.id);
        if (entry === undefined) return { failure: "there is no such answer" };
        return await this.#advanceAnswer(entry, [question.token]);
      }
      case "close": {
        const entry = this.#answers.get(question.id);
        this.#answers.delete(question.id);
        if (entry !== undefined && "dispose" in entry) entry.dispose();
        return { mask: new Uint32Array() };
      }
    }
  }

  async #openAnswer(
    { id, grammar, space, tokens }: Extract<Question, { name: "open" }>,
  ): Promise<GrammarReply> {
    if (grammar.type === "ebnf") {
      const library =
        await (this.#ruleLibrary ??= RuleLibrary.create(this.#startAnswer));
      const entry = await library.open(grammar.rules, space);
      this.#answers.set(id, entry);
      return await this.#advanceAnswer(entry, tokens);
    }
    const { start, unbounded, uncertain } = this.#readGrammar(grammar);
    const entry = { state: space ? new Spaced(start) : start };
    this.#answers.set(id, entry);
    const reply = await this.#advanceAnswer(entry, tokens);
    if (!("mask" in reply)) this.#answers.delete(id);
    return "mask" in reply ? { ...reply, unbounded, uncertain } : reply;
  }

  #readGrammar(grammar: Exclude<Grammar, { type: "ebnf" }>): ReadGrammar {
    const key = JSON.stringify(grammar);
    const known = this.#knownGrammars.get(key) ?? readGrammar(grammar);
    if (this.#knownGrammars.delete(key)) this.#grammarCharacters -= key.length;
    this.#knownGrammars.set(key, known);
    this.#grammarCharacters += key.length;
    for (const oldest of this.#knownGrammars.keys()) {
      const { grammars, characters } = REMEMBERED_GRAMMARS;
      if (
        this.#knownGrammars.size <= grammars &&
        this.#grammarCharacters <= characters
      ) break;
      this.#knownGrammars.delete(oldest);
      this.#grammarCharacters -= oldest.length;
    }
    return known;
  }

  async #advanceAnswer(
    entry: AnswerUnderWay,
    tokens: readonly number[],
  ): Promise<GrammarReply> {
    if ("dispose" in entry) return await entry.advance(tokens);
    for (const token of tokens) {
      let state: AnswerState | undefined = entry.state;
      const bytes = this.#tokenBytes(token);
      for (const byte of bytes) state = state?.step(byte);
      const ends = bytes.length === 0 && entry.state.whole &&
        token === this.#startAnswer.end;
      if (state === undefined || bytes.length === 0 && !ends) {
        return { misfit: token };
      }
      entry.state = state;
    }
    return { mask: this.#tokenTree.mask(entry.state) };
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
  readonly #answerOf: AnswerState;

  constructor(answer: AnswerState) {
    this.#answerOf = answer;
  }

  step(byte: number): AnswerState | undefined {
    return byte === 0x20 ? this.#answerOf : undefined;
  }
}
