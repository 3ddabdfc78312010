/**
 * `@gosling/engine`: RWKV-7 in this process, with conversations as bytes.
 *
 * @module
 */

/** Bytes of a file: in memory, or as a browser or `fetch` gives them. */
export type FileBytes = Uint8Array | ArrayBuffer | Blob;

/** What {@linkcode open} takes. */
export interface OpenOptions {
  /** The weights: safetensors (also in parts), GGUF or PyTorch. */
  readonly weights: FileBytes | readonly FileBytes[];
  /** The vocabulary, in the World format or JSON; a GGUF file has its own. */
  readonly vocabulary?: FileBytes;
  /**
   * Texts of files that lie beside the weights and say how the model converses, as
   * the server reads them; a GGUF file has most of it inside.
   */
  readonly settings?: { readonly [Name in SettingsFileName]?: string };
  /**
   * Writes the model's own chat template: `jinja` of `@gosling/engine/templates`. A
   * model with a template is refused without, unless {@linkcode chatForm} is given.
   */
  readonly jinja?: TemplateLanguage;
  /** The form of chats, in place of the template and the practice of the model. */
  readonly chatForm?: "world" | "g1" | "flower";
  /** Whether texts begin with the end-of-text token; the model's practice if absent. */
  readonly bos?: boolean;
  /**
   * What the model is called, `model` by default. Names of official models tell how
   * they converse, as `rwkv7-g1h-0.4b`.
   */
  readonly name?: string;
  /**
   * Where the model runs. `auto`, the default, takes a hardware WebGPU adapter
   * where there is one and WebAssembly elsewhere; a `GPUDevice` stays yours.
   */
  readonly device?: "auto" | "wasm" | "webgpu" | GPUDevice;
  /**
   * Threads of WebAssembly. By default one a core where memory can be shared (an
   * isolated page), and otherwise one, which computes on the caller's thread.
   */
  readonly threads?: number;
  /**
   * How matrices are kept on the device; `none`, the default, keeps the file's
   * precision.
   */
  readonly quantization?: "none" | "int8" | "int4";
  /** Turns at once; 1 by default. Others wait. */
  readonly lanes?: number;
  /** Told how many of how many tensors are on the device. */
  readonly progress?: (done: number, total: number) => void;
}

/** A file beside the weights. */
export type SettingsFileName =
  | "chat_template.jinja"
  | "tokenizer_config.json"
  | "tokenizer.json"
  | "generation_config.json"
  | "fake_think_generation_config.json"
  | "tools_generation_config.json";

/** Opens an interpreter for a template. */
export type TemplateLanguage = (source: string) => {
  /** Writes a text for each of the values, or says why it cannot. */
  write(
    values: readonly Readonly<Record<string, unknown>>[],
  ): Promise<
    { readonly texts: readonly string[] } | { readonly failure: string }
  >;
  /** Gives back what it holds. */
  close(): void;
};

/** One message of a chat. */
export interface TurnMessage {
  /** Who speaks. */
  readonly role: "system" | "user" | "assistant";
  /** What they say. */
  readonly content: string;
}

/** How a save's values are written; see the save format's documentation. */
export type SaveCodec = "exact" | "f16" | "int10" | "int8" | "int6" | "int4";

/** What a turn may be told. */
export interface TurnOptions {
  /** The save to go on from; by default a blank state. */
  readonly save?: Uint8Array;
  /** Codec of the save that the turn leaves; `int8` by default. */
  readonly codec?: SaveCodec;
  /** Tokens to draw at most; 256 by default, 0 only reads. */
  readonly maxTokens?: number;
  /**
   * Divides the logits; 0 takes the likeliest token. What is left out of this and
   * the next ones is as the model's files or its generation have it, else as in the
   * server's API: 1 here.
   */
  readonly temperature?: number;
  /** Keep the fewest likeliest tokens whose probability reaches this; 1. */
  readonly topP?: number;
  /** Keep this many likeliest tokens; 0 keeps all. */
  readonly topK?: number;
  /** Keep tokens of at least this share of the likeliest one's probability. */
  readonly minP?: number;
  /** Subtracted from the logit of each token already drawn; 0. */
  readonly presencePenalty?: number;
  /** Times the token's count, subtracted from its logit; 0. */
  readonly frequencyPenalty?: number;
  /** What a draw counts for after each further one; 0.996. */
  readonly penaltyDecay?: number;
  /** How much to think before the answer; models that cannot do not. `none`. */
  readonly effort?: "none" | "minimal" | "low" | "medium" | "high";
  /** Variables for the model's own chat template, `enable_thinking` in any form. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Whether a text that begins here begins with the end-of-text token. */
  readonly bos?: boolean;
  /** Whether a last message of the assistant's is gone on with; it is by default. */
  readonly continueFinalMessage?: boolean;
  /** Up to 53 bits; by default the seed of the save, or a random one. */
  readonly seed?: number;
  /**
   * Whether the save has a transcript of all that it has read; by default, as in the state before. It begins with a text.
   */
  readonly transcript?: boolean;
  /** Texts that end the answer and are no part of it. */
  readonly stop?: readonly string[];
  /** Ends the turn early; the save is of the place where it ended. */
  readonly signal?: AbortSignal;
}

/** How a turn ended. */
export interface TurnResult {
  /** The whole answer. */
  readonly text: string;
  /** What was thought before it, where anything was. */
  readonly reasoning?: string;
  /** `stop`, `length`, or `cancelled` by the signal. */
  readonly finish: "stop" | "length" | "cancelled";
  /** What to go on from: a portable save, the same as a server's. */
  readonly save: Uint8Array<ArrayBuffer>;
  /** Tokens read and drawn by this turn. */
  readonly usage: {
    /** Tokens of the prompt. */
    readonly promptTokens: number;
    /** Tokens drawn. */
    readonly completionTokens: number;
    /** Tokens that the state has read since it was blank. */
    readonly position: number;
  };
  /** What the turn took. */
  readonly milliseconds: {
    /** Opening the save, and reading. */
    readonly prefill: number;
    /** Drawing, and writing the save. */
    readonly decode: number;
  };
}

/** An answer: its pieces of text as they are decided, and its end. */
export interface TurnAnswer extends AsyncIterable<string> {
  /** Resolves with the end, whether or not anybody reads the pieces. */
  readonly result: Promise<TurnResult>;
}

/** A model that takes turns. */
export interface LocalEngine {
  /** What is loaded. */
  readonly model: {
    /** Its name. */
    readonly name: string;
    /** SHA-256 of weights, vocabulary and layout, hexadecimal: whose saves fit. */
    readonly fingerprint: string;
    /** Parameters. */
    readonly parameters: number;
    /** Layers. */
    readonly layers: number;
    /** Model width. */
    readonly width: number;
    /** Tokens. */
    readonly vocabulary: number;
  };
  /** Where it runs, and in what words. */
  readonly device: { readonly kind: "webgpu" | "wasm"; readonly name: string };
  /**
   * Takes a turn: reads text as it is, or messages through the chat template, and
   * answers. It begins at once, whether or not its pieces are read.
   *
   * @throws {GoslingError} From the result and the pieces: `ERR_STATE_MISMATCH`
   * for another model's save, `ERR_STATE_UNREADABLE` for bytes that are none.
   */
  turn(
    input: string | readonly TurnMessage[],
    options?: TurnOptions,
  ): TurnAnswer;
  /** Ends every turn and frees the device. */
  close(): Promise<void>;
}
