/**
 * Edits of a memory, in the native API's words.
 *
 * @module
 */

import type { ChatMessage, SaveCodecName } from "./generation.ts";

/** A question, and the answer that shows that something is known. */
export interface KnownFact {
  /** What is asked. */
  readonly question: string;
  /** What is answered by a model that knows. */
  readonly answer: string;
}

/** An exchange to learn from. */
export interface TaughtExample {
  /** What the user says. */
  readonly user: string;
  /** What the assistant replies. */
  readonly assistant: string;
}

/** Which model an edit is for, and how its result is written. */
export interface EditOptions {
  /** Name of the model; by default the one that made the state, else the first. */
  readonly model?: string;
  /** How the returned state is written; `int8` by default. */
  readonly state_codec?: SaveCodecName;
  /** Sealed, or portable where the server allows it. */
  readonly state_profile?: "sealed" | "portable";
  /** Whether states made of the returned one may outlive it, as by default. */
  readonly renewable?: boolean;
}

/** What to teach. */
export interface TeachInput extends EditOptions {
  /** The state to teach; by default a blank one. */
  readonly state?: string;
  /** The name of a state of the server's to begin with, in place of `state`. */
  readonly initial?: string;
  /** Said to the model, which replies to each. */
  readonly statements?: readonly string[];
  /** Read as they are. */
  readonly examples?: readonly TaughtExample[];
  /** Never read: order and repetitions are chosen by them. */
  readonly held_out?: readonly TaughtExample[];
  /** What must be known afterwards. */
  readonly facts?: readonly KnownFact[];
  /** What must stay as likely as it is. */
  readonly keep?: readonly KnownFact[];
  /** Ways to try at most. */
  readonly candidates?: number;
}

/** What to forget. */
export interface ForgetInput extends EditOptions {
  /** The state. */
  readonly state: string;
  /** All that it was told, from the beginning, if it may be read again. */
  readonly messages?: readonly ChatMessage[];
  /** What is to be forgotten. */
  readonly facts: readonly KnownFact[];
  /** What to say for it; by default words of the server's own. */
  readonly statements?: readonly string[];
  /** What must stay as likely as it is. */
  readonly keep?: readonly KnownFact[];
  /** Ways to try at most. */
  readonly candidates?: number;
}

/** What to merge. */
export interface MergeInput extends EditOptions {
  /** Two to four states. */
  readonly states: readonly {
    /** The state. */
    readonly state: string;
    /** Its weight in a mean; 1 by default. */
    readonly weight?: number;
    /** What it was told, if it may be read again. */
    readonly messages?: readonly ChatMessage[];
  }[];
  /** What must be known afterwards as well as before. */
  readonly facts?: readonly KnownFact[];
}

/** A fact, and what the edit did to it: log probabilities of its answer, nats. */
export interface EditedFact extends KnownFact {
  /** Tokens of the answer. */
  readonly tokens: number;
  /** In a blank state. */
  readonly blank: number;
  /** Before the edit; of several states, in the best of them. */
  readonly before: number;
  /** After it. */
  readonly after: number;
  /** What the model answers now. */
  readonly says?: string;
  /** Whether the fact is as it was meant to be. */
  readonly achieved: boolean;
}

/** A state that was edited, and what was achieved. */
export interface EditAnswer {
  /** Names the answer. */
  readonly object: "edited_state";
  /** Whether every fact is as it was meant to be; null if none was given. */
  readonly achieved: boolean | null;
  /** That, in a sentence. */
  readonly summary: string;
  /** What was done; `nothing` if nothing was better. */
  readonly method: string;
  /** The facts, and the examples held out. */
  readonly facts: readonly EditedFact[];
  /** The facts that had to stay. */
  readonly kept: readonly EditedFact[];
  /** Everything that was tried: mean log probabilities a token. */
  readonly attempts: readonly {
    /** What was done. */
    readonly method: string;
    /** Of the facts. */
    readonly facts: number;
    /** Of the facts that had to stay. */
    readonly kept?: number;
    /** Whether it was chosen. */
    readonly chosen: boolean;
  }[];
  /** What to go on from. */
  readonly state: string;
  /** Its size. */
  readonly state_bytes: number;
  /** How it is written. */
  readonly state_codec: string;
  /** Tokens it has read. */
  readonly position: number;
}

/** A state that was taught. */
export interface TeachAnswer extends EditAnswer {
  /** What the returned state was told by this, in order, with the model's replies. */
  readonly told: readonly TaughtExample[];
  /** Mean log probabilities a token of what was never read. */
  readonly held_out?: {
    /** In a blank state. */
    readonly blank: number;
    /** In the state given. */
    readonly before: number;
    /** After reading everything once, in order. */
    readonly read: number;
    /** In the state returned. */
    readonly taught: number;
  };
}
