/**
 * One save–load cycle: what a turn does to a state, and nothing else.
 *
 * @module
 */

import type { DeviceModel } from "../../src/device/device.ts";
import { decodeValues, encodeValues } from "../../src/state/codec.ts";
import type { CodecName } from "../../src/state/save.ts";

/** Saves and loads the state of a lane. */
export async function cycle(
  model: DeviceModel,
  lane: number,
  codec: CodecName,
): Promise<void> {
  const { shape } = model;
  const { bytes, codec: used } = encodeValues(
    await model.read(lane),
    codec,
    shape,
  );
  await model.write(lane, decodeValues(bytes, used, shape));
}
