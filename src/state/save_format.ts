/**
 * A save as a file, versions 1 and 2. Little-endian throughout.
 *
 * ```text
 * offset  type          content
 *      0  u8[8]         magic, "GOSLING" and a zero byte
 *      8  u16           version: 1, or 2 where sections follow the values
 *     10  u8            codec: 0 exact, 1 f16, 2 int10, 3 int8, 4 int6, 5 int4
 *     11  u8            chat: bit 0 assistant turn open, bit 1 inside a think block
 *     12  u32           L, layers
 *     16  u32           D, model width, a multiple of N = 64
 *     20  u32           bytes of the whole file
 *     24  u64           position: tokens read since blank, at most 2^48
 *     32  u8[32]        fingerprint of the model
 *     64  u8[32]        hash chain over the tokens read
 *     96  u32[2]        seed, low half first
 *    104  u32           U, tokens not read yet, at most 4096
 *    108  u32           C, tokens with a penalty count
 *    112  u8            P, bytes of an unfinished UTF-8 character, at most 3
 *    113  u8            E, bytes of the engine's name
 *    114  u8            G, bytes of the device's name
 *    115  u8            0
 *    116  u32           W, bytes of the encoded values
 *    120  u32           bytes of the decoded values, 4 L D (N + 2)
 *    124  u32           digest of the system's words and tools read; 0 if none
 *    128  u32[U]        tokens not read yet, in order
 *         (u32 f32)[C]  token and its decayed count, tokens ascending
 *         u8[P]         the unfinished character
 *         u8[E]         engine, UTF-8: a note, never enforced
 *         u8[G]         device, UTF-8: a note, never enforced
 *         u8[]          zeros up to a multiple of 4
 *         u8[W]         values, see `codec.ts`
 * ```
 *
 * Version 2 goes on with zeros up to a multiple of 4 and one section or more, each
 *
 * ```text
 * u8[4]  name; `text` is the only one: the transcript
 * u32    n, bytes of its content
 * u8[n]  content: u32 bytes before compression, then what `transcript_section.ts`
 *        writes
 * u8[]   zeros up to a multiple of 4
 * ```
 *
 * A section of another name is refused: what it says may matter.
 *
 * There is one way to write a save (no time, no map order, no slack), so equal
 * saves are equal files. `exact` values are equal as long as the compressor is.
 *
 * The table above, the writer and the reader stay in one file, to be checked
 * against each other.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { hex } from "../text/hex.ts";
import { atOnce, type Pace, type Steps } from "../steps.ts";
import { decodingValues, encodingValues } from "./codec.ts";
import {
  HASH_BYTES,
  MOST_UNREAD,
  PLAIN_VERSION,
  readHeader,
  type SaveHeader,
  SECTIONED_VERSION,
  sectionStarts,
  unreadableSave,
  writeHeader,
} from "./save_header.ts";
import type { CodecName, Save, SaveFormat, SaveNote } from "./save.ts";
import type { Transcript } from "./transcript.ts";
import {
  decodingTranscript,
  type EncodedTranscript,
  encodingTranscript,
} from "./transcript_section.ts";

/** What {@linkcode encodeSave} wrote. */
export interface EncodedSave {
  /** The file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The codec in use: `exact` where the one asked for could not hold a value. */
  readonly codec: CodecName;
}

/** All that a save file says. */
export interface SaveFile {
  /** The save. */
  readonly save: Save;
  /** Whose it is. */
  readonly format: SaveFormat;
  /** How its values were written. */
  readonly codec: CodecName;
  /** Who wrote it. */
  readonly note: SaveNote;
}

const NO_NOTE: SaveNote = { engine: "", device: "" };

/**
 * Writes a save.
 *
 * @param save What to write.
 * @param format Whose it is.
 * @param codec How its values are written.
 * @param note Who writes it; names are cut at 255 bytes.
 * @throws {StateError} `ERR_STATE_UNREADABLE` if a value is not finite;
 * `ERR_STATE_TRANSCRIPT` if its transcript is too long.
 */
export function encodeSave(
  save: Save,
  format: SaveFormat,
  codec: CodecName,
  note: SaveNote = NO_NOTE,
): EncodedSave {
  return atOnce(encodingSave(save, format, codec, note, "atOnce"));
}

/** Writes a save as {@linkcode encodeSave} does, and the same bytes, in steps. */
export function* encodingSave(
  save: Save,
  format: SaveFormat,
  codec: CodecName,
  note: SaveNote = NO_NOTE,
  pace: Pace = "inSteps",
): Steps<EncodedSave> {
  expectWritable(save, format);
  const { L, D } = format.shape;
  const counts = [...save.counts].sort(([a], [b]) => a - b);
  const engine = noteBytes(note.engine), device = noteBytes(note.device);
  const small = {
    unread: save.unread.length,
    counts: counts.length,
    utf8: save.utf8.length,
    engine: engine.length,
    device: device.length,
    values: 0,
  };
  const starts = sectionStarts(small);
  const values = yield* encodingValues(
    save.values,
    codec,
    { L, D },
    starts.values,
    pace,
  );
  const { transcript } = save;
  const sections = transcript === undefined
    ? undefined
    : section(TRANSCRIPT, yield* encodingTranscript(transcript, save.unread));
  const header: SaveHeader = {
    version: sections === undefined ? PLAIN_VERSION : SECTIONED_VERSION,
    codec: values.codec,
    chat: save.chat,
    L,
    D,
    position: save.position,
    fingerprint: Uint8Array.from(format.fingerprint),
    chain: Uint8Array.from(save.chain),
    seed: save.seed,
    sizes: { ...small, values: values.bytes.length },
  };
  const plain = new Uint8Array(values.bytes.buffer);
  const bytes = sections === undefined ? plain : joined(plain, sections);
  const view = new DataView(bytes.buffer);
  writeHeader(bytes, header);
  save.unread.forEach((token, i) =>
    view.setUint32(starts.unread + 4 * i, token, true)
  );
  counts.forEach(([token, count], i) => {
    view.setUint32(starts.counts + 8 * i, token, true);
    view.setFloat32(starts.counts + 8 * i + 4, count, true);
  });
  bytes.set(save.utf8, starts.utf8);
  bytes.set(engine, starts.engine);
  bytes.set(device, starts.device);
  return { bytes, codec: values.codec };
}

/**
 * Reads a save of the model that `format` describes.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if the bytes are no save of version
 * 1 or 2, naming the place; `ERR_STATE_MISMATCH` if they are another model's, naming
 * the field.
 */
export function decodeSave(bytes: Uint8Array, format: SaveFormat): Save {
  return atOnce(decodingSave(bytes, format, "atOnce"));
}

/** Reads a save as {@linkcode decodeSave} does, in steps. */
export function* decodingSave(
  bytes: Uint8Array,
  format: SaveFormat,
  pace: Pace = "inSteps",
): Steps<Save> {
  const header = readHeader(bytes);
  expectModel(header, format);
  const { V } = format.shape;
  return (yield* readingSections(bytes, header, { V, pace })).save;
}

/**
 * Reads a save of whatever model, for tools.
 *
 * @param most Bytes that its values may take once they are decoded.
 * @throws {StateError} `ERR_STATE_UNREADABLE` if the bytes are no save of version
 * 1 or 2, naming the place.
 */
export function readSave(bytes: Uint8Array, most?: number): SaveFile {
  return atOnce(readingSave(bytes, { most, pace: "atOnce" }));
}

/** Reads a save as {@linkcode readSave} does, in steps. */
export function readingSave(
  bytes: Uint8Array,
  { most, pace = "inSteps" }: {
    /** Bytes that its values may take once they are decoded. */
    readonly most?: number | undefined;
    /** How it is read. */
    readonly pace?: Pace;
  } = {},
): Steps<SaveFile> {
  return readingSections(bytes, readHeader(bytes, most), { pace });
}

/**
 * Reads a save of whatever model without its values, which may be any that a model
 * has, in steps. Throws as {@linkcode readSave}.
 */
export function readingSaveText(bytes: Uint8Array): Steps<SaveFile> {
  return readingSections(bytes, readHeader(bytes), {
    values: false,
    pace: "inSteps",
  });
}

/** Refuses a save of another model. */
function expectModel(header: SaveHeader, format: SaveFormat): void {
  const { L, D } = format.shape;
  const fields = [
    ["L", header.L, L],
    ["D", header.D, D],
    ["fingerprint", hex(header.fingerprint), hex(format.fingerprint)],
  ] as const;
  for (const [name, found, expected] of fields) {
    if (found !== expected) {
      throw new StateError(
        "ERR_STATE_MISMATCH",
        `Cannot use save: its ${name} is ${found}, this model's is ${expected}`,
      );
    }
  }
}

function* readingSections(
  bytes: Uint8Array,
  header: SaveHeader,
  { V = 2 ** 32, values = true, pace }: {
    /** Tokens that there are. */
    readonly V?: number | undefined;
    /** Whether to decode the values. */
    readonly values?: boolean;
    /** How values are read. */
    readonly pace: Pace;
  },
): Steps<SaveFile> {
  const { codec, chat, L, D, position, fingerprint, chain, seed } = header;
  const { sizes } = header, starts = sectionStarts(sizes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const token = (at: number): number => {
    const found = view.getUint32(at, true);
    if (found < V) return found;
    throw unreadableSave(
      `token at byte ${at} is ${found}, expected below ${V}`,
    );
  };

  const unread = Array.from(
    { length: sizes.unread },
    (_, i) => token(starts.unread + 4 * i),
  );
  const counts = new Map<number, number>();
  for (let at = starts.counts, last = -1; at < starts.utf8; at += 8) {
    const id = token(at), count = view.getFloat32(at + 4, true);
    if (id <= last) {
      throw unreadableSave(
        `token at byte ${at} is ${id}, expected above ${last}`,
      );
    }
    if (!(count >= 0 && count < Infinity)) {
      throw unreadableSave(
        `count at byte ${at + 4} is ${count}, expected 0 or more`,
      );
    }
    counts.set(last = id, count);
  }
  expectZeros(bytes, starts.device + sizes.device, starts.values);
  const text = new TextDecoder();
  const transcript = yield* readingTranscript(
    bytes,
    header,
    starts.end,
    unread,
  );
  const encoded = bytes.subarray(starts.values, starts.end);
  return {
    save: {
      values: values
        ? yield* decodingValues(encoded, codec, { L, D }, pace)
        : new Float32Array(),
      position,
      unread,
      seed,
      counts,
      utf8: bytes.slice(starts.utf8, starts.engine),
      chat,
      chain,
      ...(transcript && { transcript }),
    },
    format: { fingerprint, shape: { L, D } },
    codec,
    note: {
      engine: text.decode(bytes.subarray(starts.engine, starts.device)),
      device: text.decode(
        bytes.subarray(starts.device, starts.device + sizes.device),
      ),
    },
  };
}

/** The name of the section that holds the transcript. */
const TRANSCRIPT = "text";

/** Bytes of a section's name and size. */
const SECTION_HEAD = 8;

/** A section: its name, its size, and an encoded transcript. */
function section(
  name: string,
  { plainBytes, bytes: compressed }: EncodedTranscript,
): Uint8Array {
  const size = 4 + compressed.length;
  const bytes = new Uint8Array(aligned(SECTION_HEAD + size));
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(name));
  view.setUint32(4, size, true);
  view.setUint32(SECTION_HEAD, plainBytes, true);
  bytes.set(compressed, SECTION_HEAD + 4);
  return bytes;
}

function joined(
  plain: Uint8Array,
  sections: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const start = aligned(plain.length);
  const bytes = new Uint8Array(start + sections.length);
  bytes.set(plain);
  bytes.set(sections, start);
  return bytes;
}

function aligned(length: number): number {
  return 4 * Math.ceil(length / 4);
}

/** The transcript among the sections after the values, if the version has any. */
function* readingTranscript(
  bytes: Uint8Array,
  { version, position }: SaveHeader,
  valuesEnd: number,
  unread: readonly number[],
): Generator<void, Transcript | undefined> {
  if (version === PLAIN_VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = aligned(valuesEnd);
  expectZeros(bytes, valuesEnd, start);
  if (start + SECTION_HEAD + 4 > bytes.length) {
    throw unreadableSave(`no section at byte ${start}, expected one`);
  }
  const name = new TextDecoder("latin1").decode(
    bytes.subarray(start, start + 4),
  );
  if (name !== TRANSCRIPT) {
    throw unreadableSave(
      `the section at byte ${start} is ${JSON.stringify(name)}, and only ` +
        `${JSON.stringify(TRANSCRIPT)} is known here`,
    );
  }
  const size = view.getUint32(start + 4, true);
  const content = start + SECTION_HEAD, end = content + size;
  if (size < 4 || aligned(end) !== bytes.length) {
    throw unreadableSave(
      `the section at byte ${start} has ${size} bytes, expected ${
        bytes.length - content
      } with its padding, for none follows it`,
    );
  }
  expectZeros(bytes, end, bytes.length);
  return yield* decodingTranscript(
    bytes.subarray(content + 4, end),
    view.getUint32(content, true),
    position,
    unread,
  );
}

function expectZeros(bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    if (bytes[at] !== 0) {
      throw unreadableSave(`padding at byte ${at} is ${bytes[at]}, expected 0`);
    }
  }
}

/** Refuses what the fields cannot hold: a mistake of the caller's. */
function expectWritable(save: Save, { fingerprint }: SaveFormat): void {
  const u32 = (value: number) => value === value >>> 0;
  const faults = {
    position: !Number.isSafeInteger(save.position) || save.position < 0,
    unread: save.unread.length > MOST_UNREAD || !save.unread.every(u32),
    seed: !save.seed.every(u32),
    counts: ![...save.counts].every(([token, count]) =>
      u32(token) && count >= 0 && Math.fround(count) < Infinity
    ),
    utf8: save.utf8.length > 3,
    chain: save.chain.length !== HASH_BYTES,
    transcript: save.transcript !== undefined &&
      save.transcript.tokens.length !== save.position,
    fingerprint: fingerprint.length !== HASH_BYTES,
  };
  const found = Object.entries(faults).find(([, fault]) => fault);
  if (found !== undefined) {
    throw new RangeError(`Cannot write save: its ${found[0]} does not fit`);
  }
}

/** A name in UTF-8, whole characters, at most 255 bytes. */
function noteBytes(name: string): Uint8Array {
  const bytes = new Uint8Array(255);
  const { written } = new TextEncoder().encodeInto(name, bytes);
  return bytes.subarray(0, written);
}
