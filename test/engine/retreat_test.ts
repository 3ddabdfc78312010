import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Constraint } from "../../src/grammar/grammar.ts";
import { fakeTokenizer, token } from "../support/fake_device.ts";
import { fakeEngine, SAMPLING, take } from "./laws.ts";

const LETTERS = [..."abcdefgh"].map(token);

/** Held back, and taken back now and then: as often as `retreats` says, by place. */
class Wavering implements Constraint {
  readonly held = 64;
  readonly tokens: number[] = [];
  mask = maskOf(LETTERS);
  readonly #retreats: Map<number, number>;
  readonly #length: number;

  constructor(length: number, retreats: readonly [at: number, by: number][]) {
    this.#length = length;
    this.#retreats = new Map(retreats);
  }

  accept(token: number): Promise<number> {
    this.tokens.push(token);
    const by = this.#retreats.get(this.tokens.length) ?? 0;
    this.#retreats.delete(this.tokens.length);
    const [barred] = this.tokens.splice(this.tokens.length - by, by);
    const may = this.tokens.length === this.#length
      ? [fakeTokenizer.end]
      : LETTERS.filter((letter) => letter !== barred);
    this.mask = maskOf(may);
    return Promise.resolve(by);
  }

  close(): void {}
}

function maskOf(tokens: readonly number[]): Uint32Array {
  const mask = new Uint32Array(Math.ceil(fakeTokenizer.size / 32));
  for (const one of tokens) mask[one >>> 5] |= 1 << (one & 31);
  return mask;
}

const PROMPT =
  "A prompt of some length, so that it is read in more than a step. "
    .repeat(6);

for (
  const [lanes, how] of [
    [1, {}],
    [2, {}],
    [2, { seamless: true }],
    [1, { lateMasks: true }],
    [2, { lateMasks: true }],
    [2, { lateMasks: true, seamless: true }],
  ] as const
) {
  Deno.test(`a turn whose tokens are taken back leaves what the rest leaves, with ${[`${lanes} lanes`, ...Object.keys(how)]}`, async () => {
    const { engine } = await fakeEngine({ lanes, ...how, maxTurns: 1 });
    const constraint = new Wavering(700, [
      [1, 1],
      [3, 2],
      [40, 30],
      [300, 64],
      [530, 1],
      [531, 40],
    ]);
    const sampling = { ...SAMPLING, frequencyPenalty: 0.3 };
    const turn = { prompt: PROMPT, maxTokens: 2000, sampling };
    const { text, retries, pieces, save, usage } = await take(engine, {
      ...turn,
      constraint,
    });
    assertEquals([text.length, retries], [700, 6]);
    assertEquals(usage.completionTokens, 701);
    assert(pieces.length > 300, "it is told while it is written");
    assertEquals(constraint.tokens.length, 700);
    // The same tokens without a step back leave the same state.
    const letters = [...text].map(token);
    const forced: Constraint = {
      held: 0,
      mask: maskOf([letters[0]]),
      accept(this: { mask: Uint32Array }) {
        this.mask = maskOf([letters[++at] ?? fakeTokenizer.end]);
        return Promise.resolve(0);
      },
      close() {},
    };
    let at = 0;
    const straight = await take(engine, { ...turn, constraint: forced });
    assertEquals(straight.text, text);
    assertEquals(straight.retries, undefined);
    assertEquals(straight.save, save);
    await engine.dispose();
  });
}

Deno.test("a turn that ends while its mask is waited for leaves what it has told", async () => {
  const { engine } = await fakeEngine({
    lanes: 2,
    lateMasks: true,
    maxTurns: 1,
  });
  const { promise: waiting, resolve } = Promise.withResolvers<void>();
  const hanging = new Wavering(700, []);
  const accept = hanging.accept.bind(hanging);
  // The fake's third late mask comes too late: nothing is drawn for the fourth token.
  hanging.accept = (token) => {
    const back = accept(token);
    if (hanging.tokens.length < 3) return back;
    resolve();
    return new Promise(() => {});
  };
  const leaving = new AbortController();
  // Long after the device and the guide have stopped waiting: nothing else wakes it.
  void waiting.then(() => setTimeout(() => leaving.abort(), 30));
  const cut = await take(
    engine,
    { maxTokens: 90, constraint: hanging },
    leaving.signal,
  );
  const whole = await take(engine, {
    maxTokens: 3,
    constraint: new Wavering(700, []),
  });
  assertEquals([cut.text, cut.finish], [whole.text, "cancelled"]);
  assertEquals(cut.save, whole.save);
  await engine.dispose();
});

Deno.test("a stop in what was held back ends a turn, and a turn cut there tells it", async () => {
  const { engine } = await fakeEngine({ lanes: 2, maxTurns: 1 });
  const whole = await take(engine, {
    maxTokens: 90,
    constraint: new Wavering(700, [[9, 5]]),
  });
  assertEquals([whole.text.length, whole.finish], [90, "length"]);
  const [stop] = whole.text.slice(70).match(/^.../) ?? [""];
  const before = whole.text.slice(0, whole.text.indexOf(stop));
  const stopped = await take(engine, {
    maxTokens: 90,
    stops: [{ text: stop, kept: false }],
    constraint: new Wavering(700, [[9, 5]]),
  });
  assertEquals([stopped.text, stopped.finish], [before, "stop"]);
  await engine.dispose();
});

Deno.test("a constraint with no way left fails its turn before the first word", async () => {
  const { engine } = await fakeEngine({ lanes: 2, maxTurns: 1 });
  const constraint: Constraint = {
    held: 64,
    mask: maskOf(LETTERS),
    accept: () => Promise.reject(new RangeError("Cannot go on: no way")),
    close() {},
  };
  await assertRejects(() => take(engine, { constraint }), RangeError, "no way");
  assertEquals(engine.load.busy, 0);
  await engine.dispose();
});
