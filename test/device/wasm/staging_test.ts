/**
 * States on their way to lanes: more of them at once than there is room to stage.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { wasmDevice } from "../../../src/device/wasm/wasm_device.ts";
import { stateLength } from "../../../src/model/shape.ts";
import { randomCheckpoint } from "../../support/models/random_model.ts";

Deno.test("write() of five states at once keeps each", async () => {
  const lanes = 5;
  const checkpoint = randomCheckpoint({ L: 2, D: 64, V: 96, type: "F32" });
  const device = wasmDevice({ threads: 1 });
  try {
    const model = await device.load(checkpoint, {
      lanes,
      quantization: "none",
    });
    const states = Array.from(
      { length: lanes },
      (_, lane) =>
        new Float32Array(stateLength(checkpoint.shape))
          .map((_, i) => 1000 * lane + i),
    );
    for (const order of [states, states.toReversed()]) {
      const written = order.map((values, lane) => model.write(lane, values));
      await Promise.all(written);
      const read = await Promise.all(order.map((_, lane) => model.read(lane)));
      assertEquals(read, order);
    }
  } finally {
    await device.dispose();
  }
});
