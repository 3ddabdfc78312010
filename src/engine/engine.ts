/**
 * What the rest of the program may ask of the model: turns. No lane, tensor or
 * kernel is named above this floor, and no status code below it.
 *
 * @module
 */

import type {
  DeviceKind,
  Quantization,
  ThreadsInUse,
} from "../device/device.ts";
import type { Constraint } from "../grammar/grammar.ts";
import type { ModelShape } from "../model/shape.ts";
import type { Save, SaveFormat } from "../state/save.ts";
import type { ScoredToken } from "../text/logprobs.ts";
import type { PromptPieces } from "../text/prompt_pieces.ts";
import type { SamplingOptions } from "../text/sampling_options.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { TurnObserver } from "./turn_observer.ts";

/** A model loaded on a device, and the requests that share it. */
export interface Engine {
  /** What is loaded, for people and for `GET /v1/model`. */
  readonly model: ModelInfo;
  /** What the saves of this model have in common. */
  readonly format: SaveFormat;
  /** The model's own tokenizer. */
  readonly tokenizer: Tokenizer;
  /** Whether the device is alive and takes requests. */
  readonly ready: boolean;
  /** Why it takes no requests; absent while it does. */
  readonly absence?: Absence | undefined;
  /** Lanes in use and requests waiting for one. */
  readonly load: { readonly busy: number; readonly waiting: number };
  /**
   * Makes sure that a turn would not be refused at once, before anything is done
   * for it.
   *
   * @param tenant Whose turn it would be, as in {@linkcode Turn.tenant}.
   * @throws As {@linkcode generate} would.
   */
  expectRoom(tenant?: string): void;
  /**
   * Takes one turn: reads the prompt after the save's text, then writes.
   *
   * Nothing is thrown after the first event except for a lost device. Aborting
   * `signal` ends the turn at a token boundary with `finish: "cancelled"` and a
   * save; returning early from the generator frees the lane at once.
   *
   * @throws {BusyError} If every lane is taken and the queue is full.
   * @throws {ClosingError} Once the engine is disposed of.
   * @throws {DeviceError} `ERR_DEVICE_LOST` while the device is being replaced.
   */
  generate(turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent, void>;
  /**
   * How likely texts are after a save, each by itself: for each text its tokens.
   * A token that nothing comes before has no probability: its own is NaN. Nothing
   * is drawn and nothing is kept.
   *
   * @throws {BusyError} If every lane is taken and the queue is full.
   * @throws {DeviceError} `ERR_DEVICE_LOST` if the device is or gets lost.
   */
  score(query: ScoreQuery, signal: AbortSignal): Promise<ScoredToken[][]>;
  /** Ends every turn with `cancelled` and frees the device. */
  dispose(): Promise<void>;
}

/** Why an engine takes no requests. */
export type Absence =
  | {
    /** It ends its turns and takes no new ones. */
    readonly reason: "closing";
  }
  | {
    /** Its device went away and is asked for again. */
    readonly reason: "lost";
    /** Since when, as `performance.now()` said it. */
    readonly since: number;
    /** How often it was asked for in vain. */
    readonly attempts: number;
  };

/** What is loaded. */
export interface ModelInfo {
  /** Its name in the API. */
  readonly id: string;
  /** Every size. */
  readonly shape: ModelShape;
  /** SHA-256 over weights, tokenizer and state layout, lower-case hex. */
  readonly fingerprint: string;
  /** Parameters. */
  readonly parameters: number;
  /** How matrices are kept on the device. */
  readonly quantization: Quantization;
  /** Which device, its name, and its threads at work at the moment, if it has any. */
  readonly device: {
    readonly kind: DeviceKind;
    readonly name: string;
    readonly threads?: ThreadsInUse | undefined;
  };
  /** Lanes. */
  readonly lanes: number;
}

/** One turn, every default filled in. */
export interface Turn {
  /** What the turn goes on from; by default the blank state. */
  readonly save?: Save;
  /** What to read after the save's text, verbatim. May be empty. */
  readonly prompt: PromptPieces;
  /**
   * Whether a text that begins here begins with the end-of-text token; it does by
   * default. With a save it has begun already.
   */
  readonly bos?: boolean;
  /** Tokens to draw at most; 0 only reads. */
  readonly maxTokens: number;
  /** How to draw. */
  readonly sampling: SamplingOptions;
  /** Two u32 halves, low first; by default the save's seed, or a random one. */
  readonly seed?: readonly [low: number, high: number];
  /** Texts that end the answer. */
  readonly stops: readonly StopSequence[];
  /**
   * Say how likely each token drawn was, and this many likeliest ones at its
   * place; none by default. Each token is then drawn in a step of its own.
   */
  readonly logprobs?: number;
  /**
   * Which tokens may come next. The answer then ends only with the end-of-text
   * token, or at a stop that is not kept: kept ones are not looked for. Its owner
   * closes it.
   */
  readonly constraint?: Constraint;
  /** Told how long the parts of the turn took. */
  readonly observer?: TurnObserver;
  /** Whose it is: while lanes are scarce, tenants are served by turns. */
  readonly tenant?: string;
  /** Whether its save has a transcript; one that it goes on from has it then. */
  readonly transcript?: boolean;
  /** Told how many tokens of the prompt have been read, now and then. */
  readonly progress?: (read: number) => void;
}

/** Texts to score. */
export interface ScoreQuery {
  /** What the texts would go on from; by default the blank state. */
  readonly save?: Save;
  /** The texts, verbatim. An empty one has no tokens. */
  readonly texts: readonly PromptPieces[];
  /** As in {@linkcode Turn}: without it nothing comes before a text's first token. */
  readonly bos?: boolean;
  /** How many likeliest tokens to name at each place; 0 by default. */
  readonly top?: number;
  /** Whose they are, as in {@linkcode Turn}. */
  readonly tenant?: string;
}

/** A text that ends the answer. */
export interface StopSequence {
  /** Not empty. */
  readonly text: string;
  /**
   * Whether the text belongs to the conversation, as the template's end of turn
   * does: the save then goes on after it. Otherwise the save goes on before it.
   * Neither is part of the answer.
   */
  readonly kept: boolean;
}

/** Why a turn ended. */
export type Finish = "stop" | "length" | "cancelled";

/** What happens in a turn, in order: texts, then one `done`. */
export type TurnEvent = TextEvent | DoneEvent;

/** A piece of the answer, decided: no stop can begin inside it any more. */
export interface TextEvent {
  /** Names the event. */
  readonly type: "text";
  /** Whole characters, never empty. */
  readonly text: string;
  /**
   * The tokens that end in this text, if the turn asked for log probabilities:
   * the model's own, before penalties and temperature. Tokens of which a stop
   * took a part, and the end-of-text token, are not among them.
   */
  readonly tokens?: readonly ScoredToken[];
}

/** The end of a turn. */
export interface DoneEvent {
  /** Names the event. */
  readonly type: "done";
  /** Why. */
  readonly finish: Finish;
  /**
   * The stop that ended it, or took the place of the end-of-text token; absent for
   * other ends.
   */
  readonly stop?: StopSequence;
  /** What to go on from. `chat` is the caller's to set. */
  readonly save: Save;
  /** Counts of tokens. */
  readonly usage: TurnUsage;
  /** How often a constraint had tokens taken back; omitted if zero. */
  readonly retries?: number;
  /** Milliseconds of device time, waiting for a lane not included. */
  readonly timings: {
    /** Uploading the state and reading the prompt. */
    readonly prefillMs: number;
    /** Drawing, and downloading the state. */
    readonly decodeMs: number;
  };
}

/** What a turn cost. */
export interface TurnUsage {
  /** Tokens of the prompt, and the end-of-text token that a text began with. */
  readonly promptTokens: number;
  /** Tokens drawn and kept. */
  readonly completionTokens: number;
  /** Tokens the state has read since it was blank. */
  readonly position: number;
  /** Tokens that this turn did not have to read again. */
  readonly prefillSavedTokens: number;
}
