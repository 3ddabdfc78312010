/**
 * The kernels for a memory that is not shared: the same module, whose one import
 * says so. A page that is not isolated, and hosts without threads, have no other.
 *
 * Source: WebAssembly binary format 5.5.5 (imports) and the threads proposal, where
 * bit 1 of a memory's limits means shared. Atomic operations on one thread's own
 * memory are valid; nothing waits where there is nobody to wait for.
 *
 * @module
 */

/** Bytes before the first section: magic and version. */
const MODULE_START = 8;

const IMPORT_SECTION = 2, MEMORY_IMPORT = 2;
const HAS_MAXIMUM = 0b001, SHARED = 0b010;

/**
 * The module with its memory import unshared.
 *
 * @param binary A module whose only import is a shared memory with a maximum.
 * @throws {TypeError} If it is not.
 */
export function unshared(
  binary: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(binary);
  let at = MODULE_START;
  const number = () => {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const end = number() + at;
    if (section !== IMPORT_SECTION) {
      at = end;
      continue;
    }
    const count = number();
    for (let names = 0; names < 2; names++) at = number() + at;
    const kind = bytes[at++];
    if (
      count === 1 && kind === MEMORY_IMPORT &&
      bytes[at] === (HAS_MAXIMUM | SHARED)
    ) {
      bytes[at] = HAS_MAXIMUM;
      return bytes;
    }
    break;
  }
  throw new TypeError(
    "Cannot unshare the kernels: their only import is not a shared memory",
  );
}
