/**
 * The engine in the tab: a worker that loads the model which lies beside the page
 * and takes turns, in the API's words. The page stays free while it computes.
 *
 * @module
 */

import { GoslingError } from "../errors.ts";
import { type LocalEngine, open } from "./local_engine.ts";
import { portableBytes, portableText } from "../state/portable_token.ts";
import type { FromEngine, ModelManifest, ToEngine } from "./tab_protocol.ts";

declare const self: {
  readonly location: Location;
  postMessage(message: FromEngine): void;
  addEventListener(
    type: "message",
    listener: (event: MessageEvent<ToEngine>) => void,
  ): void;
};

const MODEL_CACHE = "gosling-model";
const MODEL_FOLDER = new URL("model/", self.location.href);

let engine: Promise<LocalEngine> | undefined;
const turns = new Map<number, AbortController>();

self.addEventListener("message", ({ data }) => {
  if (data.type === "abort") return turns.get(data.id)?.abort();
  const work = data.type === "open" ? openedTab(data.id) : runTabTurn(data);
  work.catch((error) =>
    self.postMessage({
      type: "failed",
      id: data.id,
      code: error instanceof GoslingError ? error.code : "ERR_UNKNOWN",
      message: error instanceof Error ? error.message : String(error),
    })
  );
});

async function openedTab(id: number): Promise<void> {
  const { model, device } = await tabEngine((done, total) =>
    self.postMessage({ type: "progress", id, done, total })
  );
  self.postMessage({
    type: "opened",
    id,
    model: {
      name: model.name,
      fingerprint: model.fingerprint,
      parameters: model.parameters,
      device: device.name,
    },
  });
}

/** Told of bytes of the model that have arrived, and of all that there are. */
type Progress = (done: number, total: number) => void;

/** The engine, loaded when it is first asked for, and again where that failed. */
function tabEngine(progress: Progress = () => {}): Promise<LocalEngine> {
  if (engine === undefined) {
    engine = loadTabModel(progress);
    engine.catch(() => engine = undefined);
  }
  return engine;
}

async function loadTabModel(progress: Progress): Promise<LocalEngine> {
  const manifest: ModelManifest = await (await fetchModelFile("model.json"))
    .json();
  let done = 0;
  const file = async (name: string) => {
    const { body } = await fetchModelFile(name);
    if (body === null) throw new TypeError(`Cannot load ${name}: it is empty`);
    const counted = body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller): void {
          progress(done += chunk.length, manifest.bytes);
          controller.enqueue(chunk);
        },
      }),
    );
    return await new Response(counted).arrayBuffer();
  };
  return await open({
    name: manifest.name,
    weights: await file(manifest.weights),
    vocabulary: await file(manifest.vocabulary),
    ...(manifest.settings && { settings: manifest.settings }),
  });
}

/** From where the page came, and from the cache where that is away. */
async function fetchModelFile(name: string): Promise<Response> {
  const url = new URL(name, MODEL_FOLDER);
  const cache = await caches.open(MODEL_CACHE).catch(() => undefined);
  const kept = await cache?.match(url);
  // The weights of a model do not change under one name and size of its manifest.
  if (kept !== undefined && name !== "model.json") return kept;
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    if (kept !== undefined) return kept;
    throw error;
  }
  if (!response.ok) {
    if (kept !== undefined) return kept;
    throw new TypeError(
      `Cannot load ${name}: ${url.host} answered ${response.status}`,
    );
  }
  if (name === "model.json" && kept !== undefined) {
    const [old, now] = [await kept.text(), await response.clone().text()];
    if (old !== now) await forget(cache);
  }
  await cache?.put(url, response.clone()).catch(() => undefined);
  return response;
}

/** Another model lies there now. */
async function forget(cache: Cache | undefined): Promise<void> {
  for (const request of await cache?.keys() ?? []) {
    await cache?.delete(request);
  }
}

async function runTabTurn(
  { id, request }: Extract<ToEngine, { type: "turn" }>,
): Promise<void> {
  const stop = new AbortController();
  // Before the model is there, for it may be ended until then.
  turns.set(id, stop);
  try {
    const loaded = await tabEngine();
    const { model } = loaded;
    const began = performance.now();
    const { state, seed, stop: stops = [], state_codec: codec } = request;
    const { bos, chat_template_kwargs: variables } = request;
    const answer = loaded.turn(
      "prompt" in request ? request.prompt : request.messages,
      {
        signal: stop.signal,
        stop: [stops].flat(),
        ...(state !== undefined && { save: portableBytes(state) }),
        ...(seed !== undefined && { seed }),
        ...(codec !== undefined && codec !== "none" && { codec }),
        ...(request.max_tokens !== undefined &&
          { maxTokens: request.max_tokens }),
        ...(request.temperature !== undefined &&
          { temperature: request.temperature }),
        ...(request.top_p !== undefined && { topP: request.top_p }),
        ...(request.top_k !== undefined && { topK: request.top_k }),
        ...(request.min_p !== undefined && { minP: request.min_p }),
        ...(request.presence_penalty !== undefined &&
          { presencePenalty: request.presence_penalty }),
        ...(request.frequency_penalty !== undefined &&
          { frequencyPenalty: request.frequency_penalty }),
        ...(request.penalty_decay !== undefined &&
          { penaltyDecay: request.penalty_decay }),
        ...(bos !== undefined && { bos }),
        ...(variables !== undefined && { variables }),
        ...(request.continue_final_message !== undefined &&
          { continueFinalMessage: request.continue_final_message }),
      },
    );
    for await (const text of answer) {
      self.postMessage({ type: "text", id, text });
    }
    const { finish, save, usage, milliseconds, reasoning } = await answer
      .result;
    const token = portableText(save);
    const spent = milliseconds.prefill + milliseconds.decode;
    self.postMessage({
      type: "done",
      id,
      end: {
        id: `local-${id}`,
        object: "generation",
        model: model.name,
        ...(reasoning !== undefined && { reasoning }),
        finish_reason: finish,
        usage: {
          prompt_tokens: usage.promptTokens,
          completion_tokens: usage.completionTokens,
          position: usage.position,
          prefill_saved_tokens: usage.position - usage.promptTokens -
            usage.completionTokens,
        },
        state: token,
        state_bytes: token.length,
        timings: {
          open_ms: 0,
          prefill_ms: milliseconds.prefill,
          decode_ms: milliseconds.decode,
          seal_ms: Math.max(0, performance.now() - began - spent),
        },
      },
    });
  } finally {
    turns.delete(id);
  }
}
