import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Constraint } from "../../src/grammar/grammar.ts";
import type { Save } from "../../src/state/save.ts";
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

/** A state, and its place. */
function values({ values, position }: Save) {
  return [position, ...values.subarray(0, 8)];
}

/** Lets nothing but these letters come. */
function forced(text: string): Constraint {
  const letters = [...text].map(token);
  let at = 0;
  return {
    held: 0,
    mask: maskOf([letters[0] ?? fakeTokenizer.end]),
    accept(this: { mask: Uint32Array }) {
      this.mask = maskOf([letters[++at] ?? fakeTokenizer.end]);
      return Promise.resolve(0);
    },
    close() {},
  };
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
    const straight = await take(engine, { ...turn, constraint: forced(text) });
    assertEquals(straight.text, text);
    assertEquals(straight.retries, undefined);
    assertEquals(straight.save, save);
    await engine.dispose();
  });
}

Deno.test("a turn that is cancelled while its tokens are taken back leaves the place that it says", async () => {
  for (
    const [lanes, how] of [
      [1, {}],
      [2, { lateMasks: true }],
      [2, { lateMasks: true, seamless: true }],
    ] as const
  ) {
    const { engine } = await fakeEngine({ lanes, ...how, maxTurns: 1 });
    for (let cut = 1; cut < 30; cut++) {
      const leaving = new AbortController();
      const constraint = new Wavering(700, [[3, 3], [12, 5], [13, 2]]);
      const accept = constraint.accept.bind(constraint);
      let accepted = 0;
      constraint.accept = async (token) => {
        if (++accepted === cut) leaving.abort();
        const back = await accept(token);
        // As soon as the tokens have been taken back, or before the device has them.
        if (accepted === cut - 1) queueMicrotask(() => leaving.abort());
        return back;
      };
      const turn = { prompt: "a prompt", maxTokens: 60 };
      const left = await take(engine, { ...turn, constraint }, leaving.signal);
      assertEquals(left.finish, "cancelled");
      const { completionTokens: maxTokens } = left.usage;
      const straight = await take(engine, {
        ...turn,
        maxTokens,
        constraint: forced(left.text),
      });
      if (maxTokens > 0) assertEquals(straight.text, left.text);
      // One that was cut before it drew may have all of its prompt unread.
      const { save } = await take(engine, { save: left.save, maxTokens: 0 });
      assertEquals(values(save), values(straight.save), `cut at ${cut}`);
    }
    await engine.dispose();
  }
});

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

Deno.test("a turn that is cancelled with a stop in what was held back leaves the place of the stop", async () => {
  for (const lanes of [1, 2]) {
    const { engine } = await fakeEngine({ lanes, maxTurns: 1 });
    const { text } = await take(engine, {
      maxTokens: 60,
      constraint: new Wavering(700, []),
    });
    const stops = [{ text: text.slice(20, 22), kept: false }];
    const turn = { maxTokens: 60, stops };
    const wavering = () => new Wavering(700, []);
    const whole = await take(engine, { ...turn, constraint: wavering() });
    assertEquals(whole.finish, "stop");
    for (const cut of [9, 12, 24, 40]) {
      const constraint = wavering(), leaving = new AbortController();
      const accept = constraint.accept.bind(constraint);
      constraint.accept = (token) => {
        const back = accept(token);
        if (constraint.tokens.length >= cut) leaving.abort();
        return back;
      };
      const left = await take(engine, { ...turn, constraint }, leaving.signal);
      if (left.finish === "stop") {
        assertEquals([left.text, left.save], [whole.text, whole.save]);
        continue;
      }
      const { completionTokens: maxTokens } = left.usage;
      const same = await take(engine, { maxTokens, constraint: wavering() });
      assertEquals([left.finish, left.text], ["cancelled", same.text]);
      assertEquals(left.save, same.save);
    }
    await engine.dispose();
  }
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
