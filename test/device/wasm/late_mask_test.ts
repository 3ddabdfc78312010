import { assert, assertEquals, assertRejects } from "@std/assert";
import type { LaneStep } from "../../../src/device/device.ts";
import { wasmDevice } from "../../../src/device/wasm/wasm_device.ts";
import type { Sampling } from "../../../src/text/sampling_options.ts";
import { randomCheckpoint } from "../../support/models/random_model.ts";
import { prompt } from "../loaded.ts";
import { inlineKernels } from "./inline_kernels.ts";

const V = 320, ROOM = { lanes: 3, quantization: "int8" } as const;

const ways = [false, true].flatMap((inline) =>
  (["last", "drawn"] as const).map((logits) => ({ inline, logits }))
);
for (const { inline, logits } of ways) {
  const where = inline ? "inline" : "in threads";
  Deno.test(`step() draws in masks that come while it reads, ${where}, and gives logits ${logits}`, async () => {
    const options = inline
      ? { inline, kernels: await inlineKernels("kernels") }
      : { threads: 2 };
    const device = wasmDevice({ ...options, chunk: 32 });
    const model = await device.load(
      randomCheckpoint({ L: 2, D: 128, V }),
      ROOM,
    );
    const never = new Promise<undefined>(() => {});
    const masks = [0x11, 0x700, 0x30000].map((word) =>
      new Uint32Array(V / 32).fill(word)
    );
    const free: LaneStep = {
      lane: 1,
      tokens: prompt(9, V),
      draw: 4,
      sampling: sampling(9),
    };
    const begin = async () => {
      for (const lane of [0, 1, 2]) await model.clear(lane);
      const text = { tokens: prompt(7, V), draw: 1 };
      await model.step([
        { lane: 0, ...text, sampling: sampling(7, masks[0]) },
        { lane: 2, ...text, sampling: sampling(7, masks[1]) },
      ]);
    };
    const drawing = { tokens: [], draw: 1, logits } as const;
    const known = (lane: number, i: number): LaneStep => ({
      lane,
      ...drawing,
      sampling: sampling(8, masks[i]),
    });
    const late = (
      lane: number,
      mask: Promise<Uint32Array | undefined>,
    ): LaneStep => ({ lane, ...drawing, sampling: sampling(8), mask });
    try {
      await begin();
      const [zero, one, two] = await model.step([
        known(0, 1),
        free,
        known(2, 2),
      ]);
      const left = await model.read(0);
      assertEquals(zero.drawn.length + one.drawn.length, 5);
      assertEquals(zero.logits?.length, V);

      await begin();
      const soon = new Promise<Uint32Array>((resolve) =>
        setTimeout(resolve, 0, masks[1])
      );
      assertEquals(
        await model.step([late(0, soon), free, known(2, 2)]),
        [zero, one, two],
      );
      assertEquals(await model.read(0), left);

      // What did not come waits, whatever the other lanes do.
      await begin();
      const [waits, other, gone] = await model.step([
        late(0, never),
        free,
        late(2, Promise.resolve(undefined)),
      ]);
      assert(waits.undrawn === true && gone.undrawn === true);
      assertEquals([waits.drawn, gone.drawn, other], [[], [], one]);
      assertEquals(await model.read(0), left);
      await model.step([{ lane: 1, tokens: prompt(40, V), draw: 0 }]);
      await model.clear(2);
      assertEquals(await model.step([known(0, 1)]), [zero]);
      assertEquals(await model.read(0), left);

      // Nor is it lost in a step that waits for masks, its own or another lane's.
      for (const mask of [Promise.resolve(masks[1]), soon]) {
        await begin();
        await model.step([late(0, never)]);
        assertEquals(await model.step([late(0, mask)]), [zero]);
        assertEquals(await model.read(0), left);
      }

      // A copy draws as well, and a lane that is put back has nothing to draw from.
      await begin();
      await model.step([late(0, never)]);
      await model.copy(0, 2);
      await model.clear(0);
      const [copied] = await model.step([known(2, 1)]);
      assertEquals(copied, zero);
      await assertRejects(() => model.step([known(0, 1)]), RangeError);

      await begin();
      const empty = Promise.resolve(new Uint32Array(V / 32));
      await assertRejects(
        () => model.step([late(0, empty)]),
        RangeError,
        "its mask allows no token",
      );
    } finally {
      await device.dispose();
    }
  });
}

function sampling(position: number, mask?: Uint32Array): Sampling {
  return {
    temperature: 1,
    topK: 0,
    topP: 0.9,
    minP: 0,
    presencePenalty: 0.5,
    frequencyPenalty: 0.5,
    penaltyDecay: 0.99,
    logitBias: new Map(),
    seed: [7, 9],
    counts: new Map(),
    position,
    ...(mask && { mask }),
  };
}
