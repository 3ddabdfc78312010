/**
 * What another model has read, to be read anew: its transcript as the messages and
 * texts that it was, which each model writes in its own way.
 *
 * @module
 */

import type { Save } from "../state/save.ts";
import { type SpokenTurn, spokenTurns } from "../state/transcript.ts";
import type { Message } from "./template/world_form.ts";
import type { Input } from "./chat_turn.ts";

/** One reading. */
export interface RebasePart {
  /** What to read. */
  readonly input: Input;
  /** Whether it ends in an answer that was cut off, and that is gone on with. */
  readonly open: boolean;
  /** Whether a text that begins here begins with the end-of-text token. */
  readonly bos?: boolean;
}

/**
 * A save of another model as what is to be read, in order. White space around
 * messages, and a thought that no answer followed, are not among it.
 */
export function rebaseParts(
  { transcript, unread, chat }: Save,
): readonly RebasePart[] {
  if (transcript === undefined) return [];
  const turns = spokenTurns(transcript, unread);
  const [first] = transcript.tokens.length > 0 ? transcript.tokens : unread;
  const bos = first !== undefined &&
    transcript.words.get(first)?.length === 0;
  const inputs: Input[] = [];
  for (const run of runsOf(turns)) {
    if (run[0].role === "text" || run[0].role === "continuation") {
      inputs.push({ prompt: run.map(({ text }) => text).join("") });
    } else {
      const messages = messagesOfTurns(run);
      if (messages.length > 0) inputs.push({ messages });
    }
  }
  return inputs.map((input, i) => ({
    input,
    open: chat.open && i === inputs.length - 1 && "messages" in input &&
      input.messages.at(-1)?.role === "assistant",
    ...(i === 0 && "prompt" in input && { bos }),
  }));
}

/** Whether the transcript has tools in it, which a template describes anew. */
export function hasTools({ transcript }: Save): boolean {
  return transcript?.turns.some(({ role }) => role === "tools") ?? false;
}

/** Turns of a chat together, and those of a text. */
function runsOf(
  turns: readonly SpokenTurn[],
): readonly (readonly [SpokenTurn, ...SpokenTurn[]])[] {
  const runs: [SpokenTurn, ...SpokenTurn[]][] = [];
  const isText = ({ role }: SpokenTurn) =>
    role === "text" || role === "continuation";
  for (const turn of turns) {
    const last = runs.at(-1);
    if (last !== undefined && isText(last[0]) === isText(turn)) last.push(turn);
    else runs.push([turn]);
  }
  return runs;
}

function messagesOfTurns(turns: readonly SpokenTurn[]): readonly Message[] {
  const messages: Message[] = [];
  let reasoning = "";
  for (const { role, text } of turns) {
    switch (role) {
      case "thought":
        reasoning = reasoning === "" ? text : `${reasoning}\n${text}`;
        break;
      case "system":
      case "user":
      case "assistant":
      case "tool":
        messages.push({
          role,
          content: text,
          ...(role === "assistant" && reasoning !== "" && { reasoning }),
        });
        reasoning = "";
    }
  }
  return messages;
}
