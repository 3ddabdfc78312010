/**
 * Who said what in the text that a turn has added to a transcript.
 *
 * Templates trim messages and put words of their own around them, so a message is
 * looked for in the text by its letters, white space aside: what is found are the
 * message's own words. One that is not found is all that stands where it has to be.
 *
 * @module
 */

import type { Save } from "../state/save.ts";
import {
  type Transcript,
  transcriptBytes,
  transcriptLength,
  type TranscriptRole,
  type TranscriptTurn,
} from "../state/transcript.ts";
import type { ChatTemplate } from "./template/chat_template.ts";
import { type Message, THINK_END } from "./template/world_form.ts";
import { callText, outputText } from "./tools/tool_calls.ts";

/** What happened in a turn. */
export interface SpokenTurnParts {
  /** Tokens of the prompt. */
  readonly prompt: readonly number[];
  /** How chats are written. */
  readonly template: Pick<ChatTemplate, "end" | "calls">;
  /** What was read, if it was a chat. */
  readonly messages?: readonly Message[];
  /** Whether the answer goes on with one that was cut off, or with the last message. */
  readonly goesOn?: boolean;
  /** Whether tools were described before the messages. */
  readonly tools?: boolean;
  /** The answer, if the model was to give one. */
  readonly answer?: {
    /** The thought before it. */
    readonly reasoning: string;
    /** Its text; of a call, its frame too. */
    readonly text: string;
    /** What of it the prompt ends with. */
    readonly begun: string;
    /** Whether it is over. */
    readonly ended: boolean;
  };
}

/**
 * The transcript of a turn's save, with the turn's speakers.
 *
 * @param before The save that it went on from.
 * @param after The save that it leaves.
 */
export function withSpeakers(
  before: Pick<Save, "unread" | "position" | "chat"> | undefined,
  { transcript, unread }: Pick<Save, "transcript" | "unread">,
  parts: SpokenTurnParts,
): Transcript | undefined {
  if (transcript === undefined) return undefined;
  const { prompt, messages, template, answer } = parts;
  const known = transcript.turns;
  // Tokens unread before are the first that were read.
  const earlier = before?.unread ?? [];
  const skipped = transcriptLength(
    { tokens: Uint32Array.from(earlier), words: transcript.words },
    [],
  );
  const tail = transcriptBytes(transcript, unread, before?.position);
  const start = transcriptLength(transcript, unread) - tail.length + skipped;
  const added = {
    bytes: tail.subarray(skipped),
    start,
    prompt: transcriptLength(
      { tokens: Uint32Array.from(prompt), words: transcript.words },
      [],
    ),
  };
  const { tools = false, goesOn = false } = parts;
  if (messages !== undefined) {
    const chat = { messages, tools, template, goesOn, answer };
    return { ...transcript, turns: withChat(known, added, chat) };
  }
  const resumed = before?.chat.open && known.length > 0 &&
    !isText(known.at(-1)?.role);
  const text = resumed ? resumedText(added.bytes, template.end) : undefined;
  const turns = text === undefined
    ? [...known, ...turnsOfText(added)]
    : withChat(known, { ...added, prompt: 0 }, {
      messages: [],
      tools: false,
      template,
      goesOn: true,
      answer: {
        ...spokenIn(text, before?.chat.thinking === true),
        begun: "",
        ended: false,
      },
    });
  return { ...transcript, turns };
}

/** A thought that was open goes on up to its end. */
function spokenIn(
  text: string,
  thinking: boolean,
): { readonly reasoning: string; readonly text: string } {
  if (!thinking) return { reasoning: "", text };
  const at = text.indexOf(THINK_END);
  return at < 0 ? { reasoning: text, text: "" } : {
    reasoning: text.slice(0, at).trim(),
    text: text.slice(at + THINK_END.length).trim(),
  };
}

function isText(role: TranscriptRole | undefined): boolean {
  return role === "text" || role === "continuation";
}

/**
 * What came past the template in an answer that was open, without the end of its
 * turn; nothing if turns end and begin within.
 */
function resumedText(bytes: Uint8Array, end: string): string | undefined {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const trimmed = text.trimEnd(), mark = end.trim();
  const inside = mark !== "" && trimmed.endsWith(mark)
    ? trimmed.slice(0, -mark.length)
    : trimmed;
  return inside.includes(end) ? undefined : inside;
}

/** A turn's part of the text, in bytes. */
interface AddedText {
  /** The prompt, then what was drawn. */
  readonly bytes: Uint8Array;
  /** Where it begins in the whole text. */
  readonly start: number;
  /** Bytes of the prompt. */
  readonly prompt: number;
}

/** What was said in a chat. */
type ChatParts =
  & Required<
    Pick<SpokenTurnParts, "messages" | "tools" | "template" | "goesOn">
  >
  & { readonly answer: SpokenTurnParts["answer"] | undefined };

/** A text that was given as it is, and what the model wrote after it. */
function turnsOfText(
  { bytes, start, prompt }: AddedText,
): readonly TranscriptTurn[] {
  const middle = start + prompt, end = start + bytes.length;
  return [
    { role: "text", from: start, to: middle } as const,
    { role: "continuation", from: middle, to: end } as const,
  ].filter(({ from, to }) => from < to);
}

/** The turns before, and those of a chat; an answer that goes on extends the last. */
function withChat(
  before: readonly TranscriptTurn[],
  { bytes, start, prompt }: AddedText,
  { messages, tools, template, answer, goesOn }: ChatParts,
): readonly TranscriptTurn[] {
  const begun = new TextEncoder().encode(answer?.begun ?? "").length;
  const middle = prompt - begun;
  const found = locateSpoken(
    bytes.subarray(0, middle),
    messages.flatMap((message) => saidBy(message, template)),
    start,
  );
  const turns = [
    ...before,
    ...(tools ? withTools(found, start, start + middle) : found),
  ];
  if (answer === undefined) return turns;
  const { reasoning, text, ended } = answer;
  const spoken = locateSpoken(bytes.subarray(middle), [
    ...(reasoning === ""
      ? []
      : [{ role: "thought", words: [reasoning] } as const]),
    ...(text === "" && !ended
      ? []
      : [{ role: "assistant", words: [text] } as const]),
  ], start + middle);
  const last = turns.at(-1), [first, ...more] = spoken;
  return goesOn && first !== undefined && first.role === last?.role
    ? [...turns.slice(0, -1), { ...last, to: first.to }, ...more]
    : [...turns, ...spoken];
}

/** What somebody said. */
interface SpokenText {
  readonly role: TranscriptRole;
  /** As it may stand in the text; the first that is found counts. */
  readonly words: readonly string[];
}

function saidBy(
  { role, content, reasoning = "", calls = [] }: Message,
  { end: turnEnd, calls: frame }: Pick<ChatTemplate, "end" | "calls">,
): readonly SpokenText[] {
  const called = calls.length === 0 ? [] : [
    content + callText(calls, frame),
    content + calls.map((call) => callText([call], frame)).join(""),
  ];
  const plain = role === "tool"
    ? [outputText(content), content]
    : calls.length === 0
    ? [content]
    : [];
  const words = [...called, ...plain];
  const end = turnEnd.trim();
  return [
    ...reasoning === ""
      ? []
      : [{ role: "thought", words: [reasoning] } as const],
    {
      role,
      words: end === ""
        ? words
        : [...words, ...words.map((text) => text.replaceAll(end, ""))],
    },
  ];
}

/** Descriptions of tools stand after the system's words, before all others. */
function withTools(
  turns: readonly TranscriptTurn[],
  start: number,
  end: number,
): readonly TranscriptTurn[] {
  const at = turns.findIndex(({ role }) => role !== "system");
  const head = at < 0 ? turns.length : at;
  const from = turns[head - 1]?.to ?? start, to = turns[head]?.from ?? end;
  return [
    ...turns.slice(0, head),
    { role: "tools", from, to },
    ...turns.slice(head),
  ];
}

/** Finds what was said in a text that begins at `start` of the whole. */
function locateSpoken(
  bytes: Uint8Array,
  said: readonly SpokenText[],
  start: number,
): readonly TranscriptTurn[] {
  const text = lettersOf(bytes);
  const utf8 = new TextEncoder();
  let at = 0;
  const found = said.map(({ words }) => {
    for (const word of words) {
      const { letters } = lettersOf(utf8.encode(word.trim()));
      const from = text.letters.indexOf(letters, at);
      if (from < 0) continue;
      const begin = letters === "" ? at : from;
      at = begin + letters.length;
      return [begin, at] as const;
    }
  });
  let end = 0;
  return said.map(({ role }, i) => {
    const next = found.slice(i + 1).find((range) => range !== undefined);
    const [from, to] = found[i] ?? [end, next?.[0] ?? text.letters.length];
    end = to;
    return {
      role,
      from: start + text.begin(from),
      to: start + (from === to ? text.begin(from) : text.end(to)),
    };
  });
}

/** A text without its white space, a byte a letter. */
function lettersOf(bytes: Uint8Array): {
  readonly letters: string;
  /** Where a letter begins. */
  begin(letter: number): number;
  /** Where the letter before this one ends. */
  end(letter: number): number;
} {
  const dense = new Uint8Array(bytes.length);
  const places = new Uint32Array(bytes.length);
  let length = 0;
  bytes.forEach((byte, at) => {
    if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return;
    dense[length] = byte;
    places[length++] = at;
  });
  return {
    letters: new TextDecoder("latin1").decode(dense.subarray(0, length)),
    begin: (letter) => letter < length ? places[letter] : bytes.length,
    end: (letter) => letter === 0 ? 0 : places[letter - 1] + 1,
  };
}
