import { assertEquals } from "@std/assert";
import {
  GracefulShutdown,
  type GracefulShutdownOptions,
  SHUTDOWN_LINGER,
  SHUTDOWN_PATIENCE,
} from "../../src/serve/graceful_shutdown.ts";

/** An end by a clock that the test sets, and how the process ended. */
function scene(parts: Partial<GracefulShutdownOptions> = {}) {
  const exits: [at: number, code: number][] = [];
  const timers: { readonly at: number; readonly then: () => void }[] = [];
  let now = 0;
  const end = new GracefulShutdown({
    server: { shutdown: () => Promise.resolve() },
    models: { dispose: () => Promise.resolve() },
    exit: (code) => exits.push([now, code]),
    after: (milliseconds, then) => {
      timers.push({ at: now + milliseconds, then });
    },
    ...parts,
  });
  return {
    end,
    exits,
    /** Lets all that waits for nothing happen, then sets the clock. */
    async pass(milliseconds: number): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 0));
      const until = now + milliseconds;
      for (const { at, then } of timers.toSorted((a, b) => a.at - b.at)) {
        if (at <= now || at > until) continue;
        now = at;
        then();
      }
      now = until;
    },
  };
}

const never = () => new Promise<void>(() => {});

Deno.test("a server ends as soon as every answer has been read", async () => {
  const read = Promise.withResolvers<void>();
  const { end, exits, pass } = scene({
    server: { shutdown: () => read.promise },
  });
  end.signal();
  await pass(1000);
  assertEquals(exits, []);
  read.resolve();
  await end.over;
  assertEquals(exits, [[1000, 0]]);
});

Deno.test("clients that do not read the ends of their answers are waited for 5 s", async () => {
  const turns = Promise.withResolvers<void>();
  const { end, exits, pass } = scene({
    server: { shutdown: never },
    models: { dispose: () => turns.promise },
  });
  end.signal();
  await pass(2000);
  turns.resolve();
  await pass(0);
  await pass(SHUTDOWN_LINGER - 1);
  assertEquals(exits, []);
  await pass(1);
  assertEquals(exits, [[2000 + SHUTDOWN_LINGER, 0]]);
  assertEquals(SHUTDOWN_LINGER, 5000);
});

Deno.test("turns that do not end are waited for 10 s", async () => {
  const { end, exits, pass } = scene({ models: { dispose: never } });
  end.signal();
  await pass(SHUTDOWN_PATIENCE - 1);
  assertEquals(exits, []);
  await pass(1);
  assertEquals(exits, [[SHUTDOWN_PATIENCE, 1]]);
  assertEquals(SHUTDOWN_PATIENCE, 10_000);
});

Deno.test("a second signal ends a server at once", async () => {
  const { end, exits, pass } = scene({ models: { dispose: never } });
  end.signal();
  await pass(100);
  end.signal();
  assertEquals(exits, [[100, 1]]);
});

Deno.test("a server that is ending goes on with that when there is one more reason to end", async () => {
  const turns = Promise.withResolvers<void>();
  let disposed = 0;
  const { end, exits, pass } = scene({
    models: {
      dispose: () => {
        disposed++;
        return turns.promise;
      },
    },
  });
  end.begin();
  end.begin();
  await pass(100);
  assertEquals([disposed, exits.length], [1, 0]);
  turns.resolve();
  await end.over;
  assertEquals(exits, [[100, 0]]);
});
