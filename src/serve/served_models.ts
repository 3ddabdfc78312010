/**
 * The models that a server offers by name: looked at when it starts, loaded when
 * they are asked for, unloaded when another needs their room.
 *
 * @module
 */

import type { Config } from "../config/settings.ts";
import type { Device } from "../device/device.ts";
import { ClosingError, ConfigError, StateError } from "../errors.ts";
import {
  type Loader,
  type Loan,
  noSuchModel,
  type ServedModel,
} from "../http/services.ts";
import type { Sizes } from "../model/checkpoint.ts";
import { readTensors } from "../model/file_format.ts";
import { stateLength } from "../model/shape.ts";
import type { Observer } from "../observe/request_observer.ts";
import { HASH_BYTES } from "../state/save_header.ts";
import { randomKey } from "../state/state_keys.ts";
import { Vault } from "../state/vault.ts";
import { Collection } from "./collect_garbage.ts";
import {
  compose,
  type Composition,
  type OpenedFiles,
} from "./compose_services.ts";
import { chooseDevice } from "./device_choice.ts";
import { sizesOf } from "../hub/inspect_model.ts";
import { expectRoom, spaceOn, thisMachine } from "./memory_check.ts";
import { type ModelPlace, openPlace } from "../hub/resolve_model.ts";
import type { Serving } from "./start_report.ts";
import { ModelPool } from "./model_pool.ts";

/** Models by name. */
export interface ServedModels extends Loader {
  /** Loads the first one; says what is served. */
  start(): Promise<Serving>;
  /** Ends every turn and frees every device. */
  dispose(): Promise<void>;
}

/** A model as its files' tables of contents describe it. */
interface KnownModel extends Sizes {
  readonly id: string;
  readonly place: ModelPlace;
}

/**
 * Finds the models of the settings and looks into their files.
 *
 * @param places Where they are, the first the one meant where none is named.
 * @param note Told of troubles that do not end the program.
 * @param observer Told of the models' steps and losses.
 * @throws {ConfigError} If two have the same name.
 * @throws {ModelError} If one is not there, or cannot be read.
 */
export async function openModels(
  given: Config,
  places: readonly ModelPlace[],
  note: (line: string) => void,
  observer?: Observer,
): Promise<ServedModels> {
  // One for all: a model that comes back opens what it sealed before.
  const keys = given["state-keys"] ?? [randomKey()];
  const config: Config = { ...given, "state-keys": keys };
  const { known, opened } = await look(places);
  let unused: OpenedFiles | undefined = opened;
  const device = onlyOnce(() => lookAt(config));
  const several = known.length > 1;
  const bounded = several || config["model-memory"] !== undefined;
  const limit = config["model-memory"] ??
    (several ? await shared(await device()) : undefined) ?? Infinity;
  const [{ shape: largest }] = known.toSorted((a, b) =>
    stateLength(b.shape) - stateLength(a.shape)
  );
  const owners = new Map<string, string>();
  const pool = new ModelPool<Composition>(
    known.map((model) => ({
      id: model.id,
      bytes: async () =>
        bounded ? memoryNeeded(config, model, await device()) : 0,
      async open(): Promise<Composition> {
        const { id, place } = model;
        const collection = new Collection();
        const ready = id === first.id ? unused : undefined;
        if (ready) unused = undefined;
        const opened = await compose(config, note, {
          place: { ...place, name: id },
          opened: ready,
          several,
          largest,
          again: [...owners.values()].includes(id),
          observer,
        });
        if (several && started) note(`Loaded ${opened.summary}`);
        owners.set(opened.services.engine.model.fingerprint, id);
        started = true;
        return {
          ...opened,
          async dispose(): Promise<void> {
            await opened.dispose();
            if (!closing) await collection.soon();
          },
        };
      },
    })),
    limit,
  );
  const [first] = known;
  const ids = known.map(({ id }) => id);
  let started = false, closing = false;
  const borrow = async (id = first.id) => {
    if (!ids.includes(id)) throw noSuchModel(id, ids);
    // What is loaded from now on would be nobody's to unload.
    if (closing) throw serverEnds();
    return await pool.borrow(id);
  };
  return {
    get models(): ServedModel[] {
      return known.map(({ id, shape, stored }) => {
        const { thing, wanted } = pool.look(id);
        return {
          id,
          shape,
          stored,
          status: thing ? "loaded" : wanted ? "loading" : "unloaded",
          services: thing?.services,
        };
      });
    },
    get started(): boolean {
      return started;
    },
    get closing(): boolean {
      return closing;
    },
    async borrow(id): Promise<Loan> {
      const { thing: { services }, release } = await borrow(id);
      return { services, ...(bounded && { release }) };
    },
    ...(several &&
      { ownerOf: await ownerFinder(config, known, largest, owners) }),
    async start(): Promise<Serving> {
      const { thing: { summary, reason }, release } = await borrow();
      release();
      return { summary, reason, others: ids.slice(1) };
    },
    async dispose(): Promise<void> {
      closing = true;
      await pool.dispose();
      await unused?.files[Symbol.asyncDispose]();
    },
  };
}

/**
 * Looks into the files of all; those of the first, which is loaded at once, stay
 * open, so that nothing in them is read twice.
 */
async function look(places: readonly ModelPlace[]): Promise<{
  readonly known: readonly [KnownModel, ...KnownModel[]];
  readonly opened: OpenedFiles;
}> {
  await using stack = new AsyncDisposableStack();
  const known: KnownModel[] = [];
  let opened: OpenedFiles | undefined;
  for (const place of places) {
    await using others = new AsyncDisposableStack();
    const files = (opened ? others : stack).use(await openPlace(place));
    const { id } = files;
    if (known.some((model) => model.id === id)) {
      throw new ConfigError(
        "ERR_CONFIG_INVALID",
        `Cannot serve two models called ${id}: give one another name, ` +
          "--model NAME=PATH",
      );
    }
    const contents = await readTensors(files.weights);
    known.push({ id, place, ...sizesOf(files, contents) });
    opened ??= { files, contents };
  }
  const [first, ...more] = known;
  if (first === undefined || opened === undefined) {
    throw new RangeError("No models");
  }
  stack.move();
  return { known: [first, ...more], opened };
}

/** Whose a state is, by the fingerprint in it. */
async function ownerFinder(
  config: Config,
  known: readonly KnownModel[],
  largest: Sizes["shape"],
  owners: ReadonlyMap<string, string>,
): Promise<NonNullable<Loader["ownerOf"]>> {
  const reader = await Vault.create({
    keys: config["state-keys"] ?? [],
    format: { fingerprint: new Uint8Array(HASH_BYTES), shape: largest },
    audience: config["state-audience"],
    portable: config.portable,
    ...(config["state-max-age"] !== undefined &&
      { maxAge: config["state-max-age"] }),
  });
  return async (token, holder) => {
    try {
      const unwrapped = await reader.unwrap(token, holder);
      const { fingerprint, L, D } = unwrapped.header;
      const owner = owners.get(fingerprint.toHex());
      if (owner !== undefined) return { id: owner, unwrapped };
      // A model's fingerprint is known once it has been loaded: of the others, only
      // one of the state's sizes can be meant.
      const seen = new Set(owners.values());
      const [model, ...more] = known.filter(({ id, shape }) =>
        !seen.has(id) && shape.L === L && shape.D === D
      );
      return {
        id: more.length === 0 ? model?.id : undefined,
        unwrapped,
      };
    } catch (error) {
      // Opening it says what is wrong with it.
      if (error instanceof StateError) return {};
      throw error;
    }
  };
}

function serverEnds(): ClosingError {
  return new ClosingError(
    "ERR_SHUTTING_DOWN",
    "Cannot load a model: the server is shutting down; send it to another",
  );
}

/** What is known of a device. */
type KnownDevice = Pick<Device, "kind" | "capacity" | "memory">;

/** Bytes that a model takes, if it can fit at all. */
function memoryNeeded(
  config: Config,
  model: KnownModel,
  device: KnownDevice,
): number {
  const { lanes, quant: quantization } = config;
  const options = { lanes, quantization };
  // As if the model had the device to itself: what others take can be freed.
  const space = spaceOn(device, config);
  expectRoom(model.id, model, options, space);
  return space.memory(model, options).bytes;
}

/** The device that models will be on; what it says of memory stays true. */
async function lookAt(config: Config): Promise<KnownDevice> {
  const { device } = await chooseDevice(config);
  await device.dispose();
  return device;
}

/** Bytes that models on a device share with other programs, where it is known. */
async function shared({ capacity }: KnownDevice): Promise<number | undefined> {
  return capacity?.own ? undefined : (await thisMachine()).available;
}

function onlyOnce<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => result ??= work();
}
