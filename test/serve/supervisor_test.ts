import { assertEquals, assertMatch } from "@std/assert";
import { type Replica, Supervisor } from "../../src/serve/supervisor.ts";

/** A replica that does what a test tells it. */
interface Fake extends Replica {
  readonly place: number;
  readonly signals: Deno.Signal[];
  readonly listen: () => void;
  readonly die: (how: string) => void;
  /** Whether it leaves questions without an answer from now on. */
  hangs: boolean;
}

/** A supervisor of fakes, and what it has done. */
function scene(
  count: number,
  { obedient = true, patience = 1000 } = {},
) {
  const fakes: Fake[] = [];
  const notes: string[] = [];
  const pauses: number[] = [];
  const supervisor = new Supervisor({
    count,
    patience,
    note: (line) => notes.push(line),
    async pause(milliseconds): Promise<void> {
      const asks = milliseconds === 5000 || milliseconds === 10_000;
      if (milliseconds >= 250 && !asks) pauses.push(milliseconds);
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
    start(place): Replica {
      const fake = fakeReplica(place, obedient);
      fakes.push(fake);
      return fake;
    },
  });
  return { supervisor, fakes, notes, pauses };
}

function fakeReplica(place: number, obedient: boolean): Fake {
  const listening = Promise.withResolvers<boolean>();
  const ended = Promise.withResolvers<string>();
  const signals: Deno.Signal[] = [];
  const die = (how: string) => {
    listening.resolve(false);
    ended.resolve(how);
  };
  return {
    place,
    signals,
    listening: listening.promise,
    ended: ended.promise,
    listen: () => listening.resolve(true),
    die,
    hangs: false,
    answers(): Promise<void> {
      return this.hangs ? new Promise(() => {}) : Promise.resolve();
    },
    signal(name): void {
      signals.push(name);
      if (name === "SIGKILL" || obedient && name === "SIGTERM") die(name);
    },
  };
}

Deno.test("Supervisor ends a replica that does not answer, and starts another", async () => {
  const { supervisor, fakes, notes } = await started(2);
  fakes[1].hangs = true;
  await until(() => fakes.length === 3);
  assertEquals(fakes[2].place, 1);
  assertEquals(fakes[1].signals, ["SIGKILL"]);
  assertEquals(notes, [
    "Replica 2 does not answer; it is ended",
    "Replica 2 ended (SIGKILL); it starts again in 250 ms",
  ]);
  assertEquals(fakes[0].signals, []);
  supervisor.end();
  await supervisor.ended();
});

async function started(count: number, options = {}) {
  const made = scene(count, options);
  const start = made.supervisor.start();
  for (let i = 0; i < count; i++) {
    await until(() => made.fakes.length > i);
    made.fakes[i]?.listen();
  }
  assertEquals(await start, true);
  return made;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** A clock that goes on when all that waits for nothing has happened. */
class VirtualClock {
  readonly #waiting: { readonly at: number; readonly wake: () => void }[] = [];
  now = 0;

  pause(milliseconds: number): Promise<void> {
    return new Promise((wake) =>
      this.#waiting.push({ at: this.now + milliseconds, wake })
    );
  }

  /** Goes on until something holds. */
  async runUntil(condition: () => boolean): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (condition()) return;
      this.#waiting.sort((a, b) => a.at - b.at);
      const next = this.#waiting.shift();
      this.now = next?.at ?? this.now;
      next?.wake();
    }
  }
}

/** A supervisor of one fake, by a clock of its own. */
async function timed() {
  const clock = new VirtualClock();
  const fakes: Fake[] = [];
  const notes: string[] = [];
  const supervisor = new Supervisor({
    count: 1,
    note: (line) => notes.push(line),
    pause: (milliseconds) => clock.pause(milliseconds),
    now: () => clock.now,
    start(place): Replica {
      const fake = fakeReplica(place, true);
      fakes.push(fake);
      fake.listen();
      return fake;
    },
  });
  await supervisor.start();
  return { clock, fakes, notes, supervisor };
}

Deno.test("Supervisor asks every 5 s, and ends what has not answered three times within 10 s", async () => {
  const { clock, fakes, supervisor } = await timed();
  const asked: number[] = [];
  const [fake] = fakes;
  // The third answers in time, then none does.
  const { answers } = fake;
  fake.answers = () => {
    asked.push(clock.now);
    fake.hangs = asked.length !== 3;
    return answers.call(fake);
  };
  await clock.runUntil(() => fakes.length === 2);
  assertEquals(asked, [5, 20, 35, 40, 55, 70].map((second) => 1000 * second));
  assertEquals(fake.signals, ["SIGKILL"]);
  // Ten seconds after the last question, and a pause before the start.
  assertEquals(clock.now, 80_250);
  supervisor.end();
  await supervisor.ended();
});

Deno.test("Supervisor begins with a short pause again after a healthy minute", async () => {
  const { clock, fakes, notes, supervisor } = await timed();
  const dieAt = async (lived: number) => {
    const began = clock.now, { length } = fakes;
    await clock.runUntil(() => clock.now - began >= lived);
    fakes.at(-1)?.die("SIGKILL");
    await clock.runUntil(() => fakes.length > length);
  };
  for (const lived of [0, 50_000, 70_000]) await dieAt(lived);
  assertEquals(
    notes.map((note) => /(\d+) ms$/.exec(note)?.[1]),
    ["250", "500", "250"],
  );
  supervisor.end();
  await supervisor.ended();
});

Deno.test("Supervisor starts no others where the first does not come to listen", async () => {
  const { supervisor, fakes } = scene(3);
  const start = supervisor.start();
  fakes[0]?.die("exit code 1");
  assertEquals(await start, false);
  assertEquals(fakes.length, 1);
});

Deno.test("Supervisor starts the others once the first listens", async () => {
  const { supervisor, fakes } = scene(3);
  const start = supervisor.start();
  assertEquals(fakes.length, 1);
  fakes[0]?.listen();
  await until(() => fakes.length === 3);
  for (const fake of fakes) fake.listen();
  assertEquals(await start, true);
  supervisor.end();
  await supervisor.ended();
});

Deno.test("Supervisor starts again what died, later each time", async () => {
  const { supervisor, fakes, notes, pauses } = await started(2);
  for (let i = 0; i < 9; i++) {
    fakes.at(i === 0 ? 1 : -1)?.die("SIGKILL");
    await until(() => fakes.length === 3 + i);
  }
  assertEquals(
    pauses,
    [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
  assertEquals(fakes.slice(2).map(({ place }) => place), Array(9).fill(1));
  assertMatch(notes[0] ?? "", /^Replica 2 ended \(SIGKILL\);.* 250 ms$/);
  supervisor.end();
  await supervisor.ended();
});

Deno.test("Supervisor.end() ends every replica, and starts none again", async () => {
  const { supervisor, fakes, notes } = await started(2);
  supervisor.end();
  await supervisor.ended();
  assertEquals(fakes.map(({ signals }) => signals), [["SIGTERM"], ["SIGTERM"]]);
  assertEquals([fakes.length, notes.length], [2, 0]);
});

Deno.test("Supervisor.end() kills what does not end, and at the second call at once", async () => {
  const late = await started(1, { obedient: false, patience: 5 });
  late.supervisor.end();
  await late.supervisor.ended();
  assertEquals(late.fakes[0]?.signals, ["SIGTERM", "SIGKILL"]);
  const twice = await started(1, { obedient: false });
  twice.supervisor.end();
  twice.supervisor.end();
  await twice.supervisor.ended();
  assertEquals(twice.fakes[0]?.signals, ["SIGTERM", "SIGKILL"]);
});

Deno.test("Supervisor.replace() ends one replica only when the one before listens again", async () => {
  const { supervisor, fakes, notes } = await started(2);
  const replaced = supervisor.replace();
  await until(() => fakes.length === 3);
  assertEquals(fakes.map(({ signals }) => signals.length), [1, 0, 0]);
  fakes[2]?.listen();
  await until(() => fakes.length === 4);
  fakes[3]?.listen();
  await replaced;
  assertEquals(fakes.map(({ place }) => place), [0, 1, 0, 1]);
  assertEquals(notes, []);
  supervisor.end();
  await supervisor.ended();
});

Deno.test("Supervisor.signal() hands a signal to every replica", async () => {
  const { supervisor, fakes } = await started(2);
  supervisor.signal("SIGHUP");
  assertEquals(fakes.map(({ signals }) => signals), [["SIGHUP"], ["SIGHUP"]]);
  supervisor.end();
  await supervisor.ended();
});
