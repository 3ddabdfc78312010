import { assertEquals } from "@std/assert";
import type { DeviceModel } from "../../src/device/device.ts";
import { ModelHost } from "../../src/engine/queue/model_host.ts";
import { fakeTimers } from "../support/timers.ts";

Deno.test("ModelHost asks for a lost device at once, then later each time, up to 30 s", async () => {
  using timers = fakeTimers();
  const attempts: number[] = [];
  const lost = Promise.withResolvers<Error>();
  const never = new Promise<never>(() => {});
  let there = true;
  const host = new ModelHost({
    maxTurns: 1,
    maxWaiting: 1,
    ahead: 1,
    load(): Promise<DeviceModel> {
      if (attempts.length < 10) attempts.push(timers.now);
      if (!there) return Promise.reject(new Error("Cannot open: gone"));
      const model = {
        lanes: 1,
        lost: attempts.length === 1 ? lost.promise : never,
        dispose: () => Promise.resolve(),
      };
      return Promise.resolve(model as unknown as DeviceModel);
    },
  });
  await host.open();
  attempts.length = 1;
  there = false;
  lost.resolve(new Error("Lost"));
  const settled = async () => {
    for (let i = 0; i < 50; i++) await Promise.resolve();
  };
  await settled();
  while (attempts.length < 10) {
    timers.pass(250);
    await settled();
  }
  assertEquals(
    attempts.slice(1).map((at) => at / 1000),
    [0, 0.25, 0.75, 1.75, 3.75, 7.75, 15.75, 31.75, 61.75],
  );
  assertEquals(host.absence?.reason, "lost");
  there = true;
  timers.pass(30_000);
  await settled();
  assertEquals(host.ready, true);
  await host.close();
});
