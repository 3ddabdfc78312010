/**
 * Whether a load takes packed weights that an earlier one kept, or keeps its own.
 *
 * @module
 */

import type { Device, DeviceModel, LoadOptions } from "../device/device.ts";
import { CacheError } from "../model/packed/quantized_cache.ts";
import {
  cachePlace,
  createCache,
  openCache,
} from "../hub/quantized_cache_file.ts";
import { bytesOf, type LocalModel } from "../hub/model_files.ts";

/** Smaller models are packed faster than anybody could tell. */
const LEAST_CACHED_BYTES = 64 << 20;

/** Packed weights of a model. */
export interface PackedWeights extends AsyncDisposable {
  /** The model's fingerprint, if its weights were kept. */
  readonly fingerprint?: Uint8Array;
  /**
   * Loads the model with what was kept; what a first load packs is kept.
   *
   * @param fingerprint Asked for once the weights have been read.
   */
  load(
    fingerprint: () => Promise<Uint8Array>,
    load: (options: Pick<LoadOptions, "packed">) => Promise<DeviceModel>,
  ): Promise<DeviceModel>;
}

/** What {@linkcode openPacked} needs to know. */
export interface PackedOptions {
  /** Where the weights are packed. */
  readonly device: Device;
  /** How matrices are kept. */
  readonly quantization: LoadOptions["quantization"];
  /** Told of troubles, none of which ends a load. */
  readonly note: (line: string) => void;
  /** Make everything anew. */
  readonly fresh?: boolean;
  /** Bytes of a model that is worth it; 64 MiB by default. */
  readonly least?: number;
}

/** Opens what was kept beside a model, or a new file for it. */
export async function openPacked(
  files: LocalModel,
  { device, quantization, note, fresh = false, least = LEAST_CACHED_BYTES }:
    PackedOptions,
): Promise<PackedWeights> {
  const { packing } = device;
  if (
    packing === undefined || quantization === "none" || bytesOf(files) < least
  ) {
    return {
      load: (_, load) => load({}),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const place = cachePlace(files, { packing, quantization });
  try {
    const kept = fresh ? undefined : await openCache(place);
    if (kept) {
      const { cache } = kept;
      return {
        fingerprint: cache.fingerprint,
        load: (_, load) => load({ packed: cache.pieces() }),
        [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
      };
    }
  } catch (error) {
    if (!(error instanceof CacheError)) throw error;
    note(`${error.message}; they are packed again`);
  }
  let writer = await createCache(place, note);
  return {
    async load(fingerprint, load): Promise<DeviceModel> {
      const packed = writer;
      if (packed === undefined) return await load({});
      const model = await load({ packed });
      await packed.commit(await fingerprint());
      writer = undefined;
      return model;
    },
    [Symbol.asyncDispose]: async () => await writer?.discard(),
  };
}
