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

import type {
  EditAnswer,
  ForgetInput,
  MergeInput,
  TeachAnswer,
  TeachInput,
} from "./editing.ts";
import type {
  GenerateAnswer,
  GenerationEvent,
  GenerationRequest,
} from "./generation.ts";

export type * from "./editing.ts";
export type * from "./generation.ts";

/** Where the server is, and how to be let in. */
export interface ClientOptions {
  /** The server's address. */
  readonly url: string;
  /** The API key, where the server asks for one. */
  readonly key?: string | undefined;
  /** Used in place of the global `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

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
    request: GenerationRequest,
    signal?: AbortSignal,
  ): Promise<GenerateAnswer> {
    const response = await this.#post("/v1/generate", request, signal);
    return await response.json();
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
    return await (await this.#post("/v1/state/teach", request, signal)).json();
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
    return await (await this.#post("/v1/state/forget", request, signal)).json();
  }

  /**
   * Merges states, and measures what the result knows.
   *
   * @throws {ApiError} If the server refuses.
   */
  async merge(request: MergeInput, signal?: AbortSignal): Promise<EditAnswer> {
    return await (await this.#post("/v1/state/merge", request, signal)).json();
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
    request: GenerationRequest,
    signal?: AbortSignal,
  ): AsyncGenerator<GenerationEvent, void> {
    const body = { ...request, stream: true };
    const response = await this.#post("/v1/generate", body, signal);
    for await (const data of eventData(response)) {
      const event: GenerationEvent | { type: "problem"; status?: number } = JSON
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
