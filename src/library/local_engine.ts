/**
 * Opens a model where no server is: a tab, Node.js, Bun, Deno, an edge runtime.
 *
 * @module
 */

import { openConversation, speakerOf } from "../chat/conversation_form.ts";
import {
  type DecodingFields,
  drawingOf,
  PENALTY_DECAY,
} from "../chat/sampling_profile.ts";
import { headDigest, splitHead } from "../chat/conversation_head.ts";
import { effortOf, thoughtful } from "../chat/thought/thinking.ts";
import { type Speaker, takeTurn } from "../chat/chat_turn.ts";
import type { Device } from "../device/device.ts";
import { openEngine } from "../engine/device_engine.ts";
import { GoslingError, StateError } from "../errors.ts";
import { parameters } from "../model/checkpoint.ts";
import { openUnread } from "../model/open_model.ts";
import { readSettings } from "../model/settings_files.ts";
import {
  blobSource,
  type ByteSource,
  bytesSource,
} from "../model/byte_source.ts";
import { decodeSave, encodeSave } from "../state/save_format.ts";
import {
  isPortableBytes,
  openPortable,
  portable,
} from "../state/portable_token.ts";
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
} from "./engine_api.ts";
import { localDevice } from "./local_device.ts";

export { GoslingError };
export type * from "./engine_api.ts";

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
  const { settings = {}, jinja, chatForm: form, bos } = options;
  const weights = [options.weights].flat().map((bytes, i) =>
    modelSource(`${name} (weights${i > 0 ? ` ${i + 1}` : ""})`, bytes)
  );
  const { vocabulary } = options;
  const found = await openUnread({
    weights,
    ...(vocabulary !== undefined &&
      { vocabulary: modelSource(`${name} (vocabulary)`, vocabulary) }),
    settings: await readSettings((file) => Promise.resolve(settings[file]), {
      pathOf: (file) => `${name} (${file})`,
      gguf: await isGguf(weights[0]),
      names: [name],
    }),
  });
  const { tokenizer } = found;
  const { checkpoint, fingerprint: digest } = found.identified();
  const conversation = await openConversation(found.settings, {
    names: [name],
    tokenizer,
    jinja,
    form,
    bos,
  });
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
  const fingerprint = await digest();
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
  const speaker = speakerOf(engine, conversation);
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
      beginTurn(speaker, format, input, turnOptions),
    async close(): Promise<void> {
      conversation.close();
      await engine.dispose();
      await device?.dispose();
    },
  };
}

/** Runs a turn, and lets any number of readers follow. */
function beginTurn(
  speaker: Speaker,
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
  const result = runTurn(speaker, format, input, options, (text) => {
    pieces.push(text);
    tell();
  }).finally(() => {
    ended = true;
    tell();
  });
  // A reader of the pieces alone hears of a failure there.
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
  speaker: Speaker,
  format: SaveFormat,
  input: string | readonly TurnMessage[],
  options: TurnOptions,
  heard: (text: string) => void,
): Promise<TurnResult> {
  const { codec = "int8", maxTokens = 256, variables } = options;
  const { engine, decoding } = speaker;
  const save = options.save && await openSaveBytes(options.save, format);
  const messages = typeof input === "string" ? undefined : input;
  const effort = effortOf(
    { id: engine.model.id, template: speaker.template },
    options.effort,
    variables,
  );
  const events = takeTurn(speaker, {
    save,
    input: messages === undefined ? { prompt: `${input}` } : { messages },
    maxTokens,
    sampling: drawingOf(decodingFields(options), decoding, {
      thinking: messages !== undefined && thoughtful(effort),
      tools: false,
      penaltyDecay: PENALTY_DECAY,
    }),
    effort,
    variables,
    seed: options.seed,
    transcript: options.transcript,
    told: headDigest(splitHead(messages ?? []).head),
    stops: options.stop ?? [],
    bos: options.bos,
    goOn: options.continueFinalMessage,
  }, options.signal ?? new AbortController().signal);
  let text = "", reasoning = "";
  for await (const event of events) {
    if (event.type === "text") {
      text += event.text;
      reasoning += event.reasoning ?? "";
      if (event.text !== "") heard(event.text);
      continue;
    }
    const { device: { name }, id } = engine.model;
    const note = { engine: `@gosling/engine ${id}`, device: name };
    const { bytes } = encodeSave(event.save, format, codec, note);
    const { promptTokens, completionTokens, position } = event.usage;
    return {
      text,
      ...(reasoning !== "" && { reasoning }),
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

/** How to draw, in the API's words. */
function decodingFields(options: TurnOptions): DecodingFields {
  return {
    temperature: options.temperature,
    top_k: options.topK,
    top_p: options.topP,
    min_p: options.minP,
    presence_penalty: options.presencePenalty,
    frequency_penalty: options.frequencyPenalty,
    penalty_decay: options.penaltyDecay,
  };
}

/** Whether weights are a GGUF file. */
async function isGguf(
  source: ByteSource | undefined,
): Promise<boolean> {
  if (source === undefined || source.size < 4) return false;
  return new TextDecoder().decode(await source.read(0, 4)) === "GGUF";
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

function modelSource(name: string, bytes: FileBytes): ByteSource {
  if (bytes instanceof Blob) return blobSource(name, bytes);
  if (bytes instanceof ArrayBuffer) {
    return bytesSource(name, new Uint8Array(bytes));
  }
  const own = bytes.buffer instanceof ArrayBuffer
    ? bytes as Uint8Array<ArrayBuffer>
    : new Uint8Array(bytes);
  return bytesSource(name, own);
}
