/**
 * The files in which llama.cpp keeps one sequence: `llama_state_seq_save_file`,
 * and llama-server's `/slots/{id}?action=save`. Little-endian:
 *
 * ```text
 * u32       magic, "ggsq" as a number
 * u32       version, 2 or 3
 * u32       T
 * i32[T]    tokens read
 * u32       cells, 1
 * i32       position of the last token read
 * u32       sequences named, 0
 * u32       whether S is transposed, 0
 * u32       L
 * for each layer: i32 type (0 is f32), u64 bytes, att_shift[D] ffn_shift[D]
 * for each layer: i32 type,            u64 bytes, wkv[H][N][N]
 * ```
 *
 * Source: llama.cpp at de3ff81, `llama_memory_recurrent::state_write` and
 * `llama_context::state_seq_save_file`. Oracle: a file that it wrote.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import { N, stateLength } from "../../model/shape.ts";
import type { StateShape } from "../codec.ts";
import { layersOf } from "../analysis/layer_parts.ts";

const SLOT_MAGIC = 0x67677371;
const SLOT_VERSION = 3;
const F32_TYPE = 0;

/** What such a file holds. */
export interface LlamaSlot {
  /** The state, in this program's order. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Tokens that it has read; the file may not tell. */
  readonly tokens: readonly number[];
  /** How many it has read. */
  readonly position: number;
}

/**
 * Reads a file.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` naming the first field that is wrong,
 * its offset, and what was expected there.
 */
export function readLlamaSlot(
  bytes: Uint8Array,
  { L, D }: StateShape,
): LlamaSlot {
  const fields = new SlotFields(bytes);
  fields.expect("magic", [SLOT_MAGIC]);
  fields.expect("version", [SLOT_VERSION - 1, SLOT_VERSION]);
  const count = fields.u32("number of tokens");
  fields.fit(4 * count);
  const tokens = Array.from({ length: count }, () => fields.u32("token"));
  fields.expect("number of cells", [1]);
  const last = fields.u32("position");
  fields.expect("number of sequences", [0]);
  fields.expect("transposition", [0]);
  fields.expect("number of layers", [L]);
  const values = new Float32Array(stateLength({ L, D }));
  const layers = layersOf(values, { L, D });
  for (const { attShift, ffnShift } of layers) {
    fields.row(2 * D);
    fields.floats(attShift);
    fields.floats(ffnShift);
  }
  for (const { heads } of layers) {
    fields.row(D * N);
    for (const head of heads) fields.floats(head);
  }
  fields.end();
  return { values, tokens, position: last + 1 };
}

/**
 * Writes a file that llama.cpp loads.
 *
 * @param values The state; it has read `position` tokens.
 * @param tokens Which these are, for llama-server to know what it need not read
 * again; may be empty.
 */
export function writeLlamaSlot(
  values: Float32Array,
  { L, D }: StateShape,
  position: number,
  tokens: readonly number[] = [],
): Uint8Array<ArrayBuffer> {
  const words = 3 + tokens.length + 5 + 6 * L;
  const bytes = new Uint8Array(4 * words + 4 * values.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const u32 = (value: number) => view.setUint32((at += 4) - 4, value, true);
  const row = (...parts: readonly Float32Array[]) => {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    [F32_TYPE, 4 * length, 0].forEach(u32);
    for (const part of parts) {
      const { buffer, byteOffset, byteLength } = part;
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
  };
  [SLOT_MAGIC, SLOT_VERSION, tokens.length, ...tokens].forEach(u32);
  [1, Math.max(0, position - 1), 0, 0, L].forEach(u32);
  const layers = layersOf(values, { L, D });
  for (const { attShift, ffnShift } of layers) row(attShift, ffnShift);
  for (const { heads } of layers) row(...heads);
  return bytes;
}

/** Reads fields one after the other. */
class SlotFields {
  readonly #slotBytes: Uint8Array;
  readonly #slotView: DataView;
  #slotAt = 0;

  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, byteLength } = bytes;
    this.#slotBytes = bytes;
    this.#slotView = new DataView(buffer, byteOffset, byteLength);
  }

  u32(name: string): number {
    this.fit(4, name);
    this.#slotAt += 4;
    return this.#slotView.getUint32(this.#slotAt - 4, true);
  }

  expect(name: string, expected: readonly number[]): void {
    const at = this.#slotAt, found = this.u32(name);
    if (!expected.includes(found)) {
      throw unreadableSlot(
        `${name} at byte ${at} is ${found}, expected ${expected.join(" or ")}`,
      );
    }
  }

  /** Type and size of a row of f32. */
  row(length: number): void {
    this.expect("type of a row", [F32_TYPE]);
    this.expect("size of a row", [4 * length]);
    this.expect("high half of the size of a row", [0]);
  }

  floats(to: Float32Array): void {
    this.fit(4 * to.length, "row");
    for (let i = 0; i < to.length; i++, this.#slotAt += 4) {
      to[i] = this.#slotView.getFloat32(this.#slotAt, true);
    }
  }

  fit(length: number, name = "list"): void {
    const end = this.#slotAt + length;
    if (end > this.#slotBytes.length) {
      throw unreadableSlot(
        `${name} at byte ${this.#slotAt} ends at byte ${end}, the file at ${this.#slotBytes.length}`,
      );
    }
  }

  end(): void {
    if (this.#slotAt !== this.#slotBytes.length) {
      throw unreadableSlot(
        `${this.#slotBytes.length} bytes, expected ${this.#slotAt}`,
      );
    }
  }
}

function unreadableSlot(found: string): StateError {
  return new StateError(
    "ERR_STATE_UNREADABLE",
    `Cannot convert llama.cpp state: ${found}`,
  );
}
