/**
 * What callers give to the engine is their own code, and may do anything in the midst
 * of a turn: end it, end the engine, begin another turn, or throw.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { openEngine } from "../../src/engine/device_engine.ts";
import { ClosingError } from "../../src/errors.ts";
import type { Engine, Turn } from "../../src/engine/engine.ts";
import type { TurnPhase } from "../../src/engine/turn_observer.ts";
import type { Constraint, MaskLoan } from "../../src/grammar/grammar.ts";
import type { Save } from "../../src/state/save.ts";
import {
  FakeModel,
  type FakeModelOptions,
  fakeTokenizer,
  token,
} from "../support/fake_device.ts";
import { until } from "../support/until.ts";
import { fakeEngine, take, type Taken, TURN } from "./laws.ts";

/** Something that callers are called for, which does `act`. */
type Site = (act: () => void) => Partial<Turn>;

const LETTERS = ["a", "b", "c", "\n", "ab", "abc"].map(token);
const follow = () => LETTERS;

/** 512 tokens and some: three chunks. */
const PROMPT = "c\n".repeat(270);
const MOST = 24;

const mask = new Uint32Array(Math.ceil(fakeTokenizer.size / 32)).fill(-1);

/** A constraint that allows everything, but for what is said otherwise. */
function free(other: object = {}): Constraint {
  return Object.defineProperties(
    { mask, held: 0, accept: () => Promise.resolve(0), close() {} },
    Object.getOwnPropertyDescriptors(other),
  );
}

/** A loan of masks, whose tokens `took` is told of. */
function loan(took: () => void): MaskLoan {
  return {
    feed: new SharedArrayBuffer(4),
    fresh: true,
    took(drawn): Promise<readonly number[]> {
      took();
      return Promise.resolve(drawn);
    },
  };
}

const PHASES: readonly TurnPhase[] = [
  "wait",
  "upload",
  "prefill",
  "decode",
  "download",
];

const SITES: Readonly<Record<string, Site>> = {
  progress: (act) => ({ progress: act }),
  ...Object.fromEntries(PHASES.map((wanted) => [
    `observer of ${wanted}`,
    (act: () => void) => ({
      observer: { phase: (name: TurnPhase) => void (name === wanted && act()) },
    }),
  ])),
  "constraint.accept": (act) => ({
    constraint: free({
      accept(): Promise<number> {
        act();
        return Promise.resolve(0);
      },
    }),
  }),
  "constraint.accept, later": (act) => ({
    constraint: free({
      async accept(): Promise<number> {
        await Promise.resolve();
        act();
        return 0;
      },
    }),
  }),
  "constraint.mask": (act) => ({
    constraint: free({
      get mask(): Uint32Array {
        act();
        return mask;
      },
    }),
  }),
  "constraint.held": (act) => ({
    constraint: free({
      get held(): number {
        act();
        return 0;
      },
    }),
  }),
  "constraint.lend": (act) => ({
    constraint: free({
      lend(): MaskLoan {
        act();
        return loan(() => {});
      },
    }),
  }),
  "constraint.lend, which does not": (act) => ({
    constraint: free({ lend: act }),
  }),
  "MaskLoan.took": (act) => ({ constraint: free({ lend: () => loan(act) }) }),
};

const DEVICES: readonly (Omit<FakeModelOptions, "lanes"> & {
  readonly kind: "wasm" | "webgpu";
})[] = [
  { kind: "wasm", seamless: true, lateMasks: true, maskFeeds: true },
  { kind: "wasm", seamless: true },
  { kind: "webgpu", countsAhead: true },
];

/** Milliseconds after which what has not happened never will. */
const PATIENCE = 600_000;

/** Waits for what may hang, and says what does. */
async function settled<T>(what: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = setTimeout(() => reject(new Error(`Never: ${what}`)), PATIENCE);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(late);
  }
}

/** Whether a save is of the place that it claims: from there, all goes on as it would have. */
async function assertResumable(
  engine: Engine,
  { save, usage }: Taken,
  asked: Partial<Turn>,
): Promise<void> {
  const left = MOST - usage.completionTokens;
  const rest = await take(engine, { save, maxTokens: left });
  const { constraint: _, observer: _o, progress: _p, ...plain } = asked;
  const whole = await take(engine, plain);
  const facts = ({ values, position, unread }: Save) => ({
    values: [...values.subarray(0, 8)],
    position,
    unread,
  });
  assertEquals(facts(rest.save), facts(whole.save));
}

/** What is done in the midst of a turn, and at which call. */
interface Interruption {
  readonly action: "abort" | "throw" | "dispose" | "turn" | "all";
  readonly at: number;
}

/** Takes a turn that something interrupts, and looks at what is left of it. */
async function interrupted(
  what: string,
  site: Site,
  { action, at }: Interruption,
  prompt: string,
  device: (typeof DEVICES)[number],
): Promise<void> {
  const options = { lanes: 2, maxTurns: 2, follow, ...device };
  const { engine, model } = await fakeEngine(options);
  const leaving = new AbortController();
  const others: Promise<unknown>[] = [];
  const does = (wanted: Interruption["action"]) =>
    action === wanted || action === "all";
  let calls = 0;
  const asked: Partial<Turn> = {
    prompt,
    maxTokens: MOST,
    seed: [3, 4],
    ...site(() => {
      if (++calls !== at) return;
      if (does("turn")) {
        const other = take(engine, { prompt: "b", maxTokens: 3 });
        // In an engine that closes, it may not begin.
        others.push(action === "all" ? other.catch(() => {}) : other);
      }
      if (does("abort")) leaving.abort();
      if (does("dispose")) others.push(engine.dispose());
      if (does("throw")) throw new RangeError(what);
    }),
  };
  const turn = take(engine, asked, leaving.signal).catch((error) => error);
  const taken = await settled(what, turn);
  if (taken instanceof RangeError) assert(does("throw") && calls >= at, what);
  else if (action === "throw") assert(calls < at, `${what}: ${taken}`);
  // An engine that closed before the turn had begun says so.
  else if (!(taken instanceof ClosingError)) assert("save" in taken, what);
  await settled(`${what}: others`, Promise.all(others));
  await until(`${what}: a free lane`, () => engine.load.busy === 0);
  assertEquals(engine.load, { busy: 0, waiting: 0 }, what);
  await until(
    `${what}: zeros`,
    () => [0, 1].every((lane) => model.peek(lane).every((x) => x === 0)),
  );
  await settled(`${what}: the end`, engine.dispose());
  assert(model.disposed, what);
  if (!("save" in taken)) return;
  const { engine: fresh } = await fakeEngine(options);
  await assertResumable(fresh, taken, asked);
  await fresh.dispose();
}

for (const [name, site] of Object.entries(SITES)) {
  Deno.test(`Engine.generate() is in order whatever happens in ${name}`, async () => {
    for (const device of DEVICES) {
      for (
        const action of ["abort", "throw", "dispose", "turn", "all"] as const
      ) {
        for (const at of [1, 2, 4]) {
          for (const prompt of ["", PROMPT]) {
            const what = `${name} (${device.kind}, ${action} at ${at}, ` +
              `${prompt.length} characters)`;
            await interrupted(what, site, { action, at }, prompt, device);
          }
        }
      }
    }
  });
}

Deno.test("Engine.generate() fails a turn whose observer throws when it is cancelled, and nothing else", async () => {
  const { engine } = await fakeEngine({ lanes: 2, follow });
  const leaving = new AbortController();
  // It takes all the room of the first step, so that the other has no part in it.
  const first = take(engine, {
    prompt: PROMPT,
    progress: () => leaving.abort(),
  });
  const other = take(engine, {
    prompt: PROMPT,
    observer: {
      phase(name): void {
        if (name === "prefill") throw new RangeError("On purpose");
      },
    },
  }, leaving.signal);
  const error = await settled("the end", other.catch((error) => error));
  assertEquals(error.message, "On purpose");
  assertEquals((await first).finish, "length");
  assertEquals(engine.load.busy, 0);
  await engine.dispose();
});

Deno.test("Engine.generate() throws whatever a callback threw, be it nothing", async () => {
  const { engine } = await fakeEngine({ lanes: 1, follow });
  const turn = take(engine, {
    prompt: PROMPT,
    progress(): never {
      throw undefined;
    },
  });
  const ended = turn.then(() => "ended", (error) => ["failed", error]);
  assertEquals(await ended, ["failed", undefined]);
  await engine.dispose();
});

Deno.test("Engine.generate() leaves the others their turns where one reader throws, leaves or closes the engine", async () => {
  for (const how of ["throw", "leave", "close"]) {
    const { engine } = await fakeEngine({ lanes: 2, follow });
    const reads = async () => {
      const turn = { ...TURN, prompt: PROMPT, maxTokens: MOST };
      const { signal } = new AbortController();
      for await (const event of engine.generate(turn, signal)) {
        if (how === "throw") throw new RangeError("On purpose");
        if (how === "leave") return;
        await engine.dispose();
        if (event.type === "done") return;
      }
    };
    const other = take(engine, { prompt: PROMPT, maxTokens: MOST });
    const both = Promise.allSettled([reads(), other]);
    const [reader, { status }] = await settled(how, both);
    assertEquals(reader.status, how === "throw" ? "rejected" : "fulfilled");
    assertEquals(status, "fulfilled");
    await settled("the end", engine.dispose());
    assertEquals(engine.load.busy, 0);
  }
});

Deno.test("Engine.dispose() cancels the turn that was given its lane just then", async () => {
  for (let ticks = 0; ticks < 8; ticks++) {
    const { engine, model } = await fakeEngine({ lanes: 1, follow });
    const clear = model.clear.bind(model);
    const ended = Promise.withResolvers<void>();
    model.clear = (lane) => {
      // The lane is about to be free; whoever waits for it hears of that later.
      void (async () => {
        for (let i = 0; i < ticks; i++) await Promise.resolve();
        ended.resolve(engine.dispose());
      })();
      return clear(lane);
    };
    const turns = [1, 2].map(() => take(engine, { prompt: "a", maxTokens: 1 }));
    const [, { finish }] = await settled(
      `turns, ${ticks} ticks`,
      Promise.all(turns),
    );
    assertEquals(finish, "cancelled");
    await settled("the end", Promise.all([ended.promise, engine.dispose()]));
    assert(model.disposed);
  }
});

Deno.test("Engine.score() frees its lanes where it is aborted, and whatever its texts do", async () => {
  const { engine } = await fakeEngine({ lanes: 2, follow });
  for (const late of [0, 1, 2, 5]) {
    const leaving = new AbortController();
    const scores = engine.score(
      { texts: Array(8).fill(PROMPT) },
      leaving.signal,
    );
    for (let i = 0; i < late; i++) await Promise.resolve();
    leaving.abort(new RangeError("On purpose"));
    const error = await settled("scores", scores.catch((error) => error));
    assertEquals(error.message, "On purpose");
    await until("free lanes", () => engine.load.busy === 0);
    assertEquals(engine.load, { busy: 0, waiting: 0 });
  }
  const texts = ["a", {
    get length(): number {
      throw new RangeError("On purpose");
    },
  } as unknown as string];
  const failed = engine.score({ texts }, new AbortController().signal);
  await settled("a failure", failed.then(() => assert(false), () => {}));
  await until("free lanes", () => engine.load.busy === 0);
  await engine.dispose();
});

/** An engine whose device can be lost, with what `load` and `lost` are to do then. */
async function losable(
  { lost, load }: {
    readonly lost: (engine: Engine) => void;
    readonly load?: (engine: Engine) => Promise<void>;
  },
) {
  const { engine: { model, format, tokenizer } } = await fakeEngine({
    lanes: 1,
  });
  const models: FakeModel[] = [];
  const engine: Engine = await openEngine({
    model,
    format,
    tokenizer,
    maxWaiting: 8,
    async load() {
      if (models.length > 0) await load?.(engine);
      const fresh = new FakeModel({ lanes: 1, follow, stepMs: 1 });
      models.push(fresh);
      return fresh;
    },
    lost: () => lost(engine),
  });
  return { engine, models };
}

Deno.test("Engine gets its device back although who is told of the loss throws", async () => {
  let told = 0, away = true;
  const { engine, models } = await losable({
    lost(): never {
      told++;
      throw new RangeError("On purpose");
    },
    load: () => away ? Promise.reject(new Error("Not yet")) : Promise.resolve(),
  });
  const turns = [1, 2].map(() =>
    take(engine, { prompt: PROMPT }).catch((error) => error)
  );
  await until("a turn", () => engine.load.busy > 0 && engine.load.waiting > 0);
  models[0].lose();
  for (const error of await settled("turns", Promise.all(turns))) {
    assertEquals(error.code, "ERR_DEVICE_LOST");
  }
  assertEquals(told, 2);
  away = false;
  await until("another device", () => engine.ready);
  assertEquals((await take(engine, { prompt: "a" })).finish, "length");
  await engine.dispose();
});

Deno.test("Engine.dispose() may be called when the device is lost, and waits for the next one", async () => {
  for (const when of ["lost", "load"]) {
    const coming = Promise.withResolvers<void>();
    let ended: Promise<void> | undefined;
    const { engine, models } = await losable({
      lost(engine): void {
        if (when === "lost") ended = engine.dispose();
      },
      load(engine): Promise<void> {
        if (when === "load") ended = engine.dispose();
        return coming.promise;
      },
    });
    const turn = take(engine, { prompt: PROMPT }).catch((error) => error);
    await until("a turn", () => engine.load.busy > 0);
    models[0].lose();
    assertEquals((await settled("turn", turn)).code, "ERR_DEVICE_LOST");
    await until("the end begins", () => ended !== undefined);
    let over = false;
    void ended?.then(() => over = true);
    // Nothing that the model was put on may go before the model.
    for (let i = 0; i < 20; i++) await Promise.resolve();
    assertEquals(over, when === "lost");
    coming.resolve();
    await settled("the end", Promise.all([ended, engine.dispose()]));
    assert(models.every(({ disposed }) => disposed));
    assertEquals(models.length, when === "lost" ? 1 : 2);
  }
});
