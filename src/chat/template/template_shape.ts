/**
 * How the turns of a template look, found out by writing conversations with it in
 * which other words stand in for those that nobody knows.
 *
 * @module
 */

import type { Message } from "./world_form.ts";
import {
  TemplateError,
  type TemplateInput,
  type TemplateWriter,
} from "./template_writer.ts";
import type { CallFrame, Tool } from "../tools/tool_calls.ts";

/** A word that no message has: nobody can guess it. */
export function standIn(): string {
  return `q${crypto.randomUUID().replaceAll("-", "")}`;
}

/** What stands in for words, functions and conversations that nobody knows. */
export interface StandIns {
  /** Of the user. */
  readonly user: Message;
  /** Of the assistant. */
  readonly said: Message;
  /** Another one of the user. */
  readonly other: Message;
  /** Of the system. */
  readonly system: Message;
  /** The conversations that stand in for one in a state. */
  readonly pasts: readonly (readonly Message[])[];
  /** A function that a chat without tools of its own is written with. */
  readonly tool: Tool;
  /** An answer that calls it. */
  readonly calling: Message;
}

let made: StandIns | undefined;

/** Made when they are first needed: edge runtimes draw nothing before a request. */
export function standIns(): StandIns {
  return made ??= makeStandIns();
}

/** Id of a call that stands in for others: nine letters, as some templates demand. */
const CALL_ID = "call00000";

function makeStandIns(): StandIns {
  const user: Message = { role: "user", content: standIn() };
  const said: Message = { role: "assistant", content: standIn() };
  const other: Message = { role: "user", content: standIn() };
  const name = standIn();
  return {
    user,
    said,
    other,
    system: { role: "system", content: standIn() },
    pasts: [[user, said], [user, said, other, said]],
    tool: { name, parameters: { type: "object", properties: {} } },
    calling: {
      role: "assistant",
      content: "",
      calls: [{ id: CALL_ID, name, arguments: {} }],
    },
  };
}

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

/** How turns and calls look in a chat with functions. */
export interface CalledShape extends Shape {
  /** What stands around a call. */
  readonly frame: CallFrame;
  /** What stands after a call's turn, before what its function gave. */
  readonly output: string;
}

/**
 * Looks at a template.
 *
 * @param tools Functions that the chat has; a template may write such chats in
 * another form.
 * @returns Nothing if an answer has no place in what it writes.
 * @throws {TemplateError} If it refuses a conversation of two, with the system's words
 * before it and without.
 */
export async function shapeOf(
  writer: TemplateWriter,
  tools: readonly Tool[] = [],
): Promise<Shape | undefined> {
  const { user, said, other, system } = standIns();
  const look = async (lead: readonly Message[]) => {
    const texts = await writer.write(
      ([
        [[user], true],
        [[user, said], false],
        [[user, said, other], false],
      ] satisfies TemplateInput[]).map(([messages, answer]) =>
        [[...lead, ...messages], answer] as const
      ),
      { tools },
    );
    return found(texts, lead);
  };
  try {
    return await look([]);
  } catch (error) {
    if (!(error instanceof TemplateError) || error.hopeless) throw error;
    return await look([system]).catch(() => {
      throw error;
    });
  }
}

function found(
  [asked = "", answered = "", again = ""]: readonly string[],
  lead: readonly Message[],
): Shape | undefined {
  const { said: { content: said }, other } = standIns();
  const at = answered.lastIndexOf(said), on = again.lastIndexOf(said);
  const to = again.lastIndexOf(other.content);
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
 * How a template writes chats with functions.
 *
 * @returns Nothing if it writes no calls, or not as JSON with a name and arguments,
 * or refuses or leaves out what functions gave: such a chat is told in words.
 */
export async function calledShapeOf(
  writer: TemplateWriter,
): Promise<CalledShape | undefined> {
  const { user, tool, calling } = standIns();
  const tools = [tool];
  try {
    const shape = await shapeOf(writer, tools);
    if (shape === undefined) return undefined;
    const { lead } = shape;
    const gave = [standIn(), standIn()];
    const asked: Message[] = [...lead, user];
    const called: Message[] = [...asked, calling];
    const answered: Message[] = [
      ...called,
      ...gave.map((content): Message => ({
        role: "tool",
        content,
        callId: CALL_ID,
        name: tool.name,
      })),
    ];
    const [text = "", before = "", after = ""] = await writer.write([
      [called, false],
      [asked, true],
      [answered, true],
    ], { tools });
    const body = callIn(text);
    if (body === undefined) return undefined;
    if (!gave.every((content) => after.includes(content))) return undefined;
    const [start, stop] = body;
    const shared = commonLength(text, before);
    const closing = text.slice(stop);
    const frame = {
      before: text.slice(Math.min(shared, start), start),
      after: withoutTurnEnd(closing, shape.end),
    };
    const end = frame.after + shape.end;
    const rest = after.startsWith(text.slice(0, stop) + end)
      ? after.slice(stop + end.length)
      : "";
    // The heading alone: what comes after it is the output's own.
    const [heading = ""] = rest.split(gave[0] ?? "")[0]?.trimStart()
      .split("\n") ?? [];
    return { ...shape, frame, output: heading };
  } catch (error) {
    if (error instanceof TemplateError || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

/** What follows a call, up to the end of its turn. White space may be inside too. */
function withoutTurnEnd(closing: string, end: string): string {
  if (end.trim() !== "") return closing.split(end)[0] ?? "";
  return closing.endsWith(end)
    ? closing.slice(0, closing.length - end.length)
    : closing;
}

/**
 * Where the JSON of a call is in a text.
 *
 * @throws {SyntaxError} If there is none.
 */
function callIn(
  text: string,
): readonly [start: number, end: number] | undefined {
  const { tool } = standIns();
  const at = text.lastIndexOf(tool.name);
  const [start, stop] = [text.lastIndexOf("{", at), text.indexOf("}", at)];
  if (start < 0 || stop < 0) return undefined;
  // The object of the arguments ends before that of the call.
  const end = text.indexOf("}", stop + 1) + 1;
  const body: unknown = JSON.parse(text.slice(start, end));
  const { name, arguments: given } = body as Record<string, unknown>;
  return name === tool.name && typeof given === "object"
    ? [start, end]
    : undefined;
}

/** How long two texts are the same. */
function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
