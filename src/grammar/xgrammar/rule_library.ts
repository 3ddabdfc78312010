/**
 * Rules as XGrammar keeps them: compiled against a vocabulary, and one matcher for
 * each answer under way. Equal rules are compiled once, for as long as an answer
 * uses them.
 *
 * @module
 */

import type {
  CompiledGrammar,
  GrammarCompiler,
  GrammarMatcher,
} from "@mlc-ai/web-xgrammar";
import {
  allowSteps,
  loadXgrammar,
  stepsLeft,
  type Xgrammar,
} from "./load_xgrammar.ts";
import type { GrammarReply, GrammarStart } from "../thread/thread_messages.ts";

/** Compiled rules and how many answers use them. */
interface Shared {
  readonly compiled: CompiledGrammar;
  uses: number;
}

/** A rule that no grammar of a request has. */
const SPACED = "a_space_and_the_answer";

/** Follows answers through rules. */
export class RuleLibrary {
  readonly #grammarRules: Xgrammar;
  readonly #compiler: GrammarCompiler;
  readonly #shared = new Map<string, Shared>();

  private constructor(library: Xgrammar, compiler: GrammarCompiler) {
    this.#grammarRules = library;
    this.#compiler = compiler;
  }

  /** Takes the vocabulary in. */
  static async create(
    { bytes, ends, end, V, pages }: GrammarStart,
  ): Promise<RuleLibrary> {
    const allowed = stepsLeft();
    const library = await loadXgrammar(pages);
    const letters = byteLetters();
    const tokens = Array.from(ends, (until, token) => {
      const own = bytes.subarray(token === 0 ? 0 : ends[token - 1], until);
      return Array.from(own, (byte) => letters[byte]).join("");
    });
    const info = await library.TokenizerInfo.createTokenizerInfo(
      tokens,
      "byte_level",
      false,
      V,
      [end],
    );
    const { GrammarCompiler } = library;
    const compiler = await GrammarCompiler.createGrammarCompiler(info, false);
    // The vocabulary takes what it takes; the grammar has its own bound.
    allowSteps(allowed);
    return new RuleLibrary(library, compiler);
  }

  /** Begins an answer. */
  async open(rules: string, space: boolean): Promise<RuleMatcher> {
    const key = JSON.stringify([rules, space]);
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      shared = { compiled: await this.#compile(rules, space), uses: 0 };
      this.#shared.set(key, shared);
    }
    shared.uses++;
    const used = shared;
    const matcher = await this.#grammarRules.GrammarMatcher
      .createGrammarMatcher(
        used.compiled,
      );
    return new RuleMatcher(matcher, () => {
      if (--used.uses > 0) return;
      this.#shared.delete(key);
      used.compiled.dispose();
    });
  }

  /** Reads the rules before compiling: a mistake in them does less harm so. */
  async #compile(text: string, space: boolean): Promise<CompiledGrammar> {
    const { Grammar } = this.#grammarRules;
    let rules = await Grammar.fromEBNF(text, "root");
    if (space) {
      const spaced = `${SPACED} ::= " " root\n${printed(rules.toString())}`;
      rules.dispose();
      rules = await Grammar.fromEBNF(spaced, SPACED);
    }
    const compiled = await this.#compiler.compileGrammar(rules);
    rules.dispose();
    return compiled;
  }
}

/** An answer under way in its rules. */
export class RuleMatcher {
  readonly #ruleMatcher: GrammarMatcher;
  readonly #matchDone: () => void;

  /** Begins at the start of a value. */
  constructor(matcher: GrammarMatcher, done: () => void) {
    this.#ruleMatcher = matcher;
    this.#matchDone = done;
  }

  /** Takes tokens, and finds the next mask. */
  async advance(tokens: readonly number[]): Promise<GrammarReply> {
    const misfit = tokens.find((token) =>
      !this.#ruleMatcher.acceptToken(token)
    );
    if (misfit !== undefined) return { misfit };
    return {
      mask: new Uint32Array(await this.#ruleMatcher.getNextTokenBitmask()),
    };
  }

  /** Forgets the answer. */
  dispose(): void {
    this.#ruleMatcher.dispose();
    this.#matchDone();
  }
}

/**
 * Rules as text that reads back as the same rules. The library prints `\xdf` for a
 * letter below U+0100, and then reads any hexadecimal digit that follows as more of
 * it: `ße` would become U+0DFE.
 */
function printed(rules: string): string {
  return rules.replaceAll(
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
