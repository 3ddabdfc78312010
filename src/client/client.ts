/**
 * A client for the native API. It needs `fetch` and nothing else, so it works in
 * browsers, Deno and Node.
 *
 * ```ts ignore
 * const client = new Client({ url: "http://127.0.0.1:8000" });
 * const { text, state } = await client.generate({ prompt: "Once upon" });
 * const next = await client.generate({ prompt: " a time", state });
 * ```
 *
 * @module
 */

import type { AnswerGrammar } from "./answer_grammar.ts";

/** Where the server is, and how to be let in. */
export interface ClientOptions {
  /** The server's address. */
  readonly url: string;
  /** The API key, where the server asks for one. */
  readonly key?: string | undefined;
  /** Used in place of the global `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** One message. */
export interface ChatMessage {
  /** Who speaks. */
  readonly role: "system" | "user" | "assistant";
  /** What they say. */
  readonly content: string;
}

/** How to draw and what to return; the names are the API's. */
export interface GenerateOptions {
  /** The token of the turn before; absent to start afresh. */
  readonly state?: string;
  /** The name of a state of the server's to begin with, in place of `state`. */
  readonly initial?: string;
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
  /** How the returned state is written. */
  readonly state_codec?:
    | "int8"
    | "exact"
    | "f16"
    | "int10"
    | "int6"
    | "int4"
    | "none";
  /** How the returned state is protected. */
  readonly state_profile?: "sealed" | "portable";
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
export type GenerateRequest = GenerateInput & GenerateOptions;

/** How an answer ended. */
export interface GenerateEnd {
  /** The answer's own name. */
  readonly id: string;
  /** The model that wrote it. */
  readonly model: string;
  /** Why it ended. */
  readonly finish_reason: "stop" | "length" | "cancelled";
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
export type GenerateEvent =
  | {
    /** Names the event. */
    readonly type: "text";
    /** The next piece. */
    readonly text: string;
  }
  | GenerateEnd & {
    /** Names the event. */
    readonly type: "done";
  };

/** What the server said instead of answering. */
export class ApiError extends Error {
  /** The HTTP status; 0 where the server said none. */
  readonly status: number;
  /** The stable name of the failure. */
  readonly code: string;

  /** Reads a problem document. */
  constructor(status: number, problem: unknown) {
    const { title, detail, code }: {
      title?: string;
      detail?: string;
      code?: string;
    } = problem instanceof Object ? problem : {};
    super(detail ?? title ?? `The server answered with status ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code ?? "ERR_UNKNOWN";
  }
}

/** A server to talk to. */
export class Client {
  readonly #url: string;
  readonly #key: string | undefined;
  readonly #fetch: (request: Request) => Promise<Response>;

  /** Connects to nothing yet. */
  constructor(
    { url, key, fetch = globalThis.fetch.bind(globalThis) }: ClientOptions,
  ) {
    this.#url = url.replace(/\/+$/, "");
    this.#key = key;
    this.#fetch = fetch;
  }

  /**
   * Asks for a whole answer.
   *
   * @throws {ApiError} If the server refuses.
   */
  async generate(
    request: GenerateRequest,
    signal?: AbortSignal,
  ): Promise<GenerateAnswer> {
    const response = await this.#post("/v1/generate", request, signal);
    return await response.json();
  }

  /**
   * Sends JSON to any route, and gives the JSON that it answers.
   *
   * @throws {ApiError} If the server refuses.
   */
  async post(
    path: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<unknown> {
    return await (await this.#post(path, body, signal)).json();
  }

  /**
   * Asks for an answer piece by piece. Leaving the loop stops the work.
   *
   * @throws {ApiError} If the server refuses, or fails on the way.
   */
  async *stream(
    request: GenerateRequest,
    signal?: AbortSignal,
  ): AsyncGenerator<GenerateEvent, void> {
    const body = { ...request, stream: true };
    const response = await this.#post("/v1/generate", body, signal);
    for await (const data of eventData(response)) {
      const event: GenerateEvent | { type: "problem"; status?: number } = JSON
        .parse(data);
      if (event.type === "problem") {
        throw new ApiError(event.status ?? 0, event);
      }
      yield event;
    }
  }

  async #post(
    path: string,
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const response = await this.#send(
      new Request(`${this.#url}${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(this.#key !== undefined &&
            { authorization: `Bearer ${this.#key}` }),
        },
        body: JSON.stringify(body),
        signal: signal ?? null,
      }),
    );
    if (response.ok) return response;
    const problem = await response.json().catch(() => undefined);
    throw new ApiError(response.status, problem);
  }

  async #send(request: Request): Promise<Response> {
    try {
      return await this.#fetch(request);
    } catch (error) {
      if (request.signal.aborted) throw error;
      const reason = error instanceof Error ? error.message : error;
      throw new ApiError(0, {
        detail: `Cannot reach ${this.#url}: ${reason}`,
        code: "ERR_UNREACHABLE",
      });
    }
  }
}

/** The data of each server-sent event; comments are left out. */
async function* eventData(response: Response): AsyncGenerator<string, void> {
  const { body } = response;
  if (body === null) return;
  let rest = "";
  const utf8 = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + utf8.decode(value, { stream: true })).split(
        "\n\n",
      );
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        if (block.startsWith("data: ")) yield block.slice("data: ".length);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
