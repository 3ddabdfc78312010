/**
 * The file that keeps a model's packed weights for the next load: its format, and
 * reading it. `quantized_cache_file.ts` finds and writes it.
 *
 * ```text
 * pieces, one after another
 * footer, JSON: version, what it was made from, fingerprint, size and SHA-256 of
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
 * match is thrown away together with its fingerprint.
 *
 * @module
 */

import { z } from "zod";
import { ModelError } from "../../errors.ts";
import type { PackedPieces } from "./packed_pieces.ts";
import type { ByteSource } from "../byte_source.ts";

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
  readonly version: 1;
  /** What the weights were packed from and for. */
  readonly key: CacheKey;
  /** The model's, lower-case hex. */
  readonly fingerprint: string;
  /** What was packed, in order. */
  readonly pieces: { size: number; sha256: string }[];
}

const digest = z.string().regex(/^[\da-f]{64}$/);
const count = z.int().min(0);

const FooterSchema = z.object({
  version: z.literal(1),
  key: z.object({
    packing: z.string(),
    quantization: z.string(),
    sources: z.array(
      z.object({ name: z.string(), size: count, modified: z.number() }),
    ),
  }),
  fingerprint: digest,
  pieces: z.array(z.object({ size: count, sha256: digest })),
});

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

const MAGIC = new TextEncoder().encode("GOSQ");
const TRAILER = 40;

/** Pieces being read and checked while the device takes the one before. */
const AHEAD = 4;

/** Packed weights of an earlier load. */
export class QuantizedCache {
  /** The identity of the model that was packed. */
  readonly fingerprint: Uint8Array;
  readonly #source: ByteSource;
  readonly #pieces: Footer["pieces"];

  private constructor(source: ByteSource, { fingerprint, pieces }: Footer) {
    this.fingerprint = Uint8Array.fromHex(fingerprint);
    this.#source = source;
    this.#pieces = pieces;
  }

  /**
   * Opens a cache that was made for `key`.
   *
   * @throws {CacheError} If it was made for another, or is damaged.
   */
  static async open(
    source: ByteSource,
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
    const pieces = this.#pieces, source = this.#source;
    const reading: Promise<Uint8Array<ArrayBuffer>>[] = [];
    let asked = 0, offset = 0, given = 0;
    const ask = () => {
      while (asked < pieces.length && asked - given <= AHEAD) {
        const piece = checked(source, offset, pieces[asked]);
        // Awaited in its turn; until then a failure must not count as unhandled.
        piece.catch(() => {});
        reading.push(piece);
        offset += pieces[asked++].size;
      }
    };
    return {
      async piece(size): Promise<Uint8Array<ArrayBuffer>> {
        ask();
        const next = reading.shift();
        if (next === undefined || pieces[given].size !== size) {
          throw new CacheError(
            `piece ${given} of ${source.name} is not the ${size} bytes asked for`,
          );
        }
        given++;
        return await next;
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
    version: 1,
    key: inOrder(key),
    fingerprint: fingerprint.toHex(),
    pieces,
  };
  const json = new TextEncoder().encode(JSON.stringify(footer));
  const length = new Uint8Array(Uint32Array.of(json.length).buffer);
  return await new Blob([json, await sha256(json), length, MAGIC]).bytes();
}

/** SHA-256. */
export async function sha256(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

async function readFooter(source: ByteSource): Promise<Footer> {
  const { name, size } = source;
  const damaged = (cause?: unknown) =>
    new CacheError(`${name} is damaged`, { cause });
  if (size < TRAILER) throw damaged();
  const trailer = await source.read(size - TRAILER, TRAILER);
  const length = new DataView(trailer.slice(32, 36).buffer).getUint32(0, true);
  const magic = trailer.subarray(36);
  if (magic.some((byte, i) => byte !== MAGIC[i]) || length > size - TRAILER) {
    throw damaged();
  }
  const json = await source.read(size - TRAILER - length, length);
  const expected = trailer.subarray(0, 32).toHex();
  if ((await sha256(json)).toHex() !== expected) throw damaged();
  let footer: Footer;
  try {
    footer = FooterSchema.parse(JSON.parse(new TextDecoder().decode(json)));
  } catch (cause) {
    throw damaged(cause);
  }
  const bytes = footer.pieces.reduce((sum, piece) => sum + piece.size, 0);
  if (bytes !== size - TRAILER - length) throw damaged();
  return footer;
}

async function checked(
  source: ByteSource,
  offset: number,
  { size, sha256: expected }: Footer["pieces"][number],
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await source.read(offset, size);
  if ((await sha256(bytes)).toHex() === expected) return bytes;
  throw new CacheError(`${source.name} is damaged at ${offset}`);
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
