/**
 * What a client asks for and what comes back, in the native API's words.
 *
 * @module
 */

import type { AnswerGrammar } from "./answer_grammar.ts";

/** One message. */
export interface ChatMessage {
  /** Who speaks. */
  readonly role: "system" | "user" | "assistant";
  /** What they say. */
  readonly content: string;
}

/** How a state is written, from all its bits to the fewest bytes. */
export type SaveCodecName =
  | "exact"
  | "f16"
  | "int10"
  | "int8"
  | "int6"
  | "int4";

/** How to draw and what to return; the names are the API's. */
export interface GenerateOptions {
  /** Name of the model; by default the one that made the state, else the first. */
  readonly model?: string;
  /** The token of the turn before; absent to start afresh. */
  readonly state?: string;
  /** The name of a state of the server's to begin with, in place of `state`. */
  readonly initial?: string;
  /** Whether a new text begins with the end-of-text token; by default as usual. */
  readonly bos?: boolean;
  /** Variables of the model's chat template, `enable_thinking` among them. */
  readonly chat_template_kwargs?: Readonly<Record<string, unknown>>;
  /** Whether a last message of the assistant's is gone on with, as by default. */
  readonly continue_final_message?: boolean;
  /** Tokens to draw at most. */
  readonly max_tokens?: number;
  /** 0 always takes the likeliest token. */
  readonly temperature?: number;
  /** Keep so many likeliest tokens. */
  readonly top_k?: number;
  /** Keep the fewest likeliest tokens of this probability. */
  readonly top_p?: number;
  /** Keep tokens of this share of the likeliest one's probability. */
  readonly min_p?: number;
  /** Against saying anything twice. */
  readonly presence_penalty?: number;
  /** Against saying anything often. */
  readonly frequency_penalty?: number;
  /** How fast draws are forgotten. */
  readonly penalty_decay?: number;
  /** Same seed, same text. */
  readonly seed?: number;
  /** Added to logits, by token id. */
  readonly logit_bias?: Readonly<Record<string, number>>;
  /** Texts that end the answer. */
  readonly stop?: string | readonly string[];
  /** What the answer may be; it ends where it is whole. */
  readonly grammar?: AnswerGrammar;
  /** Characters of strings, digits of numbers and items of lists in JSON. */
  readonly json_limits?: {
    readonly string?: number;
    readonly digits?: number;
    readonly items?: number;
  };
  /** How the returned state is written. */
  readonly state_codec?: SaveCodecName | "none";
  /** How the returned state is protected. */
  readonly state_profile?: "sealed" | "portable";
  /** Whether states made of the returned one may outlive it, as by default. */
  readonly renewable?: boolean;
  /** Whether the returned state has all that it has read; by default as the given. */
  readonly transcript?: boolean;
  /** What becomes of another model's state; by default as the server is set. */
  readonly on_mismatch?: "refuse" | "rebase";
}

/** What to read. */
export type GenerateInput =
  | {
    /** Text, verbatim. */
    readonly prompt: string;
  }
  | {
    /** Messages not read yet. */
    readonly messages: readonly ChatMessage[];
  };

/** A request. */
export type GenerationRequest = GenerateInput & GenerateOptions;

/** How an answer ended. */
export interface GenerateEnd {
  /** The answer's own name. */
  readonly id: string;
  /** What kind of answer it is. */
  readonly object: "generation";
  /** The model that wrote it. */
  readonly model: string;
  /** What the model thought before it answered. */
  readonly reasoning?: string;
  /** Why it ended. */
  readonly finish_reason: "stop" | "length" | "cancelled";
  /** How often the answer went back from where its schema allowed no token. */
  readonly retries?: number;
  /** What it cost, in tokens. */
  readonly usage: {
    /** Tokens of the prompt. */
    readonly prompt_tokens: number;
    /** Tokens drawn. */
    readonly completion_tokens: number;
    /** Tokens read since the state was blank. */
    readonly position: number;
    /** Tokens not read again. */
    readonly prefill_saved_tokens: number;
  };
  /** Send it with the next request; absent if none was asked for. */
  readonly state?: string;
  /** Its size. */
  readonly state_bytes?: number;
  /** How it is written: `exact` where the codec asked for cannot hold a value. */
  readonly state_codec?: string;
  /** Present if the state was another model's, and its text was read anew. */
  readonly rebased?: {
    /** Fingerprint of that model. */
    readonly from: string;
    /** Tokens read anew. */
    readonly tokens: number;
    /** Milliseconds that it took. */
    readonly ms: number;
  };
  /** What it cost, in milliseconds. */
  readonly timings: {
    /** Opening the state sent. */
    readonly open_ms: number;
    /** Reading the prompt. */
    readonly prefill_ms: number;
    /** Writing the answer. */
    readonly decode_ms: number;
    /** Writing the state returned. */
    readonly seal_ms: number;
  };
}

/** A whole answer. */
export interface GenerateAnswer extends GenerateEnd {
  /** What the model wrote. */
  readonly text: string;
}

/** A piece of a streamed answer, or its end. */
export type GenerationEvent =
  | {
    /** Names the event. */
    readonly type: "text";
    /** The next piece. */
    readonly text: string;
    /** The next piece of the thought. */
    readonly reasoning?: string;
  }
  | {
    /** Names the event: another model's text is read anew. */
    readonly type: "rebase";
    /** Tokens read so far. */
    readonly read: number;
    /** About how many there are. */
    readonly of: number;
  }
  | GenerateEnd & {
    /** Names the event. */
    readonly type: "done";
  };
