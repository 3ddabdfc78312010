/**
 * The file that keeps a model's packed weights for the next load: its format, and
 * reading it. `quantized_cache_file.ts` finds and writes it.
 *
 * ```text
 * pieces, one after another
 * footer, JSON: version, what it was made from, fingerprint, size and checksum of
 *   each piece
 * SHA-256 of the footer, 32 bytes · its length, u32 little-endian · "GOSQ"
 * ```
 *
 * The fingerprint is kept with the weights that it names, so that neither has to
 * be made again. Is that safe? Sources are recognised by name, size and time, and
 * somebody may change a file and set its time back. Then this file is out of date
 * as a whole: weights and fingerprint come from the same earlier model, so a save
 * still meets exactly the weights that its fingerprint promises. Only a pair made
 * of both would do harm, and there is none: whatever here is damaged or does not
 * match is thrown away together with its fingerprint. Whoever writes here on purpose
 * could write the model's own file as well, so that a checksum is enough for pieces.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { FillingSource } from "../byte_source.ts";
import { checksum } from "./checksum.ts";
import type { PackedPieces } from "./packed_pieces.ts";

/** A file that the weights come from. */
export interface SourceStamp {
  /** Its name, without folders. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** When it was last written, ms since 1970. */
  readonly modified: number;
}

/** Everything that decides the pieces. */
export interface CacheKey {
  /** The device's name for its way of packing; see `Device.packing`. */
  readonly packing: string;
  /** How matrices are kept. */
  readonly quantization: string;
  /** Weights and vocabulary. */
  readonly sources: readonly SourceStamp[];
}

/** What stands at the end of the file. */
export interface Footer {
  /** Of its layout. */
  readonly version: 2;
  /** What the weights were packed from and for. */
  readonly key: CacheKey;
  /** The model's, lower-case hex. */
  readonly fingerprint: string;
  /** What was packed, in order. */
  readonly pieces: { size: number; checksum: string }[];
}

/** The cache is not what it should be; everything can be made again without it. */
export class CacheError extends ModelError {
  /**
   * Says what is wrong.
   *
   * @param found What, and with which file.
   */
  constructor(found: string, options?: ErrorOptions) {
    super("ERR_MODEL_CORRUPT", `Cannot use packed weights: ${found}`, options);
  }
}

/** Of the layout that is written, the only one that is read. */
const VERSION = 2;
const CACHE_MAGIC = new TextEncoder().encode("GOSQ");
const TRAILER = 40;

/** Pieces being read while the device takes the one before. */
const PIECES_AHEAD = 1;

/** Packed weights of an earlier load. */
export class QuantizedCache {
  /** The identity of the model that was packed. */
  readonly fingerprint: Uint8Array;
  readonly #cacheSource: FillingSource;
  readonly #cachedPieces: Footer["pieces"];

  private constructor(source: FillingSource, { fingerprint, pieces }: Footer) {
    this.fingerprint = Uint8Array.fromHex(fingerprint);
    this.#cacheSource = source;
    this.#cachedPieces = pieces;
  }

  /**
   * Opens a cache that was made for `key`.
   *
   * @throws {CacheError} If it was made for another, or is damaged.
   */
  static async open(
    source: FillingSource,
    key: CacheKey,
  ): Promise<QuantizedCache> {
    const footer = await readFooter(source);
    const found = JSON.stringify(footer.key);
    if (found !== JSON.stringify(inOrder(key))) {
      throw new CacheError(`${source.name} was made from something else`);
    }
    return new QuantizedCache(source, footer);
  }

  /** The pieces, from the first; each is checked before it is handed out. */
  pieces(): PackedPieces {
    const pieces = this.#cachedPieces, source = this.#cacheSource;
    const reading: Promise<Uint8Array<ArrayBuffer>>[] = [];
    let begun = 0, offset = 0, given = 0;
    const read = async <Bytes extends Uint8Array>(target: Bytes) => {
      const { size, checksum: expected } = pieces[begun++], at = offset;
      offset += size;
      await source.fill(target, at);
      if (checksum(target) === expected) return target;
      throw new CacheError(`${source.name} is damaged at ${at}`);
    };
    const expect = (size: number) => {
      if (pieces[given]?.size !== size) {
        throw new CacheError(
          `piece ${given} of ${source.name} is not the ${size} bytes asked for`,
        );
      }
      given++;
    };
    return {
      async piece(size): Promise<Uint8Array<ArrayBuffer>> {
        expect(size);
        const own = reading.shift() ?? read(new Uint8Array(size));
        while (begun < pieces.length && reading.length < PIECES_AHEAD) {
          const piece = read(new Uint8Array(pieces[begun].size));
          // Awaited in its turn; until then a failure must not count as unhandled.
          piece.catch(() => {});
          reading.push(piece);
        }
        return await own;
      },
      async fill(target): Promise<void> {
        expect(target.length);
        const own = reading.shift();
        if (own === undefined) await read(target);
        else target.set(await own);
      },
    };
  }
}

/** What closes a file of pieces. */
export async function footerBytes(
  { key, fingerprint, pieces }: {
    readonly key: CacheKey;
    readonly fingerprint: Uint8Array;
    readonly pieces: Footer["pieces"];
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const footer: Footer = {
    version: VERSION,
    key: inOrder(key),
    fingerprint: fingerprint.toHex(),
    pieces,
  };
  const json = new TextEncoder().encode(JSON.stringify(footer));
  const length = new Uint8Array(Uint32Array.of(json.length).buffer);
  return await new Blob([json, await sha256(json), length, CACHE_MAGIC])
    .bytes();
}

async function sha256(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

async function readFooter(source: FillingSource): Promise<Footer> {
  const { name, size } = source;
  const damaged = (cause?: unknown) =>
    new CacheError(`${name} is damaged`, { cause });
  if (size < TRAILER) throw damaged();
  const trailer = await source.read(size - TRAILER, TRAILER);
  const length = new DataView(trailer.slice(32, 36).buffer).getUint32(0, true);
  const magic = trailer.subarray(36);
  if (
    magic.some((byte, i) => byte !== CACHE_MAGIC[i]) || length > size - TRAILER
  ) {
    throw damaged();
  }
  const json = await source.read(size - TRAILER - length, length);
  const expected = trailer.subarray(0, 32).toHex();
  if ((await sha256(json)).toHex() !== expected) throw damaged();
  let footer: unknown;
  try {
    footer = JSON.parse(new TextDecoder().decode(json));
  } catch (cause) {
    throw damaged(cause);
  }
  if (isOfAnotherVersion(footer)) {
    throw new CacheError(`${name} is of another version`);
  }
  if (!isFooter(footer)) throw damaged();
  const bytes = footer.pieces.reduce((sum, piece) => sum + piece.size, 0);
  if (bytes !== size - TRAILER - length) throw damaged();
  return footer;
}

/** Whether JSON is what an earlier or a later program wrote. */
function isOfAnotherVersion(json: unknown): boolean {
  const { version = VERSION } = (json ?? {}) as Partial<Footer>;
  return Number.isSafeInteger(version) && version !== VERSION;
}

/** Whether JSON is a footer; its key is compared as a whole. */
function isFooter(json: unknown): json is Footer {
  const { version, key, fingerprint, pieces } = (json ?? {}) as Partial<Footer>;
  return version === VERSION && key !== undefined &&
    /^[\da-f]{64}$/.test(`${fingerprint}`) &&
    Array.isArray(pieces) &&
    pieces.every((piece) =>
      Number.isSafeInteger(piece?.size) && piece.size >= 0 &&
      typeof piece.checksum === "string"
    );
}

/** The same key with its fields in the order in which they are compared. */
function inOrder({ packing, quantization, sources }: CacheKey): Footer["key"] {
  return {
    packing,
    quantization,
    sources: sources.map(({ name, size, modified }) => ({
      name,
      size,
      modified,
    })),
  };
}
