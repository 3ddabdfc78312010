/**
 * A dialect in which clients tell the whole of a conversation every time: what they
 * say, how a request goes on from a state instead, and what an answer has.
 *
 * @module
 */

import type { Message } from "../../chat/template/world_form.ts";
import type { SaidCall } from "./history_keys.ts";

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** What a request says: messages, or a text. */
export type SentHistory =
  | {
    readonly kind: "chat";
    /** What has to be the same besides the messages. */
    readonly head: unknown;
    /** Each message of the client's, after those of the system. */
    readonly pieces: readonly (readonly Message[])[];
  }
  | { readonly kind: "text"; readonly text: string };

/** A dialect. */
export interface ClientDialect {
  /** What a request says; nothing where it carries a state of its own. */
  read(body: Json): SentHistory | undefined;
  /**
   * The request that says only what is new.
   *
   * @param known Pieces, or characters, that the state has read.
   * @param space White space that the state has read after those characters.
   * @returns Nothing where the state has read more than the request says.
   */
  resume(
    body: Json,
    known: number,
    state: string,
    space: string,
  ): Json | undefined;
  /** Listens to an answer. */
  listen(): AnswerReader;
}

/** Takes from an answer what is to be kept, and hides the state from the client. */
export class AnswerReader {
  text = "";
  state: string | undefined;
  calls: readonly SaidCall[] = [];
  readonly #hear: (answer: AnswerReader, said: Json) => Json | undefined;

  /** @param hear Gives what the client is told instead; nothing to say nothing. */
  constructor(hear: (answer: AnswerReader, said: Json) => Json | undefined) {
    this.#hear = hear;
  }

  /** Hears the answer, or one event of it. */
  take(said: Json): Json | undefined {
    return this.#hear(this, said);
  }
}

/** Fields with which a request says that it keeps its states itself. */
const OWN_STATE_FIELDS = [
  "state",
  "initial",
  "previous_response_id",
  "context",
];

/** Whether a request has a state of its own. */
export function carriesState(body: Json): boolean {
  return OWN_STATE_FIELDS.some((name) => {
    const { [name]: value = null } = body;
    const empty = Array.isArray(value) && value.length === 0;
    return value !== null && !empty;
  });
}

/** The objects in a list; none if it is no list. */
export function objectsIn(value: unknown): readonly Json[] {
  return Array.isArray(value)
    ? value.filter((entry) => entry instanceof Object)
    : [];
}

/** An object; an empty one if it is none. */
export function objectIn(value: unknown): Json {
  return value instanceof Object ? value as Json : {};
}

/** A text; an empty one if it is none. */
export function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A call whose arguments are text. */
export function saidCall(name: string, given: string): SaidCall {
  try {
    return { name, arguments: JSON.parse(given || "{}") };
  } catch {
    return { name, arguments: given };
  }
}

/** Without the state. */
export function withoutState({ state: _, ...rest }: Json): Json {
  return rest;
}
