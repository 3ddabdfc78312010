/**
 * How the turns of a template look, found out by writing conversations with it in
 * which other words stand in for those that nobody knows.
 *
 * @module
 */

import { RequestError } from "../errors.ts";
import type { Message } from "./template.ts";
import type { TemplateWriter, Transcript } from "./template_writer.ts";
import type { CallFrame } from "./tools.ts";

/** A word that no message has: nobody can guess it. */
export function standIn(): string {
  return `q${crypto.randomUUID().replaceAll("-", "")}`;
}

/** The messages that stand in for others. */
export const STAND_INS = {
  user: { role: "user", content: standIn() },
  said: { role: "assistant", content: standIn() },
  other: { role: "user", content: standIn() },
} satisfies Record<string, Message>;

const SYSTEM: Message = { role: "system", content: standIn() };

/** The conversations that stand in for one in a state. */
export const PASTS: readonly (readonly Message[])[] = [
  [STAND_INS.user, STAND_INS.said],
  [STAND_INS.user, STAND_INS.said, STAND_INS.other, STAND_INS.said],
];

/** How turns look. */
export interface Shape {
  /** Messages that the template wants before all others. */
  readonly lead: readonly Message[];
  /** What ends an answer. */
  readonly end: string;
  /** What follows that before the next turn. */
  readonly rest: string;
  /** What stands before the text of a user who answers. */
  readonly next: string;
  /** Whether a space stands before an answer. */
  readonly space: boolean;
}

/**
 * Looks at a template.
 *
 * @returns Nothing if an answer has no place in what it writes.
 * @throws {RequestError} If it refuses a conversation of two, with the system's words
 * before it and without.
 */
export async function shapeOf(
  writer: TemplateWriter,
): Promise<Shape | undefined> {
  const { user, said, other } = STAND_INS;
  const look = async (lead: readonly Message[]) => {
    const texts = await writer.write(
      ([
        [[user], true],
        [[user, said], false],
        [[user, said, other], false],
      ] satisfies Transcript[]).map(([messages, answer]) =>
        [[...lead, ...messages], answer] as const
      ),
    );
    return found(texts, lead);
  };
  try {
    return await look([]);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return await look([SYSTEM]).catch(() => {
      throw error;
    });
  }
}

function found(
  [asked = "", answered = "", again = ""]: readonly string[],
  lead: readonly Message[],
): Shape | undefined {
  const said = STAND_INS.said.content;
  const at = answered.lastIndexOf(said), on = again.lastIndexOf(said);
  const to = again.lastIndexOf(STAND_INS.other.content);
  if (at < 0) return undefined;
  const closing = answered.slice(at + said.length);
  const between = on < 0 || to < on ? "" : again.slice(on + said.length, to);
  const own = closing.trimEnd() || closing;
  // Where turns are joined, the last one has no end of its own.
  const end = own === "" ? /^\s*/.exec(between)?.[0] ?? "" : own;
  const after = between.startsWith(end) ? between.slice(end.length) : "";
  const rest = own === ""
    ? ""
    : /^\s*/.exec(closing.slice(end.length))?.[0] ?? "";
  const joined = own !== "" && closing === own
    ? /^\s*/.exec(after)?.[0] ?? ""
    : rest;
  const next = after.startsWith(joined) ? after.slice(joined.length) : after;
  if (end === "" && next === "") return undefined;
  return {
    lead,
    end,
    rest: joined,
    next: joined + next,
    space: answered.slice(0, at) === `${asked} `,
  };
}

/**
 * How a template writes calls.
 *
 * @returns Nothing if it writes none, or not as JSON with a name and arguments.
 */
export async function callFrame(
  writer: TemplateWriter,
  { lead, end }: Shape,
): Promise<CallFrame | undefined> {
  const name = standIn();
  const { user } = STAND_INS;
  const call = { id: "call00000", name, arguments: {} };
  const tool = { name, description: name, parameters: { type: "object" } };
  const messages: Message[] = [
    ...lead,
    user,
    { role: "assistant", content: "", calls: [call] },
  ];
  try {
    const [text = "", before = ""] = await writer.write([
      [messages, false],
      [[...lead, user], true],
    ], { tools: [tool] });
    const at = text.lastIndexOf(name);
    const [start, stop] = [text.lastIndexOf("{", at), text.indexOf("}", at)];
    if (start < 0 || stop < 0) return undefined;
    // The object of the arguments ends before that of the call.
    const close = text.indexOf("}", stop + 1);
    const body: unknown = JSON.parse(text.slice(start, close + 1));
    const { name: found, arguments: given } = body as Record<string, unknown>;
    if (found !== name || typeof given !== "object") return undefined;
    const shared = commonLength(text, before);
    return {
      before: text.slice(Math.min(shared, start), start),
      after: text.slice(close + 1).split(end)[0] ?? "",
    };
  } catch (error) {
    if (error instanceof RequestError || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

/** How long two texts are the same. */
function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
