import { assertEquals, assertRejects } from "@std/assert";
import {
  RestartingWorker,
  WorkerClient,
  type WorkerFailure,
} from "../../src/worker/worker_client.ts";
import type { TestRequest } from "./test_worker.ts";

type TestReply = string | Uint8Array;

const open = () =>
  new Worker(new URL("./test_worker.ts", import.meta.url), { type: "module" });

function reasonOf(call: Promise<unknown>): Promise<WorkerFailure["reason"]> {
  return call.then(
    () => Promise.reject(new Error("There was a reply")),
    (error: WorkerFailure) => error.reason,
  );
}

Deno.test("WorkerClient.call() gives each call its reply, and arrays away", async () => {
  const client = new WorkerClient<TestRequest, TestReply>(open(), "hello");
  const bytes = Uint8Array.of(1, 2, 3);
  const transfer = [bytes.buffer];
  assertEquals(
    await Promise.all([
      client.call({ name: "double", bytes }, { transfer }),
      client.call({ name: "start" }),
      client.call({ name: "double", bytes: Uint8Array.of(7) }),
    ]),
    [Uint8Array.of(2, 4, 6), "hello", Uint8Array.of(14)],
  );
  assertEquals(bytes.length, 0);
  client.end();
  assertEquals(client.alive, false);
  assertEquals(await reasonOf(client.call({ name: "start" })), "ended");
});

Deno.test("WorkerClient.call() waits no longer than it is told", async () => {
  const client = new WorkerClient<TestRequest, TestReply>(open(), "");
  await client.call({ name: "start" });
  const hanging = client.call({ name: "hang" }, { patience: 50 });
  await assertRejects(() => hanging, {
    name: "WorkerFailure",
    message: "it takes longer than 50 ms",
  });
  const waiting = client.call({ name: "start" });
  client.end();
  assertEquals(await reasonOf(waiting), "ended");
});

for (const name of ["throw", "reject"] as const) {
  Deno.test(`WorkerClient tells of a worker that fails: ${name}`, async () => {
    const crashes: Error[] = [];
    const client = new WorkerClient<TestRequest, TestReply>(open(), "", {
      explain: ({ message }) => new TypeError(`Cannot go on: ${message}`),
      crashed: (error) => crashes.push(error),
    });
    const calls = [client.call({ name }), client.call({ name: "hang" })];
    for (const call of calls) {
      await assertRejects(() => call, {
        name: "TypeError",
        message: /on purpose/,
      });
    }
    assertEquals(crashes.length, 1);
    await assertRejects(() => client.call({ name: "start" }), {
      message: crashes[0].message,
    });
  });
}

Deno.test("RestartingWorker starts another worker after one that hangs or fails", async () => {
  let opened = 0;
  const worker = new RestartingWorker<TestRequest, TestReply>({
    open: () => {
      opened++;
      return open();
    },
    start: () => `worker ${opened}`,
    patience: 200,
    starting: 5000,
  });
  const start = () => worker.call({ name: "start" });
  assertEquals([await start(), await start()], ["worker 1", "worker 1"]);
  const calls = [worker.call({ name: "hang" }), start(), start()];
  assertEquals(await reasonOf(calls[0]), "late");
  assertEquals(await Promise.all(calls.slice(1)), ["worker 2", "worker 2"]);
  assertEquals(await reasonOf(worker.call({ name: "throw" })), "crashed");
  assertEquals(await start(), "worker 3");
  worker.close();
  assertEquals(opened, 3);
});

Deno.test("RestartingWorker.close() leaves no worker to calls that wait or come", async () => {
  let opened = 0;
  const worker = new RestartingWorker<TestRequest, TestReply>({
    open: () => {
      opened++;
      return open();
    },
    patience: 600_000,
    starting: 0,
  });
  const calls = [worker.call({ name: "hang" }), worker.call({ name: "start" })];
  await Promise.resolve();
  worker.close();
  calls.push(worker.call({ name: "start" }));
  assertEquals(await Promise.all(calls.map(reasonOf)), Array(3).fill("ended"));
  assertEquals(opened, 1);
});
