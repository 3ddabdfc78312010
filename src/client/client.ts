/**
 * A client for the native API. It needs `fetch` and nothing else, so it works in
 * browsers, Deno, Bun and Node.
 *
 * ```ts ignore
 * const client = new Client("localhost:8000");
 * const { text, state } = await client.generate({ prompt: "Once upon" });
 * const next = await client.generate({ prompt: " a time", state });
 * ```
 *
 * @module
 */

import type {
  EditAnswer,
  ForgetInput,
  MergeInput,
  TeachAnswer,
  TeachInput,
} from "./editing.ts";
import type {
  GenerateAnswer,
  GenerateInput,
  GenerateOptions,
  GenerationEvent,
} from "./generation.ts";
import { readParts } from "./answer_parts.ts";
import type { SaveToken } from "./save_bytes.ts";
import { parseServerUrl } from "./server_url.ts";

export type * from "./editing.ts";
export type * from "./generation.ts";

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
export class ApiError extends Error {
  /** The HTTP status; 0 where the server said none. */
  readonly status: number;
  /** The stable name of the failure. */
  readonly code: string;
  /** Seconds after which the server wants to be asked again, if it says so. */
  readonly retryAfter: number | undefined;

  /** Reads a problem document. */
  constructor(status: number, problem: unknown, retryAfter?: number) {
    const { title, detail, code }: {
      title?: string;
      detail?: string;
      code?: string;
    } = problem instanceof Object ? problem : {};
    super(detail ?? title ?? `The server answered with status ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code ?? "ERR_UNKNOWN";
    this.retryAfter = retryAfter;
  }
}

/** Answers that say: later. Nothing was begun, and saves can be used again. */
const BUSY_STATUSES = new Set([429, 503]);

/** Seconds to wait at most; who is asked for more is told so. */
const MOST_PATIENCE = 30;

/** A server to talk to. */
export class Client {
  readonly #url: string;
  readonly #clientOptions: Omit<ClientOptions, "url">;
  readonly #fetch: (request: Request) => Promise<Response>;

  /**
   * Connects to nothing yet.
   *
   * @param options The server's address, or more than that.
   * @throws {TypeError} If the address is none.
   */
  constructor(options: ClientOptions | string) {
    const given = typeof options === "string" ? { url: options } : options;
    this.#url = parseServerUrl(given.url);
    this.#clientOptions = given;
    this.#fetch = given.fetch ?? globalThis.fetch.bind(globalThis);
  }

  /** The server's address, without a slash at its end. */
  get url(): string {
    return this.#url;
  }

  /**
   * Asks for a whole answer.
   *
   * @throws {ApiError} If the server refuses.
   */
  async generate(
    request: ClientRequest,
    signal?: AbortSignal,
  ): Promise<GenerateAnswer> {
    return await wholeJson(await this.#askServer(request, signal), signal);
  }

  /**
   * Asks for a whole answer and its save as bytes, which travels as bytes too.
   *
   * @throws {ApiError} If the server refuses.
   */
  async generateBytes(
    request: ClientRequest,
    signal?: AbortSignal,
  ): Promise<AnswerInBytes> {
    const response = await this.#askServer(request, signal, {
      accept: "multipart/mixed",
    });
    const { json, bytes } = await whole(readParts(response), signal);
    return {
      answer: json as Omit<GenerateAnswer, "state">,
      ...(bytes && { save: bytes }),
    };
  }

  /**
   * Teaches a state, and measures what it learned.
   *
   * @throws {ApiError} If the server refuses.
   */
  async teach(
    request: TeachInput,
    signal?: AbortSignal,
  ): Promise<TeachAnswer> {
    return await this.#edit("teach", request, signal);
  }

  /**
   * Makes a state forget, and measures whether it did.
   *
   * @throws {ApiError} If the server refuses.
   */
  async forget(
    request: ForgetInput,
    signal?: AbortSignal,
  ): Promise<EditAnswer> {
    return await this.#edit("forget", request, signal);
  }

  /**
   * Merges states, and measures what the result knows.
   *
   * @throws {ApiError} If the server refuses.
   */
  async merge(request: MergeInput, signal?: AbortSignal): Promise<EditAnswer> {
    return await this.#edit("merge", request, signal);
  }

  async #edit<Answer>(
    verb: string,
    request: object,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { model } = this.#clientOptions;
    const asked = { ...(model !== undefined && { model }), ...request };
    const response = await this.#post(`/v1/state/${verb}`, asked, signal);
    return await wholeJson(response, signal);
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
    return await wholeJson(await this.#post(path, body, signal), signal);
  }

  /**
   * Asks for an answer piece by piece. Leaving the loop stops the work.
   *
   * @throws {ApiError} If the server refuses, or fails on the way.
   */
  async *stream(
    request: ClientRequest,
    signal?: AbortSignal,
  ): AsyncGenerator<GenerationEvent, void> {
    const response = await this.#askServer(
      { ...request, stream: true },
      signal,
    );
    for await (const data of eventData(response, signal)) {
      const event: GenerationEvent | { type: "problem"; status?: number } = JSON
        .parse(data);
      if (event.type === "problem") {
        throw new ApiError(event.status ?? 0, event);
      }
      yield event;
      if (event.type === "done") return;
    }
    throw brokenOff("the connection ended first");
  }

  /** Asks for text; a save in bytes travels as a part of a form. */
  async #askServer(
    { state, ...request }: ClientRequest & { readonly stream?: true },
    signal: AbortSignal | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const { model } = this.#clientOptions;
    const asked = { ...(model !== undefined && { model }), ...request };
    if (state === undefined || typeof state === "string") {
      const body = { ...asked, ...(state !== undefined && { state }) };
      return await this.#post("/v1/generate", body, signal, headers);
    }
    const form = new FormData();
    form.set("request", JSON.stringify(asked));
    form.set("state", new Blob([state]));
    return await this.#post("/v1/generate", form, signal, headers);
  }

  async #post(
    path: string,
    body: unknown,
    signal: AbortSignal | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const { key, secret, newSecret, retries = 2 } = this.#clientOptions;
    const form = body instanceof FormData;
    const sent = form ? body : JSON.stringify(body);
    for (let tried = 0;; tried++) {
      const response = await this.#sendOnce(
        new Request(`${this.#url}${path}`, {
          method: "POST",
          headers: {
            ...(!form && { "content-type": "application/json" }),
            ...(key !== undefined && { authorization: `Bearer ${key}` }),
            ...(secret !== undefined && { "gosling-secret": secret }),
            ...(newSecret !== undefined && { "gosling-new-secret": newSecret }),
            ...headers,
          },
          body: sent,
          signal: signal ?? null,
        }),
      );
      if (response.ok) return response;
      const error = await refusal(response);
      const seconds = error.retryAfter ?? 2 ** tried / 2;
      const again = BUSY_STATUSES.has(error.status) && tried < retries &&
        seconds <= MOST_PATIENCE;
      if (!again) throw error;
      await pause(seconds, signal);
    }
  }

  async #sendOnce(request: Request): Promise<Response> {
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

async function refusal(response: Response): Promise<ApiError> {
  const problem = await response.json().catch(() => undefined);
  const header = response.headers.get("retry-after");
  const seconds = header === null ? NaN : Number(header);
  return new ApiError(
    response.status,
    problem,
    seconds >= 0 ? seconds : undefined,
  );
}

/** An answer that was read to its end; one that took long can break off. */
async function whole<T>(
  reading: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw brokenOff(error instanceof Error ? error.message : `${error}`);
  }
}

async function wholeJson<T>(
  response: Response,
  signal: AbortSignal | undefined,
): Promise<T> {
  return await whole<T>(response.json(), signal);
}

function brokenOff(reason: string): ApiError {
  return new ApiError(0, {
    detail: `Cannot read the answer to its end: ${reason}`,
    code: "ERR_UNREACHABLE",
  });
}

/** Waits, a little longer or less than asked: others wait as well. */
async function pause(
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const spread = 1 + Math.random() / 4;
  await new Promise<void>((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", leave);
      resolve();
    }, 1000 * seconds * spread);
    if (signal?.aborted) leave();
    else signal?.addEventListener("abort", leave, { once: true });
  });
}

/** The data of each server-sent event; comments are left out. */
async function* eventData(
  { body }: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void> {
  if (body === null) return;
  let rest = "";
  const utf8 = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (signal?.aborted) throw error;
        throw brokenOff(error instanceof Error ? error.message : `${error}`);
      });
      signal?.throwIfAborted();
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
