/**
 * Logits that are no numbers. A state can bring that about: one mixed with large
 * weights, or a portable one made by hand, holds values that overflow when the
 * model goes on from them. It ends its own turn and nobody else's.
 *
 * @module
 */

import { DeviceError, StateError } from "../../errors.ts";
import { atOnce } from "../../steps.ts";
import { firstInfinite } from "../../state/finite_values.ts";

/**
 * The error of a turn that cannot be drawn from.
 *
 * @param fromSave Whether the turn went on from a state of its caller's; a blank
 * one is never to blame.
 * @param found What the device said.
 */
export function overflow(
  fromSave: boolean,
  found: string,
): StateError | DeviceError {
  return fromSave
    ? new StateError(
      "ERR_STATE_OVERFLOW",
      `Cannot go on from the state: with it the model computes no finite ` +
        `number (${found}); go back to an earlier state`,
    )
    : new DeviceError(
      "ERR_DEVICE_FAILED",
      `Cannot go on: the model computes no finite number (${found}); ` +
        "check its file with deno task model verify",
    );
}

/**
 * Refuses a state that a turn left with a value that is no finite number.
 *
 * @param fromSave As of {@linkcode overflow}.
 */
export function expectNumbers(values: Float32Array, fromSave: boolean): void {
  const at = atOnce(firstInfinite(values));
  if (at < 0) return;
  throw overflow(fromSave, `value ${at} of the state is ${values[at]}`);
}
