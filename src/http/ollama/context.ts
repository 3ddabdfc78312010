/**
 * A save as Ollama's `context`: integers that clients send back unread. The first is
 * the number of bytes; each of the others is four of them, little-endian, as a signed
 * number of 32 bits, which every client can hold.
 *
 * @module
 */

import { StateError } from "../../errors.ts";

/** Bytes of a number. */
const CONTEXT_NUMBER_BYTES = 4;

/** Writes a save. */
export function contextOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = Math.floor(bytes.length / CONTEXT_NUMBER_BYTES);
  const context = new Array<number>(
    1 + Math.ceil(bytes.length / CONTEXT_NUMBER_BYTES),
  );
  context[0] = bytes.length;
  for (let i = 0; i < whole; i++) {
    context[1 + i] = view.getInt32(CONTEXT_NUMBER_BYTES * i, true);
  }
  if (CONTEXT_NUMBER_BYTES * whole < bytes.length) {
    const last = new Uint8Array(CONTEXT_NUMBER_BYTES);
    last.set(bytes.subarray(CONTEXT_NUMBER_BYTES * whole));
    context[1 + whole] = new DataView(last.buffer).getInt32(0, true);
  }
  return context;
}

/**
 * Reads a save.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if the numbers are none of these, as
 * those of another server are not.
 */
export function bytesOfContext(
  numbers: readonly number[],
): Uint8Array<ArrayBuffer> {
  const [length = -1] = numbers;
  const padded = CONTEXT_NUMBER_BYTES * (numbers.length - 1);
  if (
    length < 0 || length > padded || length <= padded - CONTEXT_NUMBER_BYTES
  ) {
    throw new StateError(
      "ERR_STATE_UNREADABLE",
      `Cannot go on from the context: its ${numbers.length} numbers are no ` +
        "save of this server's; send them as they came, or leave them out",
    );
  }
  const bytes = new Uint8Array(padded);
  const view = new DataView(bytes.buffer);
  // By index: an iterator takes eight times as long for a million of them.
  for (let i = 1; i < numbers.length; i++) {
    view.setInt32(CONTEXT_NUMBER_BYTES * (i - 1), numbers[i], true);
  }
  return bytes.subarray(0, length);
}
