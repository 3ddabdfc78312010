import { assert, assertEquals } from "@std/assert";
import type { DeviceModel, LaneResult } from "../../../src/device/device.ts";
import { wasmDevice } from "../../../src/device/wasm/wasm_device.ts";
import { MaskFeed } from "../../../src/text/mask_feed.ts";
import { Counts } from "../../../src/text/penalties.ts";
import type { Sampling } from "../../../src/text/sampling_options.ts";
import { randomCheckpoint } from "../../support/models/random_model.ts";
import { prompt } from "../loaded.ts";

const V = 320, DRAWS = 9, LENGTH = 7;
const MASKS = [0x11, 0x700, 0x30000, 0xffff0000].map((word) =>
  new Uint32Array(V / 32).fill(word)
);

Deno.test("step() draws in masks of a feed what it draws in masks known before", async () => {
  const device = wasmDevice({ threads: 2, chunk: 32 });
  const model = await device.load(
    randomCheckpoint({ L: 2, D: 128, V }),
    { lanes: 3, quantization: "int8" },
  );
  try {
    assert(model.maskFeeds);
    const alone: number[] = [];
    for (let i = 0; i < DRAWS; i++) {
      const [{ drawn }] = await model.step([{
        lane: 0,
        tokens: i === 0 ? prompt(LENGTH, V) : [],
        draw: 1,
        sampling: sampling(alone, maskOf(alone)),
      }]);
      alone.push(...drawn);
    }
    const left = await model.read(0);
    // A mask that is late leaves the rest to the next feed, whatever the machine does.
    for (const lost of [undefined, 1, 4]) {
      await model.clear(1);
      assertEquals(await fed(model, 1, lost), alone);
      assertEquals(await model.read(1), left);
    }

    // A feed goes on in the next step where all was drawn that was asked for.
    await model.clear(1);
    const feed = MaskFeed.begin(V / 32);
    const [one] = await heard(
      feed,
      [],
      model.step([{
        lane: 1,
        tokens: prompt(LENGTH, V),
        draw: 1,
        sampling: sampling([], maskOf([])),
        feed: feed.memory,
      }]),
    );
    const [more] = await model.step([{
      lane: 1,
      tokens: [],
      draw: 3,
      sampling: sampling(one.drawn),
      feed: feed.memory,
    }]);
    // One mask was given, and no other.
    assertEquals([more.drawn, more.undrawn], [alone.slice(1, 2), true]);
    const [rest] = await model.step([{
      lane: 1,
      tokens: [],
      draw: 1,
      sampling: sampling(alone.slice(0, 2), maskOf(alone.slice(0, 2))),
    }]);
    assertEquals(rest.drawn, alone.slice(2, 3));

    // So it is beside a lane whose mask is found while it reads.
    await model.clear(1);
    await model.clear(2);
    const text = { tokens: prompt(LENGTH, V), sampling: sampling([]) };
    const [stopped] = await model.step([{
      ...{ lane: 1, ...text, draw: 3, feed: MaskFeed.begin(V / 32).memory },
      sampling: sampling([], maskOf([])),
    }]);
    const known = alone.slice(0, 1);
    assertEquals([stopped.drawn, stopped.undrawn], [known, true]);
    const [goesOn, other] = await model.step([
      {
        ...{ lane: 1, tokens: [], draw: 1 },
        sampling: sampling(known, maskOf(known)),
        feed: MaskFeed.begin(V / 32).memory,
      },
      { lane: 2, ...text, draw: 1, mask: Promise.resolve(maskOf([])) },
    ]);
    assertEquals([goesOn.drawn, other.drawn], [alone.slice(1, 2), known]);
  } finally {
    await device.dispose();
  }
});

/** Draws with feeds; the mask behind `lost` tokens of a feed is never given. */
async function fed(
  model: DeviceModel,
  lane: number,
  lost?: number,
): Promise<number[]> {
  const drawn: number[] = [];
  while (drawn.length < DRAWS) {
    const feed = MaskFeed.begin(V / 32);
    const draw = DRAWS - drawn.length;
    const step = model.step([{
      lane,
      tokens: drawn.length === 0 ? prompt(LENGTH, V) : [],
      draw,
      sampling: sampling(drawn, maskOf(drawn)),
      feed: feed.memory,
    }]);
    const [{ drawn: found, undrawn }] = await heard(feed, drawn, step, lost);
    assertEquals(undrawn === true, found.length < draw);
    drawn.push(...found);
  }
  return drawn;
}

/** Gives masks until a step is over. */
async function heard(
  feed: MaskFeed,
  before: readonly number[],
  step: Promise<LaneResult[]>,
  lost?: number,
): Promise<LaneResult[]> {
  let over = false;
  const done = step.finally(() => over = true);
  const told: number[] = [];
  while (!over) {
    const token = feed.hear(told.length, 0);
    if (token !== undefined) {
      told.push(token);
      if (told.length !== lost) feed.give(maskOf([...before, ...told]));
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const token = feed.hear(told.length, 0);
  if (token !== undefined) feed.give(maskOf([...before, ...told, token]));
  return await done;
}

function maskOf({ length }: readonly number[]): Uint32Array {
  return MASKS[length % MASKS.length];
}

function sampling(drawn: readonly number[], mask?: Uint32Array): Sampling {
  const penalties = { presencePenalty: 0.5, frequencyPenalty: 0.5 };
  const penaltyDecay = 0.99;
  const counts = new Counts();
  for (const token of drawn) counts.draw(token, penaltyDecay);
  return {
    temperature: 1,
    topK: 0,
    topP: 0.9,
    minP: 0,
    ...penalties,
    penaltyDecay,
    logitBias: new Map(),
    seed: [7, 9],
    counts,
    position: LENGTH + drawn.length,
    ...(mask && { mask }),
  };
}
