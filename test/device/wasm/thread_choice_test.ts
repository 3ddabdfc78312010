import { assert, assertEquals } from "@std/assert";
import { ThreadChoice } from "../../../src/device/wasm/thread_choice.ts";

const MIB = 2 ** 20;

/** Runs passes of so many rows; returns the threads of each. */
function run(
  choice: ThreadChoice,
  passes: number,
  rows: number,
  ms: (threads: number, pass: number) => number,
): number[] {
  return Array.from({ length: passes }, (_, pass) => {
    const threads = choice.threads(rows);
    choice.took(rows, ms(threads, pass));
    return threads;
  });
}

Deno.test("ThreadChoice takes the threads that are fastest, and few passes try others", () => {
  const choice = new ThreadChoice(16, 400 * MIB);
  assertEquals(choice.inUse, { decode: 16, prefill: 16, most: 16 });
  // Work is shared, and every thread costs something.
  const used = run(choice, 4000, 1, (n) => 40 / n + n * 2);
  assertEquals(choice.inUse.decode, 4);
  const late = used.slice(2000);
  assert(late.filter((n) => n !== 4).length < late.length / 50);
  assertEquals(choice.inUse.prefill, 16);
});

Deno.test("ThreadChoice follows a machine whose cores get busy, and free again", () => {
  const choice = new ThreadChoice(2, 400 * MIB);
  const free = (n: number) => n === 1 ? 1 : 0.6;
  const busy = (n: number) => n === 1 ? 2 : 9;
  for (const [ms, expected] of [[free, 2], [busy, 1], [free, 2]] as const) {
    run(choice, 3000, 1, ms);
    assertEquals(choice.inUse.decode, expected);
  }
});

Deno.test("ThreadChoice leaves a core to others where two threads gain next to nothing", () => {
  const choice = new ThreadChoice(2, 400 * MIB);
  run(choice, 1000, 1, (n) => n === 1 ? 1 : 0.97);
  assertEquals(choice.inUse.decode, 1);
});

Deno.test("ThreadChoice forgives single passes that were interrupted", () => {
  const choice = new ThreadChoice(2, 2 * MIB);
  const used = run(
    choice,
    4000,
    1,
    (n, pass) => (n === 1 ? 0.3 : 1) * (pass % 100 === 50 ? 60 : 1),
  );
  assert(used.filter((n) => n === 2).length < 400);
});

Deno.test("ThreadChoice tells passes of many rows from passes of one", () => {
  const choice = new ThreadChoice(2, 2 * MIB);
  for (let turn = 0; turn < 300; turn++) {
    run(choice, 8, 1, (n) => n === 1 ? 0.3 : 0.9);
    run(choice, 2, 64, (n) => n === 1 ? 16 : 9);
  }
  assertEquals(choice.inUse, { decode: 1, prefill: 2, most: 2 });
});

Deno.test("ThreadChoice keeps to a count that was asked for", () => {
  const choice = new ThreadChoice(3, 2 * MIB, true);
  const used = run(choice, 200, 1, (n) => n);
  assertEquals(new Set(used), new Set([3]));
});
