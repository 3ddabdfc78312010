/**
 * Laws that hold on every device whatever the model: how tokens come to be read
 * changes nothing, and lanes know nothing of each other.
 *
 * @module
 */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type {
  DeviceModel,
  LaneStep,
  Quantization,
} from "../../src/device/device.ts";
import { stateLength } from "../../src/model/shape.ts";
import { openGolden } from "../support/goldens.ts";
import { random } from "../support/random.ts";
import {
  assertSameBits,
  LANES,
  logitsOf,
  one,
  type OpenDevice,
  prompt,
  readBlank,
  withModel,
} from "./loaded.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";

const V = 512;
const TOKENS = prompt(200, V);
/** Draws that differ from step to step, without penalties. */
const LIVELY = { ...GREEDY, temperature: 1, seed: [7, 9] as const };

/** Registers the laws for a device, with its matrices kept in some way. */
export function laws(
  name: string,
  open: OpenDevice,
  quantization: Quantization,
): void {
  // Other neighbours each time.
  const seed = quantization === "none" ? 1 : 2;
  Deno.test(`${name} keeps the laws, matrices ${quantization}`, async (t) => {
    const checkpoint = await openGolden("rand-d128-l3-v512");
    await withModel(open, checkpoint, async (model) => {
      for (const [law, holds] of Object.entries(LAWS)) {
        await t.step(law, async () => await holds(model, seed));
      }
    }, quantization);
  });
}

const LAWS: Record<
  string,
  (model: DeviceModel, seed: number) => Promise<void>
> = {
  async "a state written is read back bit for bit"(model): Promise<void> {
    const next = random(3);
    const size = stateLength(model.shape);
    const values = Float32Array.from({ length: size }, () => 8 * next() - 4);
    values.set([-0, 1e-40, 3e38, -3e-38], 100);
    const other = await model.read(2);
    await model.write(1, values);
    assertSameBits(await model.read(1), values, "a state");
    assertSameBits(await model.read(2), other, "the lane beside it");
  },

  async "a lane cleared is blank and reads as at first"(model): Promise<void> {
    const first = await readBlank(model, 0, TOKENS.slice(0, 9));
    const again = await readBlank(model, 0, TOKENS.slice(0, 9));
    assertSameBits(again, first, "logits");
    await model.clear(0);
    const blank = new Float32Array(stateLength(model.shape));
    assertSameBits(await model.read(0), blank, "a blank lane");
  },

  async "a lane copied goes on as the other does"(model): Promise<void> {
    await readBlank(model, 0, TOKENS.slice(0, 20));
    await readBlank(model, 3, TOKENS.slice(20, 50));
    await model.copy(0, 3);
    assertSameBits(await model.read(3), await model.read(0), "a copy");
    const step = { tokens: [5, 6, 7], draw: 0, logits: "last" } as const;
    const mine = await logitsOf(model, { lane: 0, ...step });
    const copy = await logitsOf(model, { lane: 3, ...step });
    assertSameBits(copy, mine, "logits");

    await one(model, { lane: 0, tokens: [5], draw: 3, sampling: LIVELY });
    await model.copy(0, 3);
    const on = { tokens: [], draw: 6, sampling: LIVELY };
    assertEquals(
      await one(model, { lane: 3, ...on }),
      await one(model, { lane: 0, ...on }),
    );
  },

  async "what cannot be done is refused, and the next is done"(
    model,
  ): Promise<void> {
    const { V } = model.shape;
    const good = { lane: 0, tokens: [1], draw: 0 };
    const mask = new Uint32Array(Math.ceil(V / 32));
    const refused: [LaneStep[], string][] = [
      [
        [{ ...good, lane: LANES }],
        `Cannot use lane ${LANES}: there are ${LANES}`,
      ],
      [[good, good], "Cannot step lane 0: it is in the step twice"],
      [
        [{ ...good, tokens: [V] }],
        `Cannot step lane 0: token ${V} is not in [0, ${V})`,
      ],
      [
        [{ ...good, tokens: [-1] }],
        `Cannot step lane 0: token -1 is not in [0, ${V})`,
      ],
      [
        [{ ...good, lane: 1, tokens: [] }],
        "Cannot step lane 1: there are no tokens, and it has drawn none to go on from",
      ],
      [[{ ...good, draw: 1 }], "Cannot step lane 0: it draws without sampling"],
      [
        [{ ...good, draw: -1 }],
        "Cannot step lane 0: -1 tokens to draw, expected 0 to 8192",
      ],
      [
        [{ ...good, draw: 1, sampling: { ...LIVELY, mask } }],
        "Cannot step lane 0: its mask allows no token",
      ],
      [
        [{ ...good, draw: 1, sampling: { ...LIVELY, mask: mask.slice(1) } }],
        `Cannot step lane 0: its mask has ${mask.length - 1} words, expected ` +
        mask.length,
      ],
    ];
    await one(model, { ...good, lane: 1, draw: 1, sampling: LIVELY });
    await model.clear(1);
    const before = await model.read(0);
    for (const [batch, message] of refused) {
      await assertRejects(() => model.step(batch), {
        name: "RangeError",
        message,
      });
    }
    await assertRejects(() => model.write(0, new Float32Array(3)), {
      name: "RangeError",
      message: `Cannot write a state: 3 values, expected ${before.length}`,
    });
    await assertRejects(() => model.read(LANES), { name: "RangeError" });
    assertSameBits(await model.read(0), before, "the state");
    assertEquals(await model.step([good]), [{ drawn: [], stopped: false }]);
  },

  async "logits are of tokens given, not of those drawn"(model): Promise<void> {
    await readBlank(model, 0, TOKENS.slice(0, 20));
    for (const logits of ["last", "all"] as const) {
      await model.copy(0, 1);
      await model.copy(0, 2);
      const step = { tokens: [5], logits };
      const read = await logitsOf(model, { lane: 1, ...step, draw: 0 });
      const drawing = { lane: 2, ...step, draw: 4, sampling: LIVELY };
      assertSameBits(await logitsOf(model, drawing), read, logits);
    }
  },

  async "logits of tokens drawn are those that drawing one by one tells"(
    model,
  ): Promise<void> {
    await readBlank(model, 0, TOKENS.slice(0, 20));
    await model.copy(0, 1);
    // The seventh draw of this seed ends the step before the last.
    const draw = { draw: 8, sampling: LIVELY, logits: "drawn" } as const;
    const stopped = await one(model, { lane: 1, tokens: [5, 6, 7], ...draw });
    const stop = stopped.drawn[6];
    await model.copy(0, 1);
    const stopTokens = new Set([stop]);
    const { drawn, logits } = await one(model, {
      ...{ lane: 1, tokens: [5, 6, 7], ...draw, stopTokens },
    });
    assertEquals(drawn, stopped.drawn.slice(0, drawn.length));
    assertEquals(drawn.at(-1), stop);
    for (const [i, token] of drawn.entries()) {
      const alone = await one(model, {
        ...{ lane: 0, tokens: i === 0 ? [5, 6, 7] : [], draw: 1 },
        sampling: { ...LIVELY, position: i },
        logits: "last",
      });
      assertEquals(alone.drawn, [token]);
      assertSameBits(
        logits?.slice(i * V, (i + 1) * V) ?? new Float32Array(),
        alone.logits ?? new Float32Array(),
        `logits of draw ${i}`,
      );
    }
    assertEquals(logits?.length, drawn.length * V);
  },

  async "a state moved to another lane goes on the same"(model): Promise<void> {
    await readBlank(model, 0, TOKENS.slice(0, 20));
    await model.write(2, await model.read(0));
    const draw = { tokens: [5], draw: 6, sampling: LIVELY };
    assertEquals(
      await one(model, { lane: 2, ...draw }),
      await one(model, { lane: 0, ...draw }),
    );
    assertSameBits(await model.read(2), await model.read(0), "a state");
  },

  async "lanes never influence each other"(model, seed): Promise<void> {
    const alone = await story(model, () => []);
    const next = random(seed);
    const crowd = await story(model, () => neighbours(next));
    assertEquals(crowd.drawn, alone.drawn);
    assertSameBits(crowd.logits, alone.logits, "logits");
    assertSameBits(crowd.state, alone.state, "the state");
  },

  async "a state that is no number fails its own lane alone"(
    model,
  ): Promise<void> {
    const draw = { draw: 8, sampling: { ...LIVELY, position: 20 } };
    const turn = { lane: 0, tokens: TOKENS.slice(0, 20), ...draw };
    await model.clear(0);
    const alone = await one(model, turn);
    const state = await model.read(0);
    await Promise.all([0, 1, 2].map((lane) => model.clear(lane)));
    await model.write(1, new Float32Array(stateLength(model.shape)).fill(NaN));
    const results = await model.step([
      { lane: 1, tokens: TOKENS.slice(0, 5), ...draw },
      turn,
    ]);
    assertEquals(results[1], alone);
    assertSameBits(await model.read(0), state, "the state beside it");
    assertMatch(results[0].failure ?? "", /^Cannot sample/);
    assertEquals(results[0].drawn, []);
    // Nothing goes on from there; the lane is as good as new once it is cleared.
    const { drawn } = await one(model, { lane: 1, tokens: [], ...draw });
    assertEquals(drawn, []);
    await model.clear(1);
    assertEquals(await one(model, { ...turn, lane: 1 }), alone);
  },

  async "tokens replayed leave what drawing them left"(model): Promise<void> {
    const read = TOKENS.slice(0, 30);
    await model.clear(0);
    const { drawn } = await one(model, {
      lane: 0,
      tokens: read,
      draw: 20,
      sampling: { ...LIVELY, position: 30 },
    });
    assertEquals(drawn.length, 20);
    await model.clear(1);
    await one(model, { lane: 1, tokens: read.slice(0, -1), draw: 0 });
    // The first draw was from the last token's logits: that one counts as drawn.
    await one(model, {
      lane: 1,
      tokens: [...read.slice(-1), ...drawn.slice(0, -1)],
      draw: 0,
      replay: true,
    });
    assertSameBits(await model.read(1), await model.read(0), "a state");
    const on = { draw: 10, sampling: { ...LIVELY, position: 50 } };
    const gone = await one(model, { lane: 0, tokens: [], ...on });
    const last = drawn.slice(-1);
    const back = await one(model, {
      lane: 1,
      tokens: last,
      replay: true,
      ...on,
    });
    assertEquals(back.drawn, gone.drawn);
    assertSameBits(await model.read(1), await model.read(0), "a state");
  },

  async "draws in many steps are the draws of one"(model): Promise<void> {
    const whole = await drawIn(model, 0, [12]);
    for (const parts of [[1, 11], [5, 7], [1, 1, 1, 9], [11, 1]]) {
      const cut = await drawIn(model, 1, parts);
      assertEquals(cut.drawn, whole.drawn);
      assertSameBits(cut.state, whole.state, `a state after ${parts}`);
    }
  },

  async "steps may be asked for before the last is answered"(
    model,
  ): Promise<void> {
    const whole = await drawIn(model, 0, [12]);
    await model.clear(1);
    const asked = [
      model.step([{ ...drawStep(1, 0, 4), tokens: TOKENS.slice(0, 10) }]),
      model.step([drawStep(1, 4, 4)]),
      model.step([drawStep(1, 8, 4)]),
    ];
    const state = model.read(1);
    const results = (await Promise.all(asked)).flat();
    assertEquals(results.flatMap(({ drawn }) => drawn), whole.drawn);
    assertSameBits(await state, whole.state, "a state");
  },

  async "a stop token that was drawn stays unread"(model): Promise<void> {
    const { drawn } = await drawIn(model, 0, [12]);
    const end = drawn.indexOf(drawn[6]) + 1;
    const before = await drawIn(model, 0, [end]);
    await model.clear(1);
    const stopTokens = new Set([drawn[6]]);
    const [first, second] = await Promise.all([
      one(model, {
        ...drawStep(1, 0, 12),
        tokens: TOKENS.slice(0, 10),
        stopTokens,
      }),
      one(model, { ...drawStep(1, 12, 5), stopTokens }),
    ]);
    assertEquals(first, { drawn: drawn.slice(0, end), stopped: true });
    assertEquals(second, { drawn: [], stopped: true });
    assertSameBits(await model.read(1), before.state, "a stopped state");
    // The lane is not stuck: what it is told to read, it reads.
    const on = await one(model, {
      lane: 1,
      tokens: drawn.slice(end - 1, end),
      replay: true,
      draw: 12 - end,
      sampling: { ...LIVELY, position: 10 + end },
    });
    assertEquals(on, { drawn: drawn.slice(end), stopped: false });
  },

  async "a step of no entries does nothing"(model): Promise<void> {
    await readBlank(model, 0, TOKENS.slice(0, 5));
    const before = await model.read(0);
    assertEquals(await model.step([]), []);
    assertSameBits(await model.read(0), before, "a state");
  },
};

/** One lane's day: read, draw, read more; the same whoever is around. */
async function story(
  model: DeviceModel,
  others: () => LaneStep[],
): Promise<{ drawn: number[]; logits: Float32Array; state: Float32Array }> {
  await Promise.all([0, 1, 2, 3].map((lane) => model.clear(lane)));
  const act = async (step: Omit<LaneStep, "lane">, at: number) => {
    const batch = others();
    const place = Math.min(at, batch.length);
    batch.splice(place, 0, { lane: 0, ...step });
    return (await model.step(batch))[place];
  };
  const sampling = { ...LIVELY, position: 37 };
  const a = await act({ tokens: TOKENS.slice(0, 37), draw: 5, sampling }, 0);
  const b = await act(
    { tokens: [], draw: 9, sampling: { ...LIVELY, position: 42 } },
    1,
  );
  const c = await act(
    { tokens: TOKENS.slice(100, 180), draw: 0, logits: "last" },
    2,
  );
  const d = await act({ tokens: [3], draw: 0, logits: "last" }, 3);
  return {
    drawn: [...a.drawn, ...b.drawn],
    logits: Float32Array.from([...c.logits ?? [], ...d.logits ?? []]),
    state: await model.read(0),
  };
}

/** Whatever else may happen at the same time on the other lanes. */
function neighbours(next: () => number): LaneStep[] {
  const lanes = Array.from({ length: LANES - 1 }, (_, i) => i + 1);
  return lanes.filter(() => next() < 0.7).map((lane) => ({
    lane,
    tokens: prompt(1 + Math.floor(next() ** 2 * 150), V, next() * 2 ** 32),
    draw: Math.floor(next() * 12),
    sampling: { ...LIVELY, temperature: 2 * next(), topK: 5 },
    stopTokens: new Set(prompt(40, V, next() * 2 ** 32)),
    logits: next() < 0.5 ? "last" : "all",
  }));
}

/** Draws after ten tokens, in steps of so many. */
async function drawIn(
  model: DeviceModel,
  lane: number,
  parts: readonly number[],
): Promise<{ drawn: number[]; state: Float32Array }> {
  await model.clear(lane);
  const drawn: number[] = [];
  for (const part of parts) {
    const step = drawStep(lane, drawn.length, part);
    const first = drawn.length === 0 ? TOKENS.slice(0, 10) : [];
    drawn.push(...(await one(model, { ...step, tokens: first })).drawn);
  }
  return { drawn, state: await model.read(lane) };
}

function drawStep(lane: number, done: number, draw: number): LaneStep {
  const sampling = { ...LIVELY, position: 10 + done };
  return { lane, tokens: [], draw, sampling };
}
