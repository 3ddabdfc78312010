/**
 * Answers of a form that the client names.
 *
 * @module
 */

/** What an answer may be. */
export type AnswerGrammar =
  & {
    /**
     * What of the answer stands written, where a turn goes on with a value that an
     * earlier one had to cut: the text of the turns before.
     */
    readonly written?: string;
  }
  & (
    | {
      /** Any JSON object, in one line. */
      readonly type: "json";
    }
    | {
      /** What a JSON schema describes, in one line. */
      readonly type: "json_schema";
      /** The schema. */
      readonly schema: Readonly<Record<string, unknown>>;
      /** Only properties and items that the schema names; true by default. */
      readonly strict?: boolean;
    }
    | {
      /** What a regular expression matches from its start to its end. */
      readonly type: "regex";
      /** The expression. */
      readonly pattern: string;
    }
    | {
      /** A text of a context-free grammar. */
      readonly type: "ebnf";
      /** Rules `name ::= …`, one of them `root`. */
      readonly rules: string;
    }
  );
