/**
 * Just enough of ZIP to find uncompressed entries in a file that may be larger
 * than 4 GiB. Layout: PKWARE APPNOTE 6.3, sections 4.3 and 4.5.3.
 *
 * Sizes come from the central directory: writers that stream leave them out of
 * the local headers.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { ByteSource } from "../byte_source.ts";

/** An uncompressed entry. */
export interface ZipEntry {
  /** Where its bytes are. */
  readonly offset: number;
  /** How many they are. */
  readonly size: number;
}

const END = 0x06054b50, END_SIZE = 22;
const LOCATOR64 = 0x07064b50, LOCATOR64_SIZE = 20;
const ZIP64_END = 0x06064b50, ZIP64_END_SIZE = 56;
const CENTRAL = 0x02014b50, CENTRAL_SIZE = 46;
const LOCAL_HEADER = 0x04034b50, LOCAL_HEADER_SIZE = 30;
/** Extra field that holds what needs 64 bits. */
const ZIP64 = 0x0001;
/** Says "see the 64-bit field". */
const SEE_ZIP64 = 0xffffffff;
/** A directory has some hundred bytes an entry; more than this is damage. */
const MAX_DIRECTORY = 16 << 20;

/**
 * Lists the entries of a ZIP file, by name.
 *
 * @throws {ModelError} `ERR_MODEL_CORRUPT` if the directory is damaged, if an
 * entry is compressed, or if entries overlap.
 */
export async function readZip(
  source: ByteSource,
): Promise<Map<string, ZipEntry>> {
  const { offset, size, count } = await findDirectory(source);
  if (size > MAX_DIRECTORY) {
    throw corruptZip(source, `its directory has ${size} bytes`);
  }
  const view = zipView(await source.read(offset, size));
  const entries: [name: string, at: number, size: number][] = [];
  for (let at = 0; entries.length < count;) {
    if (
      at + CENTRAL_SIZE > size || view.getUint32(at, true) !== CENTRAL
    ) {
      throw corruptZip(
        source,
        `its directory ends after ${entries.length} of ${count} entries`,
      );
    }
    const entry = parseEntry(source, view, at);
    entries.push([entry.name, entry.offset, entry.size]);
    at += entry.length;
  }
  return await locateEntries(source, entries, offset);
}

async function findDirectory(
  source: ByteSource,
): Promise<{ offset: number; size: number; count: number }> {
  // The end record is last, but for a comment of at most 65,535 bytes.
  const length = Math.min(source.size, END_SIZE + 0xffff);
  const tail = zipView(await source.read(source.size - length, length));
  for (let at = length - END_SIZE; at >= 0; at--) {
    if (
      tail.getUint32(at, true) !== END ||
      at + END_SIZE + tail.getUint16(at + 20, true) !== length
    ) continue;
    const count = tail.getUint16(at + 10, true);
    const size = tail.getUint32(at + 12, true);
    const offset = tail.getUint32(at + 16, true);
    const large = count === 0xffff || size === SEE_ZIP64 ||
      offset === SEE_ZIP64;
    return large
      ? await findDirectory64(source, source.size - length + at)
      : { offset, size, count };
  }
  throw corruptZip(source, "it has no directory; fetch it again");
}

async function findDirectory64(source: ByteSource, end: number) {
  const locator = zipView(
    await source.read(end - LOCATOR64_SIZE, LOCATOR64_SIZE),
  );
  if (locator.getUint32(0, true) !== LOCATOR64) {
    throw corruptZip(source, "its 64-bit directory is missing");
  }
  const record = zipView(
    await source.read(uint64(source, locator, 8), ZIP64_END_SIZE),
  );
  if (record.getUint32(0, true) !== ZIP64_END) {
    throw corruptZip(source, "its 64-bit directory is missing");
  }
  return {
    count: uint64(source, record, 32),
    size: uint64(source, record, 40),
    offset: uint64(source, record, 48),
  };
}

function parseEntry(source: ByteSource, view: DataView, at: number) {
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const length = CENTRAL_SIZE + nameLength + extraLength +
    view.getUint16(at + 32, true);
  if (at + length > view.byteLength) {
    throw corruptZip(source, "its directory ends inside an entry");
  }
  const name = new TextDecoder().decode(
    new Uint8Array(
      view.buffer,
      view.byteOffset + at + CENTRAL_SIZE,
      nameLength,
    ),
  );
  const sizes = [
    view.getUint32(at + 24, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 42, true),
  ];
  const extra = at + CENTRAL_SIZE + nameLength;
  widenSizes(source, view, extra, extra + extraLength, sizes);
  const [size, packed, offset] = sizes;
  if (view.getUint16(at + 10, true) !== 0 || packed !== size) {
    throw corruptZip(
      source,
      `entry ${name} is compressed, which PyTorch never does`,
    );
  }
  return { name, size, offset, length };
}

/** Replaces those sizes that say so by their 64-bit values, in the fixed order. */
function widenSizes(
  source: ByteSource,
  view: DataView,
  from: number,
  to: number,
  sizes: number[],
): void {
  for (let at = from; at + 4 <= to;) {
    const id = view.getUint16(at, true);
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > to) throw corruptZip(source, "an extra field is cut off");
    if (id === ZIP64) {
      let field = at + 4;
      sizes.forEach((size, i) => {
        if (size !== SEE_ZIP64) return;
        if (field + 8 > end) {
          throw corruptZip(source, "a 64-bit size is missing");
        }
        sizes[i] = uint64(source, view, field);
        field += 8;
      });
    }
    at = end;
  }
}

async function locateEntries(
  source: ByteSource,
  entries: [name: string, at: number, size: number][],
  directory: number,
): Promise<Map<string, ZipEntry>> {
  const found = new Map<string, ZipEntry>();
  let end = 0;
  for (const [name, at, size] of entries.sort((a, b) => a[1] - b[1])) {
    const header = zipView(await source.read(at, LOCAL_HEADER_SIZE));
    if (header.getUint32(0, true) !== LOCAL_HEADER) {
      throw corruptZip(source, `entry ${name} is not where the directory says`);
    }
    const offset = at + LOCAL_HEADER_SIZE + header.getUint16(26, true) +
      header.getUint16(28, true);
    if (at < end || offset + size > directory) {
      throw corruptZip(source, `entry ${name} overlaps another one`);
    }
    if (found.has(name)) {
      throw corruptZip(source, `entry ${name} is there twice`);
    }
    found.set(name, { offset, size });
    end = offset + size;
  }
  return found;
}

function uint64(source: ByteSource, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > Number.MAX_SAFE_INTEGER) {
    throw corruptZip(source, `a size in its directory is ${value}`);
  }
  return Number(value);
}

function zipView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function corruptZip({ name }: ByteSource, found: string): ModelError {
  return new ModelError("ERR_MODEL_CORRUPT", `Cannot read ${name}: ${found}`);
}
