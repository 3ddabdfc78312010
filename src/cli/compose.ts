/**
 * From settings to services: the model's files, a device, the engine on it, and
 * the vault for its saves.
 *
 * @module
 */

import deno from "../../deno.json" with { type: "json" };
import type { Config } from "../config/config.ts";
import type { Device } from "../device/device.ts";
import { wasmDevice } from "../device/wasm/wasm.ts";
import { openWebGpu } from "../device/webgpu/webgpu_device.ts";
import { openEngine } from "../engine/device_engine.ts";
import { DeviceError } from "../errors.ts";
import { superviseGrammars } from "../grammar/supervisor.ts";
import type { Services } from "../http/services.ts";
import { parameters } from "../model/checkpoint.ts";
import { bytesOf, openFiles } from "../model/model_files.ts";
import { openModel } from "../model/open.ts";
import { CacheError } from "../model/quantized_cache.ts";
import { randomKey } from "../state/keys.ts";
import { Vault } from "../state/seal.ts";
import { readInitialStates } from "./initial_states.ts";
import { loadingBar } from "./loading_bar.ts";
import { readShape } from "./model/inspect.ts";
import { expectRoom, thisMachine, threadsOf } from "./model/memory.ts";
import { resolveModel, SPARE_LANES } from "./model/resolve.ts";
import { openPacked } from "./packed_weights.ts";

/** The model that comes with the program. */
const EMBEDDED = new URL("../../models/gosling/", import.meta.url);

/** Turns that may wait, for each lane. */
const WAITING_PER_LANE = 8;

/** Services, and how to give everything back. */
export interface Composition {
  readonly services: Services;
  /** The model and its device, and why this one, in a few words. */
  readonly summary: string;
  /** Ends every turn and frees the device. */
  dispose(): Promise<void>;
}

/** A device, and how to get it again if it goes away. */
interface Choice {
  readonly device: Device;
  readonly again: () => Promise<Device>;
  /** Why this one; empty where it was asked for. */
  readonly reason: string;
}

/**
 * Loads a model and puts it to work.
 *
 * @param config The settings.
 * @param note Told of troubles that do not end the program.
 */
export async function compose(
  config: Config,
  note: (line: string) => void,
): Promise<Composition> {
  try {
    return await attempt(config, note);
  } catch (error) {
    if (!(error instanceof CacheError)) throw error;
    // Damage may show in the midst of a load, when the fingerprint that came with
    // it is in use already: so all of it is made again.
    note(`${error.message}; they are packed anew`);
    return await attempt(config, note, { fresh: true });
  }
}

async function attempt(
  config: Config,
  note: (line: string) => void,
  { fresh = false } = {},
): Promise<Composition> {
  await using stack = new AsyncDisposableStack();
  const model = config.model === undefined
    ? EMBEDDED
    : await resolveModel(config.model, (name) => Deno.env.get(name));
  const files = stack.use(await openFiles(model));
  const choice = await chooseDevice(config);
  let { device }: { device: Device | undefined } = choice;
  stack.defer(() => device?.dispose());
  const { lanes, quant: quantization } = config;
  if (device.kind === "wasm") {
    expectRoom(files.id, await readShape(files), {
      lanes,
      quantization,
      threads: threadsOf(config),
    }, await thisMachine());
  }
  const packed = stack.use(
    await openPacked(files, {
      device: choice.device,
      quantization,
      note,
      fresh,
    }),
  );
  using bar = await loadingBar(bytesOf(files));
  const reading = bar.part("Reading weights");
  const { checkpoint, tokenizer, fingerprint } = await openModel(files, {
    ...(packed.fingerprint && { known: packed.fingerprint }),
    ...(reading && { progress: reading }),
  });
  const { shape } = checkpoint;
  const format = { fingerprint, shape };
  const { kind, name } = choice.device;
  const vault = await Vault.create({
    keys: config["state-keys"] ?? [randomKey()],
    format,
    audience: config["state-audience"],
    portable: config.portable,
    ...(config["state-ttl"] !== undefined && { ttl: config["state-ttl"] }),
    note: { engine: `gosling ${deno.version}`, device: name },
  });
  const initial = await readInitialStates(config.initial, {
    format,
    shape,
    vault,
    tenants: ["", ...config["api-keys"].map(({ name }) => name)],
  });
  const engine = await openEngine({
    model: {
      id: files.id,
      shape,
      fingerprint: fingerprint.toHex(),
      parameters: parameters(shape),
      quantization,
      device: { kind, name },
      lanes,
    },
    format,
    tokenizer,
    waiting: lanes * WAITING_PER_LANE,
    async load() {
      device ??= await choice.again();
      const progress = bar.part("Loading weights");
      const options = {
        lanes: lanes + SPARE_LANES,
        quantization,
        ...(progress && { progress }),
      };
      const room = device;
      return await packed.load(
        fingerprint,
        (pieces) => room.load(checkpoint, { ...options, ...pieces }),
      );
    },
    lost(error) {
      note(error instanceof Error ? error.message : String(error));
      const gone = device;
      device = undefined;
      gone?.dispose().catch(() => undefined);
    },
  });
  const grammars = superviseGrammars({ tokenizer, V: shape.V });
  const open = stack.move();
  return {
    services: { engine, vault, grammars, portable: config.portable, initial },
    summary: `${files.id} on ${kind} (${name})${choice.reason}`,
    async dispose(): Promise<void> {
      await engine.dispose();
      grammars.close();
      await open.disposeAsync();
    },
  };
}

/** The device asked for, or the fastest: software WebGPU is no match for wasm. */
async function chooseDevice(
  { device: kind, threads }: Config,
): Promise<Choice> {
  const wasm = () =>
    Promise.resolve(wasmDevice(threads === undefined ? {} : { threads }));
  if (kind === "wasm") {
    return { device: await wasm(), again: wasm, reason: "" };
  }
  const hardware = kind === "auto";
  const webgpu = () => openWebGpu({ force: !hardware });
  try {
    return {
      device: await webgpu(),
      again: webgpu,
      reason: hardware ? ": there is a hardware adapter" : "",
    };
  } catch (error) {
    const none = error instanceof DeviceError &&
      error.code === "ERR_DEVICE_UNAVAILABLE";
    if (!hardware || !none) throw error;
    return { device: await wasm(), again: wasm, reason: `: ${error.message}` };
  }
}
