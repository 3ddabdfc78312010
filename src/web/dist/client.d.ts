/** What an answer may be. */
export type AnswerGrammar = {
    /**
     * What of the answer stands written, where a turn goes on with a value that an
     * earlier one had to cut: the text of the turns before.
     */
    readonly written?: string;
} & ({
    /** Any JSON object, in one line. */
    readonly type: "json";
} | {
    /** What a JSON schema describes, in one line. */
    readonly type: "json_schema";
    /** The schema. */
    readonly schema: Readonly<Record<string, unknown>>;
    /** Only properties and items that the schema names; true by default. */
    readonly strict?: boolean;
} | {
    /** What a regular expression matches from its start to its end. */
    readonly type: "regex";
    /** The expression. */
    readonly pattern: string;
} | {
    /** A text of a context-free grammar. */
    readonly type: "ebnf";
    /** Rules `name ::= …`, one of them `root`. */
    readonly rules: string;
});
/** One message. */
export interface ChatMessage {
    /** Who speaks. */
    readonly role: "system" | "user" | "assistant";
    /** What they say. */
    readonly content: string;
}
/** How a state is written, from all its bits to the fewest bytes. */
export type SaveCodecName = "exact" | "f16" | "int10" | "int8" | "int6" | "int4";
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
export type GenerateInput = {
    /** Text, verbatim. */
    readonly prompt: string;
} | {
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
export type GenerationEvent = {
    /** Names the event. */
    readonly type: "text";
    /** The next piece. */
    readonly text: string;
    /** The next piece of the thought. */
    readonly reasoning?: string;
} | {
    /** Names the event: another model's text is read anew. */
    readonly type: "rebase";
    /** Tokens read so far. */
    readonly read: number;
    /** About how many there are. */
    readonly of: number;
} | GenerateEnd & {
    /** Names the event. */
    readonly type: "done";
};
/** A question, and the answer that shows that something is known. */
export interface KnownFact {
    /** What is asked. */
    readonly question: string;
    /** What is answered by a model that knows. */
    readonly answer: string;
}
/** An exchange to learn from. */
export interface TaughtExample {
    /** What the user says. */
    readonly user: string;
    /** What the assistant replies. */
    readonly assistant: string;
}
/** Which model an edit is for, and how its result is written. */
export interface EditOptions {
    /** Name of the model; by default the one that made the state, else the first. */
    readonly model?: string;
    /** How the returned state is written; `int8` by default. */
    readonly state_codec?: SaveCodecName;
    /** Sealed, or portable where the server allows it. */
    readonly state_profile?: "sealed" | "portable";
    /** Whether states made of the returned one may outlive it, as by default. */
    readonly renewable?: boolean;
}
/** What to teach. */
export interface TeachInput extends EditOptions {
    /** The state to teach; by default a blank one. */
    readonly state?: string;
    /** The name of a state of the server's to begin with, in place of `state`. */
    readonly initial?: string;
    /** Said to the model, which replies to each. */
    readonly statements?: readonly string[];
    /** Read as they are. */
    readonly examples?: readonly TaughtExample[];
    /** Never read: order and repetitions are chosen by them. */
    readonly held_out?: readonly TaughtExample[];
    /** What must be known afterwards. */
    readonly facts?: readonly KnownFact[];
    /** What must stay as likely as it is. */
    readonly keep?: readonly KnownFact[];
    /** Ways to try at most. */
    readonly candidates?: number;
}
/** What to forget. */
export interface ForgetInput extends EditOptions {
    /** The state. */
    readonly state: string;
    /** All that it was told, from the beginning, if it may be read again. */
    readonly messages?: readonly ChatMessage[];
    /** What is to be forgotten. */
    readonly facts: readonly KnownFact[];
    /** What to say for it; by default words of the server's own. */
    readonly statements?: readonly string[];
    /** What must stay as likely as it is. */
    readonly keep?: readonly KnownFact[];
    /** Ways to try at most. */
    readonly candidates?: number;
}
/** What to merge. */
export interface MergeInput extends EditOptions {
    /** Two to four states. */
    readonly states: readonly {
        /** The state. */
        readonly state: string;
        /** Its weight in a mean; 1 by default. */
        readonly weight?: number;
        /** What it was told, if it may be read again. */
        readonly messages?: readonly ChatMessage[];
    }[];
    /** What must be known afterwards as well as before. */
    readonly facts?: readonly KnownFact[];
}
/** A fact, and what the edit did to it: log probabilities of its answer, nats. */
export interface EditedFact extends KnownFact {
    /** Tokens of the answer. */
    readonly tokens: number;
    /** In a blank state. */
    readonly blank: number;
    /** Before the edit; of several states, in the best of them. */
    readonly before: number;
    /** After it. */
    readonly after: number;
    /** What the model answers now. */
    readonly says?: string;
    /** Whether the fact is as it was meant to be. */
    readonly achieved: boolean;
}
/** A state that was edited, and what was achieved. */
export interface EditAnswer {
    /** Names the answer. */
    readonly object: "edited_state";
    /** Whether every fact is as it was meant to be; null if none was given. */
    readonly achieved: boolean | null;
    /** That, in a sentence. */
    readonly summary: string;
    /** What was done; `nothing` if nothing was better. */
    readonly method: string;
    /** The facts, and the examples held out. */
    readonly facts: readonly EditedFact[];
    /** The facts that had to stay. */
    readonly kept: readonly EditedFact[];
    /** Everything that was tried: mean log probabilities a token. */
    readonly attempts: readonly {
        /** What was done. */
        readonly method: string;
        /** Of the facts. */
        readonly facts: number;
        /** Of the facts that had to stay. */
        readonly kept?: number;
        /** Whether it was chosen. */
        readonly chosen: boolean;
    }[];
    /** What to go on from. */
    readonly state: string;
    /** Its size. */
    readonly state_bytes: number;
    /** How it is written. */
    readonly state_codec: string;
    /** Tokens it has read. */
    readonly position: number;
}
/** A state that was taught. */
export interface TeachAnswer extends EditAnswer {
    /** What the returned state was told by this, in order, with the model's replies. */
    readonly told: readonly TaughtExample[];
    /** Mean log probabilities a token of what was never read. */
    readonly held_out?: {
        /** In a blank state. */
        readonly blank: number;
        /** In the state given. */
        readonly before: number;
        /** After reading everything once, in order. */
        readonly read: number;
        /** In the state returned. */
        readonly taught: number;
    };
}
/** A save, as text or as bytes. */
export type SaveToken = string | Uint8Array<ArrayBuffer>;
/**
 * A save as bytes, which `saveText` makes the same text of.
 *
 * @throws {TypeError} If it is no save.
 */
export declare function saveBytes(save: SaveToken): Uint8Array<ArrayBuffer>;
/**
 * A save as text.
 *
 * @throws {TypeError} If the bytes are of another version.
 */
export declare function saveText(save: SaveToken): string;
/** Where the server is, and how to be let in. */
export interface ClientOptions {
    /** The server's address, as people type it: `localhost:8000`. */
    readonly url: string;
    /** The API key, where the server asks for one. */
    readonly key?: string | undefined;
    /** The model of requests that name none. */
    readonly model?: string | undefined;
    /** How often to ask again where the server is busy (429, 503); 2 by default. */
    readonly retries?: number | undefined;
    /**
     * `LABEL:SECRET` of the owner, from {@linkcode lockSecret} or one's own: opens
     * locked states, and locks those that are returned.
     */
    readonly secret?: string | undefined;
    /** Another one for those that are returned; `none` unlocks them. */
    readonly newSecret?: string | undefined;
    /** Used in place of the global `fetch`. */
    readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
}
/** A request whose save may be bytes as well. */
export type ClientRequest = GenerateInput & Omit<GenerateOptions, "state"> & {
    /** The save of the turn before; absent to start afresh. */
    readonly state?: SaveToken;
};
/** A whole answer, and its save as bytes. */
export interface AnswerInBytes {
    /** What the server says besides. */
    readonly answer: Omit<GenerateAnswer, "state">;
    /** Send it with the next request; absent if none was asked for. */
    readonly save?: Uint8Array<ArrayBuffer>;
}
/** What the server said instead of answering. */
export declare class ApiError extends Error {
    /** The HTTP status; 0 where the server said none. */
    readonly status: number;
    /** The stable name of the failure. */
    readonly code: string;
    /** Seconds after which the server wants to be asked again, if it says so. */
    readonly retryAfter: number | undefined;
    /** Reads a problem document. */
    constructor(status: number, problem: unknown, retryAfter?: number);
}
/** A server to talk to. */
export declare class Client {
    #private;
    /**
     * Connects to nothing yet.
     *
     * @param options The server's address, or more than that.
     * @throws {TypeError} If the address is none.
     */
    constructor(options: ClientOptions | string);
    /** The server's address, without a slash at its end. */
    get url(): string;
    /**
     * Asks for a whole answer.
     *
     * @throws {ApiError} If the server refuses.
     */
    generate(request: ClientRequest, signal?: AbortSignal): Promise<GenerateAnswer>;
    /**
     * Asks for a whole answer and its save as bytes, which travels as bytes too.
     *
     * @throws {ApiError} If the server refuses.
     */
    generateBytes(request: ClientRequest, signal?: AbortSignal): Promise<AnswerInBytes>;
    /**
     * Teaches a state, and measures what it learned.
     *
     * @throws {ApiError} If the server refuses.
     */
    teach(request: TeachInput, signal?: AbortSignal): Promise<TeachAnswer>;
    /**
     * Makes a state forget, and measures whether it did.
     *
     * @throws {ApiError} If the server refuses.
     */
    forget(request: ForgetInput, signal?: AbortSignal): Promise<EditAnswer>;
    /**
     * Merges states, and measures what the result knows.
     *
     * @throws {ApiError} If the server refuses.
     */
    merge(request: MergeInput, signal?: AbortSignal): Promise<EditAnswer>;
    /**
     * Sends JSON to any route, and gives the JSON that it answers.
     *
     * @throws {ApiError} If the server refuses.
     */
    post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown>;
    /**
     * Asks for an answer piece by piece. Leaving the loop stops the work.
     *
     * @throws {ApiError} If the server refuses, or fails on the way.
     */
    stream(request: ClientRequest, signal?: AbortSignal): AsyncGenerator<GenerationEvent, void>;
}
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
declare function readRecord(value: unknown): ConversationRecord;
/** A turn that was taken. */
export interface ConversationTurn {
    /** The turn that it goes on from; absent for a first one. */
    readonly before?: ConversationTurn;
    /** What was said. */
    readonly messages: readonly ChatMessage[];
    /** What was answered, as far as it was read. */
    readonly answer: string;
    /** What the model thought before. */
    readonly reasoning?: string;
    /** How it ended; `left` where the loop over its answer was left. */
    readonly finish: GenerateEnd["finish_reason"] | "left";
    /** What it cost, in tokens. */
    readonly usage?: GenerateEnd["usage"];
    /** The save that it left. Without one, its words are read again. */
    readonly save?: string;
}
/** How to draw, in every turn. */
export type SayOptions = Omit<GenerateOptions, "state">;
/** What to put into a record. */
export interface RecordOptions {
    /** Only the saves of ends of branches, of slots, and of this place. */
    readonly slim?: boolean;
}
/** Whatever takes turns: a server's client, or an engine beside it. */
export type StreamClient = Pick<Client, "stream">;
/** A conversation with a model. */
export declare class Conversation {
    #private;
    /**
     * Begins a conversation, or goes on with one.
     *
     * @param client The server.
     * @param options How to draw, in every turn.
     * @param save What to go on from.
     */
    constructor(client: StreamClient, options?: SayOptions, save?: SaveToken);
    /**
     * The conversation of a {@linkcode record}.
     *
     * @throws {TypeError} If it is another thing.
     */
    static from(client: StreamClient, record: unknown, options?: SayOptions): Conversation;
    /** The last turn: how it ended, what it cost. Absent before the first. */
    get turn(): ConversationTurn | undefined;
    /** The turns that lead here, the first one first. */
    get path(): readonly ConversationTurn[];
    /** Every turn that was taken, on whichever branch, in their order. */
    get turns(): readonly ConversationTurn[];
    /** What to go on from: absent before the first save. */
    get save(): string | undefined;
    /** The names of slots. */
    get slots(): readonly string[];
    /**
     * Says something, and gives the answer piece by piece; {@linkcode turn} then says
     * how it ended. Where the loop is left, what was read of the answer is kept, and
     * the next turn goes on from there. A turn that fails, or whose signal aborts it,
     * has not happened.
     *
     * @throws {ApiError} If the server refuses, or fails on the way.
     * @throws {Error} If another turn is under way.
     */
    say(message: string | readonly ChatMessage[], signal?: AbortSignal): AsyncGenerator<string, ConversationTurn>;
    /**
     * Says something, and waits for the whole answer.
     *
     * @throws {ApiError} If the server refuses, or fails on the way.
     * @throws {Error} If another turn is under way.
     */
    ask(message: string | readonly ChatMessage[], signal?: AbortSignal): Promise<ConversationTurn>;
    /**
     * Has the last turn answered once more, by another seed: a branch beside it.
     *
     * @throws {Error} If there is no turn, or another is under way.
     */
    again(signal?: AbortSignal): AsyncGenerator<string, ConversationTurn>;
    /** Another conversation with the same past; what it says is its own. */
    fork(): Conversation;
    /** Goes back by one turn, which stays in the tree; false if there is none. */
    undo(): boolean;
    /**
     * Goes to any turn of the tree, or before the first.
     *
     * @throws {Error} If it is none of this tree, or a turn is under way.
     */
    go(turn?: ConversationTurn): void;
    /** The turns that go on from one; those that begin, without one. */
    branches(turn?: ConversationTurn): readonly ConversationTurn[];
    /** Gives this place a name, as a save slot of a game. */
    keep(slot: string): void;
    /** Goes to the place of that name; false if there is none. */
    load(slot: string): boolean;
    /** Forgets a name; false if there is none. */
    drop(slot: string): boolean;
    /**
     * The whole tree as data, most of which are saves. A turn without one can still
     * be gone on from: its words are read again.
     */
    record({ slim }?: RecordOptions): ConversationRecord;
    /** {@linkcode record}, for `JSON.stringify`. */
    toJSON(): ConversationRecord;
}
/** What was said and answered. */
export interface Exchange {
    /** The person's words. */
    readonly user: string;
    /** The model's words. */
    readonly answer: string;
}
/** What a file may say of the turn that left its save. */
export interface SaveFileTurn {
    /** The model's name. */
    readonly model?: string;
    /** The model's weights; a save opens with no others. */
    readonly fingerprint?: string;
    /** Tokens read since blank. */
    readonly position?: number;
    /** How the save is written. */
    readonly codec?: string;
    /** Bytes of the save as it travels. */
    readonly bytes?: number;
    /** When, in milliseconds of Unix time. */
    readonly at?: number;
}
/** What a file holds. */
export interface SaveFileContent {
    /** What the save is called. */
    readonly name: string;
    /** What the turn says of itself, as far as the file knows. */
    readonly turn: SaveFileTurn;
    /** The words so far. */
    readonly past: readonly Exchange[];
    /** Whether the save has read more than these words, or others. */
    readonly partial?: boolean;
    /** The token. */
    readonly state: string;
}
/** The text of a file. */
export declare function formatSaveFile({ name, turn, past, partial, state }: SaveFileContent): string;
/**
 * Reads the text of a file.
 *
 * @param file Its name, which without the ending is the name of a bare token.
 * @throws {TypeError} If it is no save, and why.
 */
export declare function parseSaveFile(text: string, file: string): SaveFileContent;
/** A new label: a random salt, and how slow the derivation is. */
export declare function newLabel(): string;
/**
 * Derives the secret of a passphrase, as `secret` of a client takes it. Takes a good
 * part of a second.
 *
 * @param label From {@linkcode newLabel}, or that of the state to be opened.
 * @throws {TypeError} If the label names no derivation of this kind, or a fast one.
 */
export declare function lockSecret(passphrase: string, label: string): Promise<string>;
/**
 * The label of the secret that a state needs; nothing if it needs none. Says nothing
 * of whether the state is authentic.
 */
export declare function labelOf(state: string): string | undefined;
/**
 * The address that is meant, without a slash at its end: `localhost:8000`,
 * `gosling.example`, `https://host/base/v1/` and a copied `…/v1/generate?x` are all
 * understood. Without a scheme it is `http` for this machine, bare names and
 * numbers, and for whatever names a port; else `https`.
 *
 * @throws {TypeError} If it is no address of the web.
 */
export declare function parseServerUrl(text: string): string;

export {};
