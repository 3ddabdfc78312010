/**
 * Thinking, as the G1 models were trained to: between `<think>` and `</think>` at
 * the start of an answer. The prompt gives the tag without its `>`, which is the
 * model's to write; a tag that closes at once asks for an answer without thought.
 * How long to think is a hint at the end of the user's message.
 *
 * A thought that was written stays in the state, as everything does that the model
 * has read or written: the next turn goes on after it.
 *
 * Source: the model cards of BlinkDL's rwkv7-g1, section "prompt format".
 *
 * @module
 */

import { type Message, THINK_END } from "../template/world_form.ts";

/** How much to think: not at all, in form only, or a little to a lot. */
export type Effort = "none" | "minimal" | "low" | "medium" | "high";

/** What ends the user's message. */
const HINTS = {
  none: "",
  minimal: "",
  low: " (think a bit)",
  medium: " (think)",
  high: " (think a lot)",
} satisfies Record<Effort, string>;

/**
 * Whether a model can be asked to think. A chat template of its own tells: one that
 * knows of thinking names it. Where there is none, or it is the World's, which says
 * nothing of it, G0 and G1 models are known by their names.
 */
export function thinks(
  { id, template }: {
    readonly id: string;
    readonly template?: { readonly thinks?: boolean } | undefined;
  },
): boolean {
  return template?.thinks ?? /(^|[-_./])g[01][a-z]?([-_.]|$)/i.test(id);
}

/** How an answer begins, as its prompt left it. */
export type ThoughtStart =
  /** With the answer. */
  | "none"
  /** Inside a thought that the prompt opened, perhaps with the tag unfinished. */
  | "opened"
  /** After a thought that the prompt ended, perhaps with the tag unfinished. */
  | "closed"
  /** With a thought or without one: the model opens it. */
  | "maybe";

/**
 * How much a model is asked to think: as a request's effort says, or its template
 * variables, which say whether to.
 *
 * @param model Its name, and the template of its chats.
 */
export function effortOf(
  model: Parameters<typeof thinks>[0],
  effort: Effort | undefined,
  variables: Readonly<Record<string, unknown>> | undefined,
): Effort {
  if (!thinks(model)) return "none";
  switch (variables?.enable_thinking) {
    case false:
      return "none";
    case true:
      return effort === undefined || effort === "none" ? "medium" : effort;
    default:
      return effort ?? "none";
  }
}

/** Whether an answer begins with a thought of more than form. */
export function thoughtful(effort: Effort): boolean {
  return effort !== "none" && effort !== "minimal";
}

/** The messages, the last of them with the hint. */
export function hinted(
  messages: readonly Message[],
  effort: Effort,
): readonly Message[] {
  const last = messages.at(-1);
  if (last?.role !== "user" || HINTS[effort] === "") return messages;
  return [
    ...messages.slice(0, -1),
    { ...last, content: last.content.trimEnd() + HINTS[effort] },
  ];
}

/** The tag that opens a thought, but for its `>`. */
const THINK_START = "<think";

/** A piece of an answer, told apart. */
export interface ThoughtPiece {
  /** The next of the thought. */
  readonly reasoning: string;
  /** The next of the answer proper. */
  readonly text: string;
}

/**
 * Tells thought from answer in a text that comes in pieces. Tags and the white
 * space around them belong to neither.
 */
export class ThoughtSplitter {
  /** What stands before the next that is given out: a `>`, white space, or text. */
  #tagAt: "perhaps" | "opening" | "thought" | "closing" | "answer";
  #heldText = "";

  /**
   * Begins an answer.
   *
   * @param start As the prompt left it.
   */
  constructor(start: ThoughtStart) {
    this.#tagAt = ({
      none: "answer",
      opened: "opening",
      closed: "closing",
      maybe: "perhaps",
    } as const)[start];
  }

  /** Whether the thought has not ended yet. */
  get thinking(): boolean {
    return this.#tagAt === "opening" || this.#tagAt === "thought";
  }

  /** Takes the next piece. */
  push(piece: string): ThoughtPiece {
    this.#heldText += piece;
    let reasoning = "";
    if (this.#tagAt === "perhaps") {
      const begun = this.#heldText.trimStart();
      if (begun.startsWith(THINK_START)) {
        this.#heldText = begun.slice(THINK_START.length);
        this.#tagAt = "opening";
      } else if (!THINK_START.startsWith(begun)) this.#tagAt = "answer";
    }
    if (this.#tagAt === "opening") this.#skipBlanks(/^>?\s*/, "thought");
    if (this.#tagAt === "thought") {
      const end = this.#heldText.indexOf(THINK_END);
      const upTo = end >= 0 ? end : safeLength(this.#heldText);
      reasoning = this.#heldText.slice(0, upTo);
      this.#heldText = this.#heldText.slice(upTo);
      if (end >= 0) {
        reasoning = reasoning.trimEnd();
        this.#heldText = this.#heldText.slice(THINK_END.length - 1);
        this.#tagAt = "closing";
      }
    }
    if (this.#tagAt === "closing") this.#skipBlanks(/^>?\s*/, "answer");
    if (this.#tagAt !== "answer") return { reasoning, text: "" };
    const text = this.#heldText;
    this.#heldText = "";
    return { reasoning, text };
  }

  /** What was held back when the text is over. */
  finish(): ThoughtPiece {
    const rest = this.#heldText;
    this.#heldText = "";
    switch (this.#tagAt) {
      case "thought":
        return { reasoning: rest.trimEnd(), text: "" };
      case "perhaps":
        return { reasoning: "", text: rest };
      default:
        return { reasoning: "", text: "" };
    }
  }

  #skipBlanks(pattern: RegExp, next: "thought" | "answer"): void {
    this.#heldText = this.#heldText.replace(pattern, "");
    if (this.#heldText !== "") this.#tagAt = next;
  }
}

/** How much of a thought cannot be part of its end or the space before it. */
function safeLength(text: string): number {
  for (
    let length = Math.min(text.length, THINK_END.length);
    length > 0;
    length--
  ) {
    if (THINK_END.startsWith(text.slice(-length))) {
      return text.slice(0, -length).trimEnd().length;
    }
  }
  return text.trimEnd().length;
}
