/**
 * One turn of a conversation, whoever asks for it: a save in, text while it is
 * written, then the end and the save it left.
 *
 * @module
 */

import { type ChatTemplate, WORLD } from "./chat_template.ts";
import {
  AnswerStart,
  BLANK_PHASE,
  type Message,
  phaseAfterText,
} from "./template.ts";
import { type Effort, ThoughtSplitter } from "./think.ts";
import type { DoneEvent, Engine, TextEvent } from "../engine/engine.ts";
import { encodeBytes } from "../engine/turn/reencode.ts";
import { DeviceError } from "../errors.ts";
import type { Constraint, Grammar, Grammars } from "../grammar/grammar.ts";
import { MOST_UNREAD } from "../state/header.ts";
import type { ChatPhase, Save } from "../state/save.ts";
import { GREEDY, type SamplingOptions } from "../text/sampling.ts";

/** What to read: text as it is, or messages for the template. */
export type Input =
  | { readonly prompt: string }
  | { readonly messages: readonly Message[] };

/** A model that converses. */
export interface Speaker {
  /** Takes the turns. */
  readonly engine: Engine;
  /** The model's chat template; absent: that of the World and G1 models. */
  readonly template?: ChatTemplate | undefined;
}

/** What is asked for. */
export interface Ask {
  /** What it goes on from; absent: a blank state. */
  readonly save: Save | undefined;
  /** What to read first. */
  readonly input: Input;
  /** Tokens to draw at most; 0 only reads. */
  readonly maxTokens: number;
  /** How to draw. */
  readonly sampling: SamplingOptions;
  /** Up to 53 bits; absent: the seed of the save, or a random one. */
  readonly seed: number | undefined;
  /** Texts that end the answer and are no part of it. */
  readonly stops: readonly string[];
  /** Likeliest tokens to name at each place; absent: none are. */
  readonly logprobs?: number | undefined;
  /** How much to think before the answer; not at all by default. */
  readonly effort?: Effort | undefined;
  /** What the answer may be; it is given without a thought then. */
  readonly form?: Form | undefined;
  /** Digest of the head among the messages; absent: there is none. */
  readonly told?: number | undefined;
}

/** The grammar of an answer. */
export interface Form {
  /** Follows the answer. */
  readonly grammars: Grammars;
  /** What the answer may be. */
  readonly grammar: Grammar;
  /** What of the answer has been written by turns before. */
  readonly written?: string;
  /** What stands before the answer in a chat, and after it. */
  readonly frame?: { readonly before: string; readonly after: string };
}

/** A piece of an answer; `text` may be empty where there is a thought. */
export interface AnswerEvent extends TextEvent {
  /** The next of the thought before the answer. */
  readonly reasoning?: string;
}

/** Text, then one `done` whose save knows where the chat stands. */
export async function* takeTurn(
  { engine, template = WORLD }: Speaker,
  ask: Ask,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent | DoneEvent, void> {
  const before = ask.save?.chat ?? BLANK_PHASE;
  const { effort: wanted = "none" } = ask.form === undefined ? ask : {};
  const chat = "messages" in ask.input
    ? await template.open(ask.input.messages, {
      phase: before,
      begun: ask.save !== undefined,
      answer: ask.maxTokens > 0,
      effort: wanted,
    })
    : undefined;
  const { space = false, effort = wanted, end } = chat ?? {};
  const frame = ask.form?.frame;
  const prompt = "prompt" in ask.input
    ? ask.input.prompt
    : (chat?.text ?? "") + (frame && space ? " " : "") + (frame?.before ?? "");
  const start = new AnswerStart(space && frame === undefined);
  const thought = new ThoughtSplitter(effort);
  let written = "";
  const constraint = await constrain(engine, ask, space);
  using _closing = { [Symbol.dispose]: () => constraint?.close() };
  const events = engine.generate({
    ...(ask.save !== undefined && { save: ask.save }),
    prompt,
    maxTokens: ask.maxTokens,
    sampling: ask.sampling,
    ...(ask.seed !== undefined && { seed: halves(ask.seed) }),
    ...(ask.logprobs !== undefined && { logprobs: ask.logprobs }),
    ...(constraint !== undefined && { constraint }),
    stops: [
      ...(end === undefined
        ? []
        : [{ ...end, text: (frame?.after ?? "") + end.text }]),
      ...ask.stops.map((text) => ({ text, kept: false })),
    ],
  }, signal);
  for await (const event of events) {
    if (event.type === "text") {
      written += event.text;
      const { text, reasoning } = thought.push(start.trim(event.text));
      if (text + reasoning !== "" || event.tokens !== undefined) {
        yield { ...event, text, ...(reasoning !== "" && { reasoning }) };
      }
      continue;
    }
    const { reasoning } = thought.finish();
    if (reasoning !== "") yield { type: "text", text: "", reasoning };
    expectRead(event);
    const whole = constraint !== undefined && event.finish === "stop" &&
      event.stop === undefined;
    const phase: ChatPhase = event.stop?.kept || (chat !== undefined && whole)
      ? BLANK_PHASE
      : chat === undefined
      ? phaseAfterText(before, prompt + written)
      : { ...chat.phase, thinking: chat.phase.open && thought.thinking };
    const told = ask.told ?? before.told;
    const chatPhase = { ...phase, ...(told !== undefined && { told }) };
    yield { ...event, save: { ...event.save, chat: chatPhase } };
  }
}

/** Begins the answer in its grammar, where it has one. */
async function constrain(
  { tokenizer }: Engine,
  { form, input, save, maxTokens }: Ask,
  space: boolean,
): Promise<Constraint | undefined> {
  if (form === undefined || maxTokens === 0) return undefined;
  const { grammars, grammar, written = "" } = form;
  const goesOn = "prompt" in input && input.prompt === "";
  const bytes = Uint8Array.from([
    ...new TextEncoder().encode(written),
    ...(goesOn && save !== undefined ? save.utf8 : []),
  ]);
  return await grammars.open(grammar, {
    tokens: encodeBytes(bytes, tokenizer),
    space: space && form.frame === undefined,
  });
}

/** A turn cut off early in a long prompt leaves nothing that a save can hold. */
function expectRead({ save: { unread } }: DoneEvent): void {
  if (unread.length <= MOST_UNREAD) return;
  throw new DeviceError(
    "ERR_DEVICE_LOST",
    `Cannot save the turn: it was cancelled with ${unread.length} tokens of ` +
      "its prompt unread; take it again with the state it began with",
  );
}

/** Reads without writing; gives the save that leaves. */
export async function readOnly(
  speaker: Speaker,
  save: Save | undefined,
  input: Input,
  signal: AbortSignal,
): Promise<Save> {
  const events = takeTurn(speaker, {
    save,
    input,
    maxTokens: 0,
    sampling: GREEDY,
    seed: undefined,
    stops: [],
  }, signal);
  for await (const event of events) {
    if (event.type === "done") return event.save;
  }
  throw new Error("A turn had no end");
}

/** A seed of up to 53 bits as two u32, low first. */
function halves(seed: number): [low: number, high: number] {
  return [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
}
