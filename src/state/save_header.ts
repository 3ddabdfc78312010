/**
 * The fixed part of a save file, and where its sections are.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { N, stateLength } from "../model/shape.ts";
import { hex } from "../text/hex.ts";
import { CODEC_NAMES, encodedSize } from "./codec.ts";
import type { ChatPhase, CodecName } from "./save.ts";

/** Bytes before the first section. */
export const HEADER_BYTES = 128;

/** What a save file begins with. */
export const MAGIC: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  "GOSLING\0",
);

/** The version of a save without sections after its values, and of one with them. */
export const PLAIN_VERSION = 1, SECTIONED_VERSION = 2;

/** A SHA-256. */
export const HASH_BYTES = 32;

/**
 * Tokens that may be unread. A stop leaves a few of them; each has to be read
 * before a turn can draw, so a small file must not ask for a million.
 */
export const MOST_UNREAD = 4096;

/** Bytes of decoded values. A state beyond this is no model's; the largest official one has 66 MB. */
const MOST_STATE_BYTES = 2 ** 28;

/** The fixed part of a save file. */
export interface SaveHeader {
  /** Version 1 ends with its values, version 2 with sections after them. */
  readonly version: number;
  /** How the values are written. */
  readonly codec: CodecName;
  /** Where the chat template is. */
  readonly chat: ChatPhase;
  /** Layers. */
  readonly L: number;
  /** Model width. */
  readonly D: number;
  /** Tokens read since blank. */
  readonly position: number;
  /** Whose state it is, 32 bytes. */
  readonly fingerprint: Uint8Array<ArrayBuffer>;
  /** Hash chain over the tokens read, 32 bytes. */
  readonly chain: Uint8Array<ArrayBuffer>;
  /** Seed of the draws. */
  readonly seed: readonly [low: number, high: number];
  /** Sizes of the sections, in their order. */
  readonly sizes: SectionSizes;
}

/** How many items each section has. */
export interface SectionSizes {
  /** Tokens not read yet. */
  readonly unread: number;
  /** Tokens with a count. */
  readonly counts: number;
  /** Bytes of an unfinished character, at most 3. */
  readonly utf8: number;
  /** Bytes of the engine's name, at most 255. */
  readonly engine: number;
  /** Bytes of the device's name, at most 255. */
  readonly device: number;
  /** Bytes of the encoded values. */
  readonly values: number;
}

/**
 * Tokens that a state can have read: a thousand years of 8,000 a second, and far
 * enough from 2^53 that counting on stays exact.
 */
export const MOST_POSITION = 2 ** 48;

/** Where each section begins, in bytes, and where the file ends. */
export function sectionStarts(sizes: SectionSizes): SectionSizes & {
  /** Bytes of the file. */
  readonly end: number;
} {
  const counts = HEADER_BYTES + 4 * sizes.unread;
  const utf8 = counts + 8 * sizes.counts;
  const engine = utf8 + sizes.utf8;
  const device = engine + sizes.engine;
  const values = 4 * Math.ceil((device + sizes.device) / 4);
  const end = values + sizes.values;
  return { unread: HEADER_BYTES, counts, utf8, engine, device, values, end };
}

/** Writes the header at the start of `bytes`. */
export function writeHeader(bytes: Uint8Array, header: SaveHeader): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const { chat, sizes, L, D } = header;
  bytes.set(MAGIC);
  view.setUint16(8, header.version, true);
  view.setUint8(10, CODEC_NAMES.indexOf(header.codec));
  view.setUint8(11, Number(chat.open) | Number(chat.thinking) << 1);
  view.setUint32(12, L, true);
  view.setUint32(16, D, true);
  view.setUint32(20, bytes.length, true);
  view.setBigUint64(24, BigInt(header.position), true);
  bytes.set(header.fingerprint, 32);
  bytes.set(header.chain, 64);
  view.setUint32(96, header.seed[0], true);
  view.setUint32(100, header.seed[1], true);
  view.setUint32(104, sizes.unread, true);
  view.setUint32(108, sizes.counts, true);
  view.setUint8(112, sizes.utf8);
  view.setUint8(113, sizes.engine);
  view.setUint8(114, sizes.device);
  view.setUint32(116, sizes.values, true);
  view.setUint32(120, 4 * stateLength({ L, D }), true);
  view.setUint32(124, chat.told ?? 0, true);
}

/**
 * Reads and checks the header: afterwards every section is known to lie inside
 * `bytes`, and the values to decode to no more than a state.
 *
 * @param most Bytes that the values may take once they are decoded.
 * @throws {StateError} `ERR_STATE_UNREADABLE` naming the first field that is
 * wrong, its offset, and what was expected there.
 */
export function readHeader(
  bytes: Uint8Array,
  most: number = MOST_STATE_BYTES,
): SaveHeader {
  expectHeader(
    bytes.length >= HEADER_BYTES,
    `${bytes.length} bytes, expected at least ${HEADER_BYTES}`,
  );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = bytes.subarray(0, MAGIC.length);
  expectHeader(
    MAGIC.every((byte, i) => byte === magic[i]),
    `byte 0 begins ${hex(magic)}, expected ${hex(MAGIC)}`,
  );
  const version = view.getUint16(8, true);
  expectHeader(
    version === PLAIN_VERSION || version === SECTIONED_VERSION,
    `version is ${version}, expected ${PLAIN_VERSION} or ${SECTIONED_VERSION}`,
  );

  const codec = CODEC_NAMES[
    expectField(view, "u8", 10, "codec", {
      most: CODEC_NAMES.length - 1,
    })
  ];
  const phase = expectField(view, "u8", 11, "chat phase", { most: 3 });
  const L = expectField(view, "u32", 12, "L", { least: 1 });
  const D = expectField(view, "u32", 16, "D", { least: N });
  expectHeader(
    D % N === 0,
    `D at byte 16 is ${D}, expected a multiple of ${N}`,
  );
  const decoded = 4 * stateLength({ L, D });
  expectField(view, "u32", 20, "length", { only: bytes.length });
  const position = view.getBigUint64(24, true);
  expectHeader(
    position <= MOST_POSITION,
    `position at byte 24 is ${position}, expected at most 2^48`,
  );
  expectField(view, "u8", 115, "reserved byte", { only: 0 });
  expectField(view, "u32", 120, "size of decoded values", { only: decoded });
  expectHeader(
    decoded <= most,
    `values would take ${decoded} bytes, expected at most ${most}`,
  );
  const told = view.getUint32(124, true);

  const size = encodedSize(codec, { L, D });
  const sizes = {
    unread: expectField(view, "u32", 104, "number of unread tokens", {
      most: MOST_UNREAD,
    }),
    counts: expectField(view, "u32", 108, "number of counts"),
    utf8: expectField(view, "u8", 112, "number of UTF-8 bytes", { most: 3 }),
    engine: expectField(view, "u8", 113, "length of engine"),
    device: expectField(view, "u8", 114, "length of device"),
    values: expectField(view, "u32", 116, `size of ${codec} values`, {
      least: size.fixed ? size.bytes : 1,
      most: size.bytes,
    }),
  };
  const { end } = sectionStarts(sizes);
  expectHeader(
    version === PLAIN_VERSION ? end === bytes.length : end <= bytes.length,
    `sections end at byte ${end}, expected ${bytes.length}`,
  );
  return {
    version,
    codec,
    chat: {
      open: (phase & 1) !== 0,
      thinking: (phase & 2) !== 0,
      ...(told !== 0 && { told }),
    },
    L,
    D,
    position: Number(position),
    fingerprint: bytes.slice(32, 32 + HASH_BYTES),
    chain: bytes.slice(64, 64 + HASH_BYTES),
    seed: [view.getUint32(96, true), view.getUint32(100, true)],
    sizes,
  };
}

/** What a field may hold: one value, or a range. */
interface Range {
  readonly only?: number;
  readonly least?: number;
  readonly most?: number;
}

function expectField(
  view: DataView,
  type: "u8" | "u32",
  at: number,
  name: string,
  { only, least = only ?? 0, most = only ?? Infinity }: Range = {},
): number {
  const found = type === "u8" ? view.getUint8(at) : view.getUint32(at, true);
  if (found >= least && found <= most) return found;
  const range = least === most
    ? `${least}`
    : most === Infinity
    ? `at least ${least}`
    : `${least} to ${most}`;
  throw unreadableSave(`${name} at byte ${at} is ${found}, expected ${range}`);
}

function expectHeader(holds: boolean, found: string): asserts holds {
  if (!holds) throw unreadableSave(found);
}

/** The error of a save file that is not as it should be. */
export function unreadableSave(found: string): StateError {
  return new StateError("ERR_STATE_UNREADABLE", `Cannot read save: ${found}`);
}
