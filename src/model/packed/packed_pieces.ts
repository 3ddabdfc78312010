/**
 * Weights as a device packs them, piece by piece: what a cache hands out and what
 * it keeps, without either side knowing the other.
 *
 * @module
 */

/** One load's pieces. Each load of the same model asks for the same ones in order. */
export interface PackedPieces {
  /**
   * The next piece: what an earlier load kept, or else what `pack` makes.
   *
   * @param size Bytes of it.
   * @param pack Makes it; called only where nothing was kept.
   * @throws {ModelError} If what was kept is damaged, or of another size.
   */
  piece(
    size: number,
    pack: () => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Puts the next piece where it is wanted: nothing of it lies anywhere else. The
   * next one may be asked for before this one is there.
   *
   * @param target All of it, at a multiple of 4 in its buffer, which may be shared.
   * @param pack Puts it there; called only where nothing was kept.
   * @throws {ModelError} If what was kept is damaged, or of another size; the
   * target then holds anything.
   */
  fill(target: Uint8Array, pack: () => Promise<void>): Promise<void>;
}
