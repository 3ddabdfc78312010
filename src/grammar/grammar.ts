/**
 * Answers of a form that the request names: JSON, JSON of a schema, or the words
 * of a regular expression or an EBNF grammar.
 *
 * Nothing of a grammar is in a save. Where an answer stands in its grammar follows
 * from the text written so far, so a turn that goes on in the midst of one is given
 * that text.
 *
 * @module
 */

/** What an answer may be. JSON is written in one line. */
export type Grammar =
  | {
    /** Any JSON object. */
    readonly type: "json";
    /** Characters of a string that may be of any length; 4096 by default. */
    readonly longest?: number | undefined;
    /** Digits of a number before its point, and behind it; 20 by default. */
    readonly digits?: number | undefined;
    /**
     * Items of an array or properties of an object that may have any; 512 by default.
     */
    readonly items?: number | undefined;
  }
  | {
    /** A JSON value that a schema describes. */
    readonly type: "json_schema";
    /** The schema, draft 4 to 2020-12. */
    readonly schema: Readonly<Record<string, unknown>>;
    /** Whether only properties and items that the schema names may be there. */
    readonly strict: boolean;
    /** Characters of a string whose length the schema leaves open; 4096 by default. */
    readonly longest?: number | undefined;
    /** Digits of a number before its point, and behind it; 20 by default. */
    readonly digits?: number | undefined;
    /**
     * Items of an array or properties of an object that may have any; 512 by default.
     */
    readonly items?: number | undefined;
  }
  | {
    /** A text that a regular expression matches from its start to its end. */
    readonly type: "regex";
    /** In the syntax of JavaScript, without groups that are looked around. */
    readonly pattern: string;
  }
  | {
    /** A text of a context-free grammar. */
    readonly type: "ebnf";
    /** Rules `name ::= …`; the text is one of `root`. */
    readonly rules: string;
  };

/** Where an answer begins. */
export interface AnswerPrefix {
  /** Tokens of the answer that are written already. */
  readonly tokens: readonly number[];
  /** Whether a space stands before the answer, as in a chat. */
  readonly space: boolean;
}

/** Masks that a device finds for itself while it draws. */
export interface MaskLoan {
  /** The memory of a `MaskFeed`, for the side that draws. */
  readonly feed: SharedArrayBuffer;
  /** Whether it has no mask yet: the first draw is in the constraint's own. */
  readonly fresh: boolean;
  /**
   * Takes the tokens that were drawn with it, when no more will be.
   *
   * @returns Those that {@linkcode Constraint.accept} is to take all the same.
   */
  took(drawn: readonly number[]): Promise<readonly number[]>;
}

/** Which token may come next, in one answer. */
export interface Constraint {
  /**
   * Bits `[V]`, 1 for a token that may come next. The end of text is one of them
   * only where the answer is whole. Never changed: there is a new one after each
   * token.
   */
  readonly mask: Uint32Array;
  /**
   * How many of the last tokens may be taken back: none where the masks alone keep
   * an answer to its grammar.
   */
  readonly held: number;
  /**
   * Takes the token that came, and finds the next mask. Where no token may come
   * then, it goes back and bars the way that it came.
   *
   * @returns How many tokens, the newest ones, were taken back; 0 as a rule.
   * @throws {RequestError} `ERR_REQUEST_INVALID` if the grammar allows no token, or
   * is too slow to follow.
   */
  accept(token: number): Promise<number>;
  /**
   * Lends masks for so many draws, to a device that can wait for them; nothing if it
   * has to do with one mask at a time.
   */
  lend?(count: number): MaskLoan | undefined;
  /** Forgets the answer. */
  close(): void;
}

/** Who asks for a grammar. */
export interface GrammarCaller {
  /** Tenants are served by turns; by default the one without a name. */
  readonly tenant?: string;
  /** Aborted when nobody waits any more. */
  readonly signal?: AbortSignal;
}

/** Makes constraints of grammars. */
export interface Grammars {
  /**
   * Finds out whether a grammar can be used, so that it is known before an answer
   * begins. What was found is remembered.
   *
   * @throws {RequestError} `ERR_REQUEST_INVALID` if it cannot.
   * @throws {BusyError} If too many new grammars wait.
   */
  prepare(grammar: Grammar, caller?: GrammarCaller): Promise<void>;
  /**
   * Begins an answer.
   *
   * @throws {RequestError} `ERR_REQUEST_INVALID` if the grammar cannot be used, or
   * what is written already does not fit it.
   */
  open(grammar: Grammar, beginning: AnswerPrefix): Promise<Constraint>;
  /** Frees everything. */
  close(): void;
}
