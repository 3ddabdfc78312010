/**
 * The model in this tab: absent until somebody needs it, loaded once, and then a
 * client like that of a server.
 *
 * @module
 */

import { type Signal, signal } from "@preact/signals";
import {
  ApiError,
  type GenerateAnswer,
  type GenerateEnd,
  type GenerationEvent,
  type GenerationRequest,
} from "../../client/client.ts";
import type {
  FromEngine,
  TabModel,
  ToEngine,
} from "../../library/tab_protocol.ts";

/** How the model in the tab is. */
export interface LocalStatus {
  /** `absent` until it is needed; `failed` if it cannot be had. */
  readonly status: "absent" | "loading" | "ready" | "failed";
  /** Share of its bytes that have arrived, while it loads. */
  readonly progress: number;
  /** What is loaded. */
  readonly model?: TabModel;
  /** Why it failed. */
  readonly reason?: string;
}

/** How the model in the tab is, now. */
export const local: Signal<LocalStatus> = signal({
  status: "absent",
  progress: 0,
});

type Listener = (message: FromEngine) => void;

let worker: Worker | undefined;
let loading: Promise<TabModel> | undefined;
let next = 0;
const listeners = new Map<number, Listener>();

/**
 * Loads the model, once.
 *
 * @throws {ApiError} `ERR_LOCAL` if it cannot be had.
 */
export function loadLocal(): Promise<TabModel> {
  loading ??= openTabModel().catch((error) => {
    loading = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    local.value = { status: "failed", progress: 0, reason };
    throw error;
  });
  return loading;
}

async function openTabModel(): Promise<TabModel> {
  local.value = { status: "loading", progress: 0 };
  for await (
    const message of exchangeWithEngine({ type: "open", id: next++ })
  ) {
    if (message.type === "progress") {
      const progress = message.done / message.total;
      local.value = { status: "loading", progress };
    } else if (message.type === "opened") {
      local.value = { status: "ready", progress: 1, model: message.model };
      return message.model;
    }
  }
  throw engineFailure("the engine gave no answer");
}

/** Takes turns in this tab, in the words of the API. */
export const localClient = {
  /** As `Client.stream`. */
  async *stream(
    request: GenerationRequest,
    signal?: AbortSignal,
  ): AsyncGenerator<GenerationEvent, void> {
    await loadLocal();
    signal?.throwIfAborted();
    const id = next++;
    let ended = false;
    const abort = () => postToEngine({ type: "abort", id });
    signal?.addEventListener("abort", abort);
    try {
      for await (
        const message of exchangeWithEngine({ type: "turn", id, request })
      ) {
        if (message.type === "text") yield { type: "text", text: message.text };
        if (message.type === "done") {
          ended = true;
          yield { type: "done", ...message.end };
          return;
        }
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      // Nobody reads what it would still write.
      if (!ended) abort();
    }
  },
  /** As `Client.generate`. */
  async generate(request: GenerationRequest): Promise<GenerateAnswer> {
    let text = "";
    let end: GenerateEnd | undefined;
    for await (const event of localClient.stream(request)) {
      if (event.type === "text") text += event.text;
      else if (event.type === "done") end = event;
    }
    if (end === undefined) throw engineFailure("the turn had no end");
    return { ...end, text };
  },
};

/** Sends a request and gives what is answered, until its end. */
async function* exchangeWithEngine(
  request: ToEngine,
): AsyncGenerator<FromEngine, void> {
  const messages: FromEngine[] = [];
  let news = Promise.withResolvers<void>();
  listeners.set(request.id, (message) => {
    messages.push(message);
    news.resolve();
    news = Promise.withResolvers();
  });
  try {
    postToEngine(request);
    for (;;) {
      const message = messages.shift();
      if (message === undefined) {
        await news.promise;
        continue;
      }
      if (message.type === "failed") {
        throw new ApiError(0, { code: message.code, detail: message.message });
      }
      yield message;
      if (message.type === "opened" || message.type === "done") return;
    }
  } finally {
    listeners.delete(request.id);
  }
}

function postToEngine(message: ToEngine): void {
  worker ??= startEngineWorker();
  worker.postMessage(message);
}

function startEngineWorker(): Worker {
  const engine = new Worker(new URL("engine.js", document.baseURI), {
    type: "module",
  });
  engine.addEventListener("message", ({ data }: MessageEvent<FromEngine>) => {
    listeners.get(data.id)?.(data);
  });
  engine.addEventListener("error", (event) => {
    event.preventDefault();
    worker = undefined;
    loading = undefined;
    for (const [id, listener] of listeners) {
      const message = event.message || "the engine could not be started";
      listener({ type: "failed", id, code: "ERR_LOCAL", message });
    }
  });
  return engine;
}

function engineFailure(found: string): ApiError {
  return new ApiError(0, {
    code: "ERR_LOCAL",
    detail: `Cannot compute on this device: ${found}`,
  });
}
