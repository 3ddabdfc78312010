/**
 * Grammars as XGrammar keeps them: compiled against a vocabulary, and one matcher
 * for each answer under way. Equal grammars are compiled once, for as long as an
 * answer uses them: nothing of a request stays.
 *
 * @module
 */

import type {
  CompiledGrammar,
  Grammar as Rules,
  GrammarCompiler,
  GrammarMatcher,
} from "@mlc-ai/web-xgrammar";
import { JsonBytes } from "./json_bytes.ts";
import { loadXgrammar, type Xgrammar } from "./load.ts";
import type { Grammar } from "./grammar.ts";
import type { GrammarReply, GrammarStart, Question } from "./messages.ts";

/** A compiled grammar and how many answers use it. */
interface Shared {
  readonly key: string;
  readonly compiled: CompiledGrammar;
  /** Whether the answer is JSON in one line. */
  readonly json: boolean;
  uses: number;
}

/** An answer under way. */
interface Entry {
  readonly matcher: GrammarMatcher;
  readonly shared: Shared;
}

/** A rule that no grammar of a request has. */
const SPACED = "a_space_and_the_answer";

/** Follows answers through their grammars. */
export class Matchers {
  readonly #library: Xgrammar;
  readonly #compiler: GrammarCompiler;
  readonly #bytes: JsonBytes;
  readonly #shared = new Map<string, Shared>();
  readonly #entries = new Map<number, Entry>();

  private constructor(
    library: Xgrammar,
    compiler: GrammarCompiler,
    bytes: JsonBytes,
  ) {
    this.#library = library;
    this.#compiler = compiler;
    this.#bytes = bytes;
  }

  /** Takes the vocabulary in. */
  static async create(
    { bytes, ends, end, V, pages }: GrammarStart,
  ): Promise<Matchers> {
    const library = await loadXgrammar(pages);
    const letters = byteLetters();
    const known = new JsonBytes(bytes, ends);
    const tokens = Array.from(
      ends,
      (_, token) =>
        Array.from(known.of(token), (byte) => letters[byte]).join(""),
    );
    const info = await library.TokenizerInfo.createTokenizerInfo(
      tokens,
      "byte_level",
      false,
      V,
      [end],
    );
    const { GrammarCompiler } = library;
    return new Matchers(
      library,
      await GrammarCompiler.createGrammarCompiler(info, false),
      known,
    );
  }

  /** Answers one question; the next may be asked when it has. */
  async answer(question: Question): Promise<GrammarReply> {
    switch (question.name) {
      case "open":
        return await this.#open(question);
      case "accept": {
        const entry = this.#entries.get(question.id);
        if (entry === undefined) return { failure: "there is no such answer" };
        return await this.#advance(entry, [question.token]);
      }
      case "close":
        this.#close(question.id);
        return { mask: new Uint32Array() };
    }
  }

  async #open(
    { id, grammar, space, tokens }: Extract<Question, { name: "open" }>,
  ): Promise<GrammarReply> {
    const key = JSON.stringify([grammar, space]);
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      const compiled = await this.#compile(grammar, space);
      const json = grammar.type.startsWith("json");
      shared = { key, compiled, json, uses: 0 };
      this.#shared.set(key, shared);
    }
    shared.uses++;
    const matcher = await this.#library.GrammarMatcher.createGrammarMatcher(
      shared.compiled,
    );
    const entry = { matcher, shared };
    this.#entries.set(id, entry);
    const reply = await this.#advance(entry, tokens);
    if (!("mask" in reply)) this.#close(id);
    return reply;
  }

  /** Reads the rules before compiling: a mistake in them does less harm so. */
  async #compile(grammar: Grammar, space: boolean): Promise<CompiledGrammar> {
    let rules = await this.#rules(grammar);
    if (space) {
      const text = `${SPACED} ::= " " root\n${printed(rules)}`;
      rules.dispose();
      rules = await this.#library.Grammar.fromEBNF(text, SPACED);
    }
    const compiled = await this.#compiler.compileGrammar(rules);
    rules.dispose();
    return compiled;
  }

  async #rules(grammar: Grammar): Promise<Rules> {
    const { Grammar: Library } = this.#library;
    switch (grammar.type) {
      case "json":
        return await oneLine(Library, { type: "object" }, false);
      case "json_schema":
        return await oneLine(Library, grammar.schema, grammar.strict);
      case "regex":
        return await Library.fromStructuralTag({
          type: "structural_tag",
          format: { type: "regex", pattern: grammar.pattern },
        });
      case "ebnf":
        return await Library.fromEBNF(grammar.rules, "root");
    }
  }

  async #advance(
    { matcher, shared }: Entry,
    tokens: readonly number[],
  ): Promise<GrammarReply> {
    const misfit = tokens.find((token) => !matcher.acceptToken(token));
    if (misfit !== undefined) return { misfit };
    const mask = new Uint32Array(await matcher.getNextTokenBitmask());
    if (shared.json) this.#bytes.narrow(mask, tokens.at(-1));
    return { mask };
  }

  #close(id: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const { matcher, shared } = entry;
    this.#entries.delete(id);
    matcher.dispose();
    if (--shared.uses > 0) return;
    this.#shared.delete(shared.key);
    shared.compiled.dispose();
  }
}

/** JSON as most programs write it in one line, so that no turn of a chat ends in it. */
function oneLine(
  library: Xgrammar["Grammar"],
  schema: object,
  strict: boolean,
): Promise<Rules> {
  const text = JSON.stringify(schema);
  return library.fromJSONSchema(text, false, -1, [", ", ": "], strict);
}

/**
 * Rules as text that reads back as the same rules. The library prints `\xdf` for a
 * letter below U+0100, and then reads any hexadecimal digit that follows as more of
 * it: `ße` would become U+0DFE.
 */
function printed(rules: Rules): string {
  return rules.toString().replaceAll(
    /\\(?:x([\da-f]{2})|.)/gs,
    (escape, code?: string) => code === undefined ? escape : `\\u00${code}`,
  );
}

/**
 * A letter for each byte, as byte-level vocabularies are written: visible Latin-1
 * letters stand for themselves, the others for what comes from U+0100 on. Source:
 * GPT-2's vocabulary.
 */
function byteLetters(): string[] {
  let next = 0x100;
  return Array.from({ length: 0x100 }, (_, byte) => {
    const visible = (byte > 0x20 && byte < 0x7f) ||
      (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(visible ? byte : next++);
  });
}
