/**
 * What it takes to write chats in Jinja, wherever the interpreter runs: in a thread
 * of its own (`jinja_thread.ts`) or where it is called (`jinja_render.ts`).
 *
 * @module
 */

/** A template and what to write with it. */
export interface JinjaQuestion {
  /** The template. */
  readonly source: string;
  /** Its variables, once for each text. */
  readonly values: readonly Readonly<Record<string, unknown>>[];
}

/** What became of it. */
export type JinjaReply =
  | { readonly texts: readonly string[] }
  | {
    readonly failure: string;
    /** Whether other values would fail as well, or take as long. */
    readonly hopeless?: boolean;
  };

/** Writes texts with one template. */
export interface TemplateInterpreter {
  /** Writes a text for each of the values; says why if it cannot. */
  write(values: JinjaQuestion["values"]): Promise<JinjaReply>;
  /** Gives back what it holds; it can be asked again. */
  close(): void;
}

/** Opens an interpreter for a template; does no work before the first text. */
export type OpenInterpreter = (source: string) => TemplateInterpreter;

/** Characters that one text may have. */
export const LONGEST_TEXT = 1 << 24;
