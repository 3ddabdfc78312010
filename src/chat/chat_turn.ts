/**
 * One turn of a conversation, for any caller: a save in, text while it is
 * written, then the end and the save it left.
 *
 * @module
 */

import {
  type ChatOpening,
  type ChatTemplate,
  goesOn,
  type Moment,
} from "./template/chat_template.ts";
import { WORLD } from "./template/chat_forms.ts";
import {
  AnswerStart,
  BLANK_PHASE,
  type Message,
  phaseAfterText,
} from "./template/world_form.ts";
import { type Effort, ThoughtSplitter } from "./thought/thinking.ts";
import type { CallFrame, Tool } from "./tools/tool_calls.ts";
import type {
  DoneEvent,
  Engine,
  StopSequence,
  TextEvent,
} from "../engine/engine.ts";
import type { TurnObserver } from "../engine/turn_observer.ts";
import { encodeBytes } from "../engine/turn/encode_bytes.ts";
import { withSpeakers } from "./transcript_speakers.ts";
import { DeviceError } from "../errors.ts";
import type { Constraint, Grammar, Grammars } from "../grammar/grammar.ts";
import type { DecodingProfiles } from "../model/model_settings.ts";
import { MOST_UNREAD } from "../state/save_header.ts";
import type { ChatPhase, Save } from "../state/save.ts";
import { LONGEST_TRANSCRIPT, transcriptError } from "../state/transcript.ts";
import { inSteps } from "../steps.ts";
import { encoding } from "../text/stepwise_encoding.ts";
import {
  isEmptyPrompt,
  type PromptPieces,
  promptText,
} from "../text/prompt_pieces.ts";
import type { SamplingOptions } from "../text/sampling_options.ts";

/** What to read: text as it is, or messages for the template. */
export type Input =
  | { readonly prompt: PromptPieces }
  | { readonly messages: readonly Message[] };

/** A model that converses. */
export interface Speaker {
  /** Takes the turns. */
  readonly engine: Engine;
  /** The model's chat template; by default that of the World and G1 models. */
  readonly template?: ChatTemplate | undefined;
  /** Whether its texts begin with the end-of-text token; true by default. */
  readonly bos?: Beginning | undefined;
  /** How to draw, where a request does not say; by default as the API does. */
  readonly decoding?: DecodingProfiles | undefined;
  /** What ends an answer in a chat, besides what its template has. */
  readonly ends?: readonly StopSequence[] | undefined;
  /** Whether saves may have transcripts; by default as requests say. */
  readonly transcripts?: TranscriptPolicy;
  /** Where all that is from, for people. */
  readonly origin?: {
    readonly generation: string;
    readonly source: string;
  };
}

/** Whether what begins a text is the end-of-text token. */
export interface Beginning {
  /** A text that is read as it is. */
  readonly text: boolean;
  /** A chat in a form that does not say so itself. */
  readonly chat: boolean;
}

/** Whether saves have transcripts: as requests say, all that can, or none. */
export type TranscriptPolicy = "allow" | "always" | "never";

/** What is asked for. */
export interface Ask {
  /** What it goes on from; by default a blank state. */
  readonly save: Save | undefined;
  /** What to read first. */
  readonly input: Input;
  /** Tokens to draw at most; 0 only reads. */
  readonly maxTokens: number;
  /** How to draw. */
  readonly sampling: SamplingOptions;
  /** Up to 53 bits; by default the seed of the save, or a random one. */
  readonly seed: number | undefined;
  /** Texts that end the answer and are no part of it. */
  readonly stops: readonly string[];
  /** Likeliest tokens to name at each place; none by default. */
  readonly logprobs?: number | undefined;
  /** How much to think before the answer; not at all by default. */
  readonly effort?: Effort | undefined;
  /**
   * Tokens of the thought at most, where turns are bounded by it; unlimited by
   * default.
   */
  readonly thinkTokens?: number | undefined;
  /** What the answer may be; it is given without a thought then. */
  readonly form?: Form | undefined;
  /** Begins to observe the turn, once the engine is asked for it. */
  readonly observe?: (() => TurnObserver) | undefined;
  /** Whose turn it is: while lanes are scarce, tenants are served by turns. */
  readonly tenant?: string | undefined;
  /** Digest of the head among the messages; omitted if there is none. */
  readonly told?: number | undefined;
  /** Whether a text that begins here begins with the end-of-text token. */
  readonly bos?: boolean | undefined;
  /** Functions that the answer may call. */
  readonly tools?: readonly Tool[] | undefined;
  /** Whether the state is told the system's words and the tools among the messages. */
  readonly tell?: boolean | undefined;
  /** Whether a last message of the assistant's is gone on with; it is by default. */
  readonly goOn?: boolean | undefined;
  /** Variables for the model's own template. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Whether its save has a transcript; by default, as in the save before. It cannot
   * begin after a text of which there is none. `unsealed`: the save is given to
   * nobody, and needs none whatever the policy.
   */
  readonly transcript?: boolean | "unsealed" | undefined;
  /** Told how many tokens of the prompt have been read, now and then. */
  readonly progress?: ((read: number) => void) | undefined;
  /** Whether an answer will follow; by default, if tokens may be drawn. */
  readonly answers?: boolean | undefined;
}

/** The grammar of an answer. */
export interface Form {
  /** Follows the answer. */
  readonly grammars: Grammars;
  /** What the answer may be. */
  readonly grammar: Grammar;
  /** What of the answer has been written by turns before. */
  readonly written?: string;
  /** Whether the answer is a call of a function, and stands in its frame. */
  readonly call?: boolean;
}

/** A piece of an answer; `text` may be empty where there is a thought. */
export interface AnswerEvent extends TextEvent {
  /** The next of the thought before the answer. */
  readonly reasoning?: string;
  /** How far a text is read anew, before the answer; there is no text yet. */
  readonly rebase?: { readonly read: number; readonly of: number };
}

/** Text, then one `done` whose save knows where the chat stands. */
export async function* takeTurn(
  { engine, template = WORLD, bos, ends: more = [], transcripts }: Speaker,
  ask: Ask,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent | DoneEvent, void> {
  const before = ask.save?.chat ?? BLANK_PHASE;
  const { effort: wanted = "none" } = ask.form === undefined ? ask : {};
  const moment: Moment = {
    phase: before,
    begun: ask.save !== undefined,
    answer: ask.answers ?? ask.maxTokens > 0,
    effort: wanted,
    ...(ask.tools && { tools: ask.tools }),
    ...(ask.tell !== undefined && { tell: ask.tell }),
    ...(ask.goOn !== undefined && { goOn: ask.goOn }),
    ...(ask.variables && { variables: ask.variables }),
  };
  const chat = "messages" in ask.input
    ? await template.open(ask.input.messages, moment)
    : undefined;
  const { space = false, thought: begun = "none", ends = [] } = chat ?? {};
  const frame = ask.form?.call ? template.calls : undefined;
  const prompt = "prompt" in ask.input
    ? ask.input.prompt
    : forForm(chat?.prompt ?? "", ask.form, frame, space);
  const kept = keepsTranscript(ask, transcripts);
  const read = kept ? await inSteps(encoding(prompt, engine.tokenizer)) : [];
  if (kept) expectRoom(ask, read.length);
  const start = new AnswerStart(space && frame === undefined);
  const thought = new ThoughtSplitter(begun);
  const beginning = ask.bos ?? chat?.bos ??
    (chat === undefined ? bos?.text : bos?.chat);
  let written = "", said = "", thoughts = "";
  const constraint = await constrain(engine, ask, space);
  using _closing = { [Symbol.dispose]: () => constraint?.close() };
  const events = engine.generate({
    ...(ask.save !== undefined && { save: ask.save }),
    prompt,
    ...(beginning !== undefined && { bos: beginning }),
    maxTokens: ask.maxTokens,
    sampling: ask.sampling,
    ...(ask.observe !== undefined && { observer: ask.observe() }),
    ...(ask.tenant !== undefined && { tenant: ask.tenant }),
    ...(ask.seed !== undefined && { seed: seedHalves(ask.seed) }),
    ...(ask.logprobs !== undefined && { logprobs: ask.logprobs }),
    ...(constraint !== undefined && { constraint }),
    ...(kept && { transcript: true }),
    ...(ask.progress && { progress: ask.progress }),
    stops: [
      ...framed(ends, frame?.after),
      ...(chat ? furtherEnds(chat, more) : []),
      ...ask.stops.map((text) => ({ text, kept: false })),
    ],
  }, signal);
  for await (const event of events) {
    if (event.type === "text") {
      written += event.text;
      const { text, reasoning } = thought.push(start.trim(event.text));
      said += text;
      thoughts += reasoning;
      if (text + reasoning !== "" || event.tokens !== undefined) {
        yield { ...event, text, ...(reasoning !== "" && { reasoning }) };
      }
      continue;
    }
    const { reasoning } = thought.finish();
    thoughts += reasoning;
    if (reasoning !== "") yield { type: "text", text: "", reasoning };
    expectRead(event);
    const over = chat?.endsWithToken && event.finish === "stop" &&
      event.stop === undefined;
    // The end of a call alone is not that of its turn.
    const ended = event.stop?.kept && event.stop.text !== frame?.after;
    const phase: ChatPhase = ended || over
      ? BLANK_PHASE
      : chat === undefined
      ? phaseAfterText(
        before,
        promptText(prompt, engine.tokenizer) + written,
        template.end,
      )
      : { ...chat.phase, thinking: chat.phase.open && thought.thinking };
    const told = ask.told ?? before.told;
    const chatPhase = { ...phase, ...(told !== undefined && { told }) };
    const save = { ...event.save, chat: chatPhase };
    const answer = {
      reasoning: thoughts,
      text: (frame?.before ?? "") + said +
        (event.stop?.kept ? frame?.after ?? "" : ""),
      begun: frame?.before ?? "",
      ended: !phase.open,
    };
    const transcript = save.transcript && withSpeakers(ask.save, save, {
      prompt: read,
      template,
      ...("messages" in ask.input && {
        messages: ask.input.messages,
        goesOn: goesOn(ask.input.messages, moment),
        tools: moment.tools !== undefined && moment.tools.length > 0 &&
          (!moment.begun || moment.tell === true),
      }),
      ...(moment.answer && { answer }),
    });
    yield { ...event, save: { ...save, ...(transcript && { transcript }) } };
  }
}

/** Ends that a form does not have. A thought may hold white space that is one. */
function furtherEnds(
  { ends, thought }: ChatOpening,
  more: readonly StopSequence[],
): readonly StopSequence[] {
  const plain = thought === "none" || thought === "closed";
  return more.filter(({ text }) =>
    (plain || text.trim() !== "") && !ends.some((end) => end.text === text)
  );
}

/**
 * Whether a turn keeps a transcript.
 *
 * @throws {StateError} `ERR_STATE_TRANSCRIPT` if it cannot, or must.
 */
export function keepsTranscript(
  { save, transcript: wanted }: Pick<Ask, "save" | "transcript">,
  policy: TranscriptPolicy = "allow",
): boolean {
  if (wanted === "unsealed") return false;
  const had = save?.transcript !== undefined;
  if (policy === "never" && (wanted ?? had)) {
    throw transcriptError(
      had
        ? "Cannot go on with the state: it has a transcript, and this server " +
          'keeps none. Send "transcript": false to go on without it'
        : "Cannot keep a transcript: this server keeps none. The operator " +
          "allows them with --transcript allow",
    );
  }
  if (policy === "always" && wanted === false) {
    throw transcriptError(
      "Cannot leave out the transcript: this server keeps one in every state. " +
        "The operator leaves it to requests with --transcript allow",
    );
  }
  if (wanted && save !== undefined && !had) {
    throw transcriptError(
      `Cannot keep a transcript: the state has read ${save.position} tokens ` +
        "without one. Begin a new text, or leave out transcript",
    );
  }
  return wanted ?? (had || (policy === "always" && save === undefined));
}

/** Refuses a turn whose transcript might become too long, before any work. */
function expectRoom({ save, maxTokens }: Ask, read: number): void {
  const { position = 0, unread = [] } = save ?? {};
  const tokens = position + unread.length + read + maxTokens;
  if (tokens <= LONGEST_TRANSCRIPT) return;
  throw transcriptError(
    `Cannot keep the transcript: it would have up to ${tokens} tokens, and the ` +
      `most is ${LONGEST_TRANSCRIPT}. Ask for fewer, or send "transcript": false`,
  );
}

/** The ends of an answer in a frame: one of them has to take its end along. */
function framed(
  ends: readonly StopSequence[],
  after: string | undefined,
): readonly StopSequence[] {
  if (after === undefined) return ends;
  const framed = ends.map((end) => ({ ...end, text: after + end.text }));
  return framed.some(({ kept }) => kept)
    ? framed
    : [{ text: after, kept: true }, ...framed];
}

/** A tag whose `>` is left to the model. */
const UNFINISHED_TAG = /<\/?think$/;

/** A prompt whose answer has a form: it begins with nothing but what the form has. */
function forForm(
  prompt: PromptPieces,
  form: Form | undefined,
  frame: CallFrame | undefined,
  space: boolean,
): PromptPieces {
  if (form === undefined) return prompt;
  const last = typeof prompt === "string" ? prompt : prompt.at(-1);
  const tag = typeof last === "string" && UNFINISHED_TAG.test(last) ? ">" : "";
  const text = tag + (frame ? (space ? " " : "") + frame.before : "");
  if (text === "") return prompt;
  return typeof prompt === "string" ? prompt + text : [...prompt, text];
}

/** Begins the answer in its grammar, where it has one. */
async function constrain(
  { tokenizer }: Engine,
  { form, input, save, maxTokens }: Ask,
  space: boolean,
): Promise<Constraint | undefined> {
  if (form === undefined || maxTokens === 0) return undefined;
  const { grammars, grammar, written = "" } = form;
  const goesOn = "prompt" in input && isEmptyPrompt(input.prompt);
  const bytes = Uint8Array.from([
    ...new TextEncoder().encode(written),
    ...(goesOn && save !== undefined ? save.utf8 : []),
  ]);
  return await grammars.open(grammar, {
    tokens: encodeBytes(bytes, tokenizer),
    space: space && form.call !== true,
  });
}

/** A turn was cut off early in a long prompt: no save can hold the rest. */
export class UnreadPromptError extends DeviceError {
  /** How many tokens are unread. */
  readonly unread: number;

  /** Says so. */
  constructor(unread: number) {
    super(
      "ERR_DEVICE_LOST",
      `Cannot save the turn: it was cancelled with ${unread} tokens of ` +
        "its prompt unread; take it again with the state it began with",
    );
    this.unread = unread;
  }
}

function expectRead({ save: { unread } }: DoneEvent): void {
  if (unread.length > MOST_UNREAD) throw new UnreadPromptError(unread.length);
}

/** A seed of up to 53 bits as two u32, low first. */
function seedHalves(seed: number): [low: number, high: number] {
  return [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
}
