/**
 * Opens a model where no server is: a tab, Node.js, Bun, Deno, an edge runtime.
 *
 * @module
 */

import { takeTurn } from "../chat/turn.ts";
import type { Device } from "../device/device.ts";
import type { Engine } from "../engine/engine.ts";
import { openEngine } from "../engine/device_engine.ts";
import { GoslingError, StateError } from "../errors.ts";
import { parameters } from "../model/checkpoint.ts";
import { openUnread } from "../model/open.ts";
import { blobSource, type ByteSource, bytesSource } from "../model/source.ts";
import { decodeSave, encodeSave } from "../state/format.ts";
import { isPortableBytes, openPortable, portable } from "../state/portable.ts";
import type { Save, SaveFormat } from "../state/save.ts";
import { hex } from "../text/hex.ts";
import type {
  FileBytes,
  LocalEngine,
  OpenOptions,
  TurnAnswer,
  TurnMessage,
  TurnOptions,
  TurnResult,
} from "./api.ts";
import { localDevice } from "./local_device.ts";

export { GoslingError };
export type * from "./api.ts";

/** Lanes besides those of turns, for copies of states. */
const SPARE = 1;

/**
 * Loads a model and puts it to work.
 *
 * @throws {GoslingError} `ERR_MODEL_…` if the files are no model, `ERR_DEVICE_…`
 * if it cannot run here.
 */
export async function open(options: OpenOptions): Promise<LocalEngine> {
  const { name = "model", quantization = "none", lanes = 1 } = options;
  const weights = [options.weights].flat().map((bytes, i) =>
    sourceOf(`${name} (weights${i > 0 ? ` ${i + 1}` : ""})`, bytes)
  );
  const { vocabulary } = options;
  const found = await openUnread({
    weights,
    ...(vocabulary !== undefined &&
      { vocabulary: sourceOf(`${name} (vocabulary)`, vocabulary) }),
  });
  const { checkpoint, tokenizer } = found;
  const { shape } = checkpoint;
  const open = () => localDevice(options.device ?? "auto", options.threads);
  let device: Device | undefined = await open();
  const { kind, name: deviceName } = device;
  const load = async () => {
    device ??= await open();
    const { progress } = options;
    return await device.load(checkpoint, {
      lanes: lanes + SPARE,
      quantization,
      ...(progress && { progress }),
    });
  };
  // Before the fingerprint, which then needs no second reading of the weights.
  let loaded: Awaited<ReturnType<typeof load>> | undefined = await load();
  const fingerprint = await found.fingerprint();
  const format: SaveFormat = { fingerprint, shape };
  const engine = await openEngine({
    model: {
      id: name,
      shape,
      fingerprint: hex(fingerprint),
      parameters: parameters(shape),
      quantization,
      device: { kind, name: deviceName },
      lanes,
    },
    format,
    tokenizer,
    maxWaiting: 64,
    async load() {
      const model = loaded ?? await load();
      loaded = undefined;
      return model;
    },
    lost() {
      device = undefined;
    },
  });
  return {
    model: {
      name,
      fingerprint: engine.model.fingerprint,
      parameters: engine.model.parameters,
      layers: shape.L,
      width: shape.D,
      vocabulary: shape.V,
    },
    device: { kind, name: deviceName },
    turn: (input, turnOptions = {}) =>
      beginTurn(engine, format, input, turnOptions),
    async close(): Promise<void> {
      await engine.dispose();
      await device?.dispose();
    },
  };
}

/** Runs a turn, and lets any number of readers follow. */
function beginTurn(
  engine: Engine,
  format: SaveFormat,
  input: string | readonly TurnMessage[],
  options: TurnOptions,
): TurnAnswer {
  const pieces: string[] = [];
  let ended = false;
  let news = Promise.withResolvers<void>();
  const tell = () => {
    news.resolve();
    news = Promise.withResolvers<void>();
  };
  const result = runTurn(engine, format, input, options, (text) => {
    pieces.push(text);
    tell();
  }).finally(() => {
    ended = true;
    tell();
  });
  // Whoever reads the pieces alone hears of a failure there.
  result.catch(() => {});
  return {
    result,
    async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
      for (let next = 0;;) {
        if (next < pieces.length) yield pieces[next++];
        else if (ended) return void await result;
        else await news.promise;
      }
    },
  };
}

async function runTurn(
  engine: Engine,
  format: SaveFormat,
  input: string | readonly TurnMessage[],
  options: TurnOptions,
  heard: (text: string) => void,
): Promise<TurnResult> {
  const { codec = "int8", maxTokens = 256, temperature = 1 } = options;
  const { topK = 0, topP = 0.5 } = options;
  const save = options.save && await openSaveBytes(options.save, format);
  const events = takeTurn({ engine }, {
    save,
    input: typeof input === "string" ? { prompt: input } : { messages: input },
    maxTokens,
    sampling: {
      temperature,
      topK,
      topP,
      minP: options.minP ?? 0,
      presencePenalty: options.presencePenalty ?? 0,
      frequencyPenalty: options.frequencyPenalty ?? 0,
      penaltyDecay: 1,
      logitBias: new Map(),
    },
    seed: options.seed,
    stops: options.stop ?? [],
  }, options.signal ?? new AbortController().signal);
  let text = "";
  for await (const event of events) {
    if (event.type === "text") {
      text += event.text;
      if (event.text !== "") heard(event.text);
      continue;
    }
    const { device: { name }, id } = engine.model;
    const note = { engine: `@gosling/engine ${id}`, device: name };
    const { bytes } = encodeSave(event.save, format, codec, note);
    const { promptTokens, completionTokens, position } = event.usage;
    return {
      text,
      finish: event.finish,
      save: await portable(bytes),
      usage: { promptTokens, completionTokens, position },
      milliseconds: {
        prefill: event.timings.prefillMs,
        decode: event.timings.decodeMs,
      },
    };
  }
  throw new StateError(
    "ERR_STATE_UNREADABLE",
    "Cannot end the turn: the engine gave no save",
  );
}

async function openSaveBytes(
  given: Uint8Array,
  format: SaveFormat,
): Promise<Save> {
  const bytes = new Uint8Array(given);
  if (!isPortableBytes(bytes)) {
    throw new StateError(
      "ERR_STATE_UNREADABLE",
      `Cannot open the save: its ${bytes.length} bytes are no portable save. ` +
        "A server's sealed one can be opened by that server alone; ask it for " +
        'a portable one ("state_profile": "portable")',
    );
  }
  return decodeSave(await openPortable(bytes), format);
}

function sourceOf(name: string, bytes: FileBytes): ByteSource {
  if (bytes instanceof Blob) return blobSource(name, bytes);
  if (bytes instanceof ArrayBuffer) {
    return bytesSource(name, new Uint8Array(bytes));
  }
  const own = bytes.buffer instanceof ArrayBuffer
    ? bytes as Uint8Array<ArrayBuffer>
    : new Uint8Array(bytes);
  return bytesSource(name, own);
}
