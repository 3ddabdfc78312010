/**
 * Where the maths runs: one small interface, and a room for each device behind
 * it. Nothing above names a buffer, a kernel or a worker.
 *
 * A model on a device has a fixed number of lanes. A lane holds one state, and
 * lanes never influence each other: what is computed for one is the same bits
 * whatever its neighbours do.
 *
 * @module
 */

import type { Checkpoint, Sizes } from "../model/checkpoint.ts";
import type { PackedPieces } from "../model/packed/packed_pieces.ts";
import type { ModelShape } from "../model/shape.ts";
import type { Sampling } from "../text/sampling_options.ts";

/** The rooms. */
export type DeviceKind = "webgpu" | "wasm";

/** How matrices are kept on the device. */
export type Quantization = "none" | "int8" | "int4";

/** Every way to keep matrices, the widest first. */
export const QUANTIZATIONS: readonly Quantization[] = ["none", "int8", "int4"];

/** What decides the memory that a model takes. */
export interface MemoryOptions {
  /** States held at once. */
  readonly lanes: number;
  /** How matrices are kept; `none` keeps the file's own precision. */
  readonly quantization: Quantization;
}

/** The memory that a model takes. */
export interface DeviceMemory {
  /** All of it, in bytes. */
  readonly bytes: number;
  /** Bytes of the largest buffer that lanes share; matrices can be split. */
  readonly buffer: number;
}

/** What {@linkcode Device.load} may be told. */
export interface LoadOptions extends MemoryOptions {
  /** Told how many of how many tensors are on the device. */
  readonly progress?: (done: number, total: number) => void;
  /** Packed weights of an earlier load, or where this one's are kept. */
  readonly packed?: PackedPieces;
}

/** What a device can hold, as far as it says. */
export interface DeviceCapacity {
  /** Bytes of a buffer at most; matrices are split where they are larger. */
  readonly buffer: number;
  /** States held at once at most. */
  readonly lanes: number;
  /** Whether it takes memory of its own, and does not say how much it has. */
  readonly own: boolean;
}

/** Something that can run models. */
export interface Device {
  /** Which room this is. */
  readonly kind: DeviceKind;
  /** The adapter's or engine's own name, for people. */
  readonly name: string;
  /**
   * Names its way of packing weights, a word and a number that counts its changes.
   * A device without one cannot use {@linkcode LoadOptions.packed}.
   */
  readonly packing?: string;
  /** What it can hold; by default what the system's memory can. */
  readonly capacity?: DeviceCapacity;
  /**
   * What {@linkcode load} takes, to the byte; nothing is read or allocated. What is
   * made when it is first asked for (downloads, logits of whole passes) comes on
   * top.
   */
  memory(sizes: Sizes, options: MemoryOptions): DeviceMemory;
  /**
   * Puts a model on the device.
   *
   * @throws {DeviceError} `ERR_DEVICE_FAILED` if it does not fit or a kernel is
   * refused.
   */
  load(checkpoint: Checkpoint, options: LoadOptions): Promise<DeviceModel>;
  /** Gives everything back. */
  dispose(): Promise<void>;
}

/** What one lane does in a step. */
export interface LaneStep {
  /** In [0, lanes); at most one entry of a step names it. */
  readonly lane: number;
  /**
   * Tokens to read, in order. Empty: go on from the last token this lane drew,
   * which is still unread; if that draw was a stop token, the entry does nothing and is
   * answered with no tokens and `stopped`.
   */
  readonly tokens: readonly number[];
  /** Tokens to draw then. Each but the last is read before the next is drawn. */
  readonly draw: number;
  /**
   * How to draw; required where `draw` is not 0. Counts are those before this
   * step, so one with penalties is asked for when the last one is answered, or
   * sooner, without tokens, of a device with {@linkcode DeviceModel.countsAhead}.
   */
  readonly sampling?: Sampling;
  /**
   * The memory of a `MaskFeed`: each draw is told there, and the mask of the next is
   * taken from there; of the first, too, unless `sampling` or `mask` has one. Only
   * for devices with {@linkcode DeviceModel.maskFeeds}.
   */
  readonly feed?: SharedArrayBuffer;
  /** Drawing one of these ends the lane's part of the step; it stays unread. */
  readonly stopTokens?: ReadonlySet<number>;
  /**
   * Read tokens one by one as if they had been drawn, so that the state is, bit
   * for bit, the one that drawing them left. The token in front of a step's first
   * draw is read so, too.
   */
  readonly replay?: boolean;
  /**
   * Ask for logits after the last token that was there to read, or after each of
   * them, where what this step draws and reads again has none; or for those that
   * each token was drawn from, whatever was read before the first.
   */
  readonly logits?: "last" | "all" | "drawn";
  /**
   * The mask of the draw, of which there is one then unless there is a feed, where it
   * is found while tokens are read; nothing where none will be. Never rejected. Only
   * for devices with
   * {@linkcode DeviceModel.lateMasks}.
   */
  readonly mask?: Promise<Uint32Array | undefined>;
}

/** What became of one {@linkcode LaneStep}. */
export interface LaneResult {
  /** The tokens drawn; the last one is unread. Fewer than asked after a stop token. */
  readonly drawn: readonly number[];
  /**
   * Whether all tokens are read and not all are drawn, for {@linkcode LaneStep.mask}
   * or one of a feed did not come in time. A part without tokens draws then, and
   * reads nothing before. The feed is at its end.
   */
  readonly undrawn?: boolean;
  /** Whether the last of them is a stop token. */
  readonly stopped: boolean;
  /**
   * Logits before penalties, if they were asked for: `[V]`, or a row for each token
   * read or drawn, `[T, V]`.
   */
  readonly logits?: Float32Array;
  /**
   * Why nothing more could be drawn, where no logit was a finite number. The
   * lane's state is of no use then; the other lanes of the step have theirs.
   */
  readonly failure?: string;
}

/** Threads that compute a pass, as they have proved fastest so far. */
export interface ThreadsInUse {
  /** To decode a token. */
  readonly decode: number;
  /** To read a long prompt. */
  readonly prefill: number;
  /** That there are. */
  readonly most: number;
}

/** A model loaded on a device. */
export interface DeviceModel {
  /** The model's sizes. */
  readonly shape: ModelShape;
  /** States held at once. */
  readonly lanes: number;
  /** Bytes of weights on the device. */
  readonly weightBytes: number;
  /**
   * Whether a state is the same bits however its text was cut into steps. Where
   * it may not be, only {@linkcode LaneStep.replay} gives again what drawing gave.
   */
  readonly seamless?: boolean;
  /** Threads at work; absent: the device has none of its own. */
  readonly threads?: ThreadsInUse;
  /**
   * Whether it counts what a lane draws: a penalized step that goes on from
   * penalized draws, at the position after them, has them in its counts, whatever
   * its caller knows.
   */
  readonly countsAhead?: boolean;
  /** Whether it takes masks that are found while it reads. */
  readonly lateMasks?: boolean;
  /** Whether it takes masks from another thread while it draws. */
  readonly maskFeeds?: boolean;
  /** Resolves, once, if the device goes away; later calls reject with the same. */
  readonly lost: Promise<Error>;
  /** Makes a lane's state blank: all zeros. */
  clear(lane: number): Promise<void>;
  /** Sets a lane's state, `stateLength(shape)` values in canonical order. */
  write(lane: number, values: Float32Array<ArrayBuffer>): Promise<void>;
  /** A lane's state after every step asked for before. */
  read(lane: number): Promise<Float32Array<ArrayBuffer>>;
  /**
   * Copies a lane onto another one, its unread token too, without leaving the
   * device.
   */
  copy(from: number, to: number): Promise<void>;
  /**
   * Reads and draws on several lanes at once. Calls are carried out in the order
   * in which they were made; a caller may ask for the next before the last one
   * is answered.
   *
   * @throws {DeviceError} `ERR_DEVICE_LOST` if the device went away.
   * @throws {RangeError} If it cannot be carried out; nothing of it is then.
   */
  step(batch: readonly LaneStep[]): Promise<LaneResult[]>;
  /** Frees the model. */
  dispose(): Promise<void>;
}
