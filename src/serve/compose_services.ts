/**
 * From settings to services: the model's files, a device, the engine on it, and
 * the vault for its saves.
 *
 * @module
 */

import deno from "../../deno.json" with { type: "json" };
import { openConversation, speakerOf } from "../chat/conversation_form.ts";
import { jinjaThread } from "../chat/template/jinja_thread.ts";
import type { Config } from "../config/settings.ts";
import type { Device, DeviceModel, ThreadsInUse } from "../device/device.ts";
import { openEngine } from "../engine/device_engine.ts";
import { superviseGrammars } from "../grammar/thread/grammar_supervisor.ts";
import type { Services } from "../http/services.ts";
import { parameters } from "../model/checkpoint.ts";
import { isWorld, WORLD_VOCABULARY } from "../hub/official_models.ts";
import { bytesOf, type LocalModel, namesOf } from "../hub/model_files.ts";
import { sizesOf } from "../hub/inspect_model.ts";
import { type ModelTensors, readTensors } from "../model/file_format.ts";
import { openUnread } from "../model/open_model.ts";
import { CacheError } from "../model/packed/quantized_cache.ts";
import type { Observer } from "../observe/request_observer.ts";
import type { SaveFormat } from "../state/save.ts";
import { randomKey } from "../state/state_keys.ts";
import { Vault } from "../state/vault.ts";
import { chooseDevice } from "./device_choice.ts";
import { readInitialStates } from "./initial_states.ts";
import { loadingBar } from "./loading_bar.ts";
import {
  expectRoom,
  explainFull,
  spaceOn,
  thisMachine,
} from "./memory_check.ts";
import {
  type ModelPlace,
  modelPlaces,
  openPlace,
  SPARE_LANES,
} from "../hub/resolve_model.ts";
import { openPacked } from "./packed_weights.ts";

/** Turns that may wait, for each lane. */
const WAITING_PER_LANE = 8;

/** Services, and how to give everything back. */
export interface Composition {
  readonly services: Services;
  /** The model and its device, in a few words. */
  readonly summary: string;
  /** Why this device; empty where it was asked for. */
  readonly reason: string;
  /** Ends every turn and frees the device. */
  dispose(): Promise<void>;
}

/** A model's files, and what their tables of contents say. */
export interface OpenedFiles {
  /** The files. */
  readonly files: LocalModel;
  /** What they hold. */
  readonly contents: ModelTensors;
}

/** Which model, and among what. */
export interface ComposeOptions {
  /** Where it is; by default, the first that the settings name. */
  readonly place?: ModelPlace;
  /** Its files, where they are open; they are closed with the composition. */
  readonly opened?: OpenedFiles | undefined;
  /** Whether initial states may be another model's. */
  readonly several?: boolean;
  /** Sizes of the largest model that is served; by default this one's. */
  readonly largest?: SaveFormat["shape"];
  /** Whether it was loaded before, so that what is odd about it was said. */
  readonly again?: boolean;
  /** Told of steps and losses. */
  readonly observer?: Observer | undefined;
}

/**
 * Loads a model and puts it to work.
 *
 * @param config The settings.
 * @param note Told of troubles that do not end the program.
 * @throws {ModelError} If the model cannot be read, or does not fit.
 */
export async function compose(
  config: Config,
  note: (line: string) => void,
  options: ComposeOptions = {},
): Promise<Composition> {
  try {
    return await composeOnce(config, note, options);
  } catch (error) {
    if (!(error instanceof CacheError)) throw error;
    // Damage may show in the midst of a load, when the fingerprint that came with
    // it is in use already: so all of it is made again.
    note(`${error.message}; they are packed again`);
    const { opened: _closed, ...rest } = options;
    return await composeOnce(config, note, { ...rest, fresh: true });
  }
}

async function composeOnce(
  config: Config,
  note: (line: string) => void,
  {
    place,
    opened,
    several = false,
    largest,
    again = false,
    fresh = false,
    observer,
  }:
    & ComposeOptions
    & { readonly fresh?: boolean },
): Promise<Composition> {
  await using stack = new AsyncDisposableStack();
  const [first] = place === undefined
    ? await modelPlaces(config, (name) => Deno.env.get(name))
    : [place];
  const files = stack.use(opened?.files ?? await openPlace(first));
  const choice = await chooseDevice(config);
  let { device }: { device: Device | undefined } = choice;
  stack.defer(() => device?.dispose());
  const { lanes, quant: quantization } = config;
  const takes = { lanes, quantization };
  const space = spaceOn(device, config, await thisMachine());
  const contents = opened?.contents ?? await readTensors(files.weights);
  expectRoom(files.id, sizesOf(files, contents), takes, space);
  const packed = stack.use(
    await openPacked(files, {
      device: choice.device,
      quantization,
      note,
      fresh,
    }),
  );
  using bar = await loadingBar(bytesOf(files));
  const found = await openUnread(files, contents);
  const { tokenizer } = found;
  const { checkpoint, fingerprint: digest } = found.identified(
    packed.fingerprint,
  );
  const { shape } = checkpoint;
  const sayOdd = !again && !fresh;
  if (sayOdd && shape.V === WORLD_VOCABULARY.rows && !isWorld(tokenizer)) {
    const name = files.vocabulary?.name ?? "the one inside";
    note(
      `${files.id} has the rows of the World vocabulary, but ${name} is ` +
        "another: its texts will make no sense if it was trained with World",
    );
  }
  const load = async () => {
    const room = device ??= await choice.again();
    const progress = bar.part("Loading weights");
    const options = {
      lanes: lanes + SPARE_LANES,
      quantization,
      ...(progress && { progress }),
    };
    return await packed.load(
      digest,
      (pieces) => room.load(checkpoint, { ...options, ...pieces }),
    );
  };
  let current: DeviceModel | undefined;
  // Before all that needs the fingerprint: so the weights are read once.
  let loaded: DeviceModel | undefined = await load().catch((error) => {
    throw explainFull(error, space, checkpoint, takes);
  });
  const fingerprint = await digest();
  const format = { fingerprint, shape };
  const { kind, name } = choice.device;
  const vault = await Vault.create({
    keys: config["state-keys"] ?? [randomKey()],
    format,
    ...(largest && { largest }),
    audience: config["state-audience"],
    portable: config.portable,
    ...(config["state-ttl"] !== undefined && { ttl: config["state-ttl"] }),
    ...(config["state-max-age"] !== undefined &&
      { maxAge: config["state-max-age"] }),
    note: { engine: `gosling ${deno.version}`, device: name },
  });
  const initial = await readInitialStates(config.initial, {
    format,
    shape,
    vault,
    tenants: ["", ...config["api-keys"].map(({ name }) => name)],
    several,
  });
  const conversation = await openConversation(found.settings, {
    names: namesOf(files),
    tokenizer,
    jinja: jinjaThread(),
    form: first.form,
    bos: first.bos,
  });
  stack.defer(conversation.close);
  const engine = await openEngine({
    model: {
      id: files.id,
      shape,
      fingerprint: fingerprint.toHex(),
      parameters: parameters(shape),
      quantization,
      device: {
        kind,
        name,
        get threads(): ThreadsInUse | undefined {
          return current?.threads;
        },
      },
      lanes,
    },
    format,
    tokenizer,
    maxWaiting: lanes * WAITING_PER_LANE,
    maxWaitingPerTenant: config["tenant-turns"],
    async load() {
      const model = loaded ?? await load();
      loaded = undefined;
      current = model;
      return model;
    },
    lost(error) {
      note(error instanceof Error ? error.message : String(error));
      observer?.lost?.(files.id);
      const gone = device;
      device = undefined;
      gone?.dispose().catch(() => undefined);
    },
    ...(observer?.stepped &&
      { stepped: (report) => observer.stepped?.(files.id, report) }),
  });
  observer?.serving?.(engine);
  const grammars = superviseGrammars({ tokenizer, V: shape.V });
  const open = stack.move();
  return {
    services: {
      ...speakerOf(engine, conversation),
      vault,
      grammars,
      portable: config.portable,
      transcripts: config.transcript,
      onMismatch: config["on-mismatch"],
      expires: (config["state-ttl"] ?? config["state-max-age"]) !== undefined,
      initial,
    },
    summary: `${files.id} on ${kind} (${name})`,
    reason: choice.reason,
    async dispose(): Promise<void> {
      await engine.dispose();
      observer?.retired?.(engine);
      grammars.close();
      await open.disposeAsync();
    },
  };
}
