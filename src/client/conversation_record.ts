/**
 * A conversation as data, to be kept and taken up again.
 *
 * @module
 */

import type { ConversationTurn } from "./conversation.ts";

/** What a conversation is made of, as JSON: `JSON.stringify(conversation)`. */
export interface ConversationRecord {
  /** Names the format. */
  readonly format: "gosling-conversation";
  /** Of the format. */
  readonly version: 1;
  /** What the conversation began with. */
  readonly begin?: string;
  /** Every turn, after the one it goes on from, whose place `before` is. */
  readonly turns: readonly (Omit<ConversationTurn, "before"> & {
    readonly before?: number;
  })[];
  /** Where the conversation stands; by default before its first turn. */
  readonly at?: number;
  /** Turns that were given names; null: before the first. */
  readonly slots: Readonly<Record<string, number | null>>;
}

/**
 * Finds out whether a value is the record of a conversation.
 *
 * @throws {TypeError} If it is none.
 */
export function readRecord(value: unknown): ConversationRecord {
  const refuse = (found: string) =>
    new TypeError(`Cannot read the conversation: ${found}`);
  const { format, version, begin, turns, at, slots }: Partial<
    Record<keyof ConversationRecord, unknown>
  > = value instanceof Object ? value : {};
  if (format !== "gosling-conversation") throw refuse("it is none of Gosling");
  if (version !== 1) throw refuse("it is of another version");
  if (!Array.isArray(turns)) throw refuse("it has no turns");
  const placed = (index: unknown, below: number) =>
    Number.isInteger(index) && Number(index) >= 0 && Number(index) < below;
  for (const [i, turn] of turns.entries()) {
    const { before, messages, answer, save }: Partial<
      Record<keyof ConversationTurn, unknown>
    > = turn instanceof Object ? turn : {};
    const whole = Array.isArray(messages) && typeof answer === "string" &&
      (save === undefined || typeof save === "string") &&
      (before === undefined || placed(before, i));
    if (!whole) throw refuse(`turn ${i} is not whole`);
  }
  const named = Object.values(slots instanceof Object ? slots : {});
  const places = [...named.filter((index) => index !== null), at ?? undefined];
  for (const index of places) {
    if (index !== undefined && !placed(index, turns.length)) {
      throw refuse(`there is no turn ${index}`);
    }
  }
  if (begin !== undefined && typeof begin !== "string") {
    throw refuse("what it began with is no save");
  }
  return { ...value as ConversationRecord, slots: { ...slots as object } };
}
