/**
 * What the main thread and the workers say to each other.
 *
 * @module
 */

import type { LaneResult, LaneStep } from "../device.ts";
import type { TensorPlace } from "./memory_arena.ts";
import type { MemoryLayout } from "./memory_layout.ts";

/** The first message to a worker. */
export interface ThreadStart {
  /** The compiled kernels. */
  readonly module: WebAssembly.Module;
  /** The memory that all threads share. */
  readonly memory: WebAssembly.Memory;
  /** What lies where in it. */
  readonly layout: MemoryLayout;
  /** Which thread this is. */
  readonly thread: number;
  /** Tokens that there are. */
  readonly V: number;
  /** States held at once. */
  readonly lanes: number;
  /** Whether all threads compute every pass, whatever that costs. */
  readonly allThreads: boolean;
}

/** A part of a step, as the lead takes it. */
export interface ThreadStep extends Omit<LaneStep, "mask"> {
  /**
   * Keeps the logits of the last token: a later part without tokens draws from
   * them. Nothing is drawn now.
   */
  readonly keep?: boolean;
}

/** Rows of a tensor on their way into memory, the first of them row `row`. */
export interface UnpackedRows {
  /** Where the tensor goes. */
  readonly place: TensorPlace;
  /** The first row. */
  readonly row: number;
  /** Values of a row. */
  readonly width: number;
  /** All of them. */
  readonly values: Float32Array<ArrayBuffer>;
}

/** What a thread can be asked to do. */
export type Task =
  /** Packs rows of one tensor or of several. */
  | { readonly name: "pack"; readonly pieces: readonly UnpackedRows[] }
  /** Takes part in passes from now on; the answer comes before the first. */
  | { readonly name: "serve" }
  /** Lets the others return from `serve`. */
  | { readonly name: "leave" }
  | { readonly name: "clear"; readonly lane: number }
  | {
    readonly name: "write";
    readonly lane: number;
    readonly values: Float32Array;
  }
  /** Takes the state that lies at byte `staged`, and zeroes it there. */
  | {
    readonly name: "takeStaged";
    readonly lane: number;
    readonly staged: number;
  }
  | { readonly name: "read"; readonly lane: number }
  | { readonly name: "copy"; readonly from: number; readonly to: number }
  | { readonly name: "step"; readonly batch: readonly ThreadStep[] };

/** What each task answers. */
export interface Answers {
  /** Nothing. */
  pack: undefined;
  /** Nothing. */
  serve: undefined;
  /** Nothing. */
  leave: undefined;
  /** Nothing. */
  clear: undefined;
  /** Nothing. */
  write: undefined;
  /** Nothing. */
  takeStaged: undefined;
  /** A state in canonical order. */
  read: Float32Array<ArrayBuffer>;
  /** Nothing. */
  copy: undefined;
  /** A result an entry. */
  step: LaneResult[];
}

/** An answer, or what went wrong. */
export type ThreadReply =
  | { readonly answer: unknown }
  | { readonly failure: string };
