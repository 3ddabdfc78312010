import { assert, assertEquals } from "@std/assert";
import type { Gpu } from "../../../src/device/webgpu/gpu.ts";
import { Readback } from "../../../src/device/webgpu/readback.ts";

/** A buffer of zeros, as one runtime or another maps it. */
interface Buffer {
  readonly size: number;
  mapAsync(): Promise<void>;
  getMappedRange(offset: number, size: number): ArrayBuffer;
  unmap(): void;
}

const SIZE = 16;

const still = () => 0;

function readbackOf(
  buffer: Buffer,
  now: () => number = still,
): { take(): Promise<ArrayBuffer> } {
  const gpu = { buffer: () => buffer, assertUsable() {} };
  const readback = new Readback(gpu as unknown as Gpu, now);
  return { take: () => readback.take(readback.reserve(SIZE), SIZE) };
}

/** Mapped at once, though its promise says so later, or never after the first. */
function early(later: () => Promise<void>): Buffer {
  let proven = false;
  return {
    size: SIZE,
    async mapAsync() {
      if (proven) return await later();
      await Promise.resolve();
      proven = true;
    },
    getMappedRange(_, size) {
      assert(proven, "It is read before a promise called it mapped");
      return new ArrayBuffer(size);
    },
    unmap() {},
  };
}

Deno.test("Readback reads as soon as a buffer lets itself be read", async () => {
  const never = () => Promise.withResolvers<void>().promise;
  const readback = readbackOf(early(never));
  for (let times = 0; times < 3; times++) {
    assertEquals((await readback.take()).byteLength, SIZE);
  }
});

Deno.test("Readback waits for the promise where a buffer does not", async () => {
  let mapped = false, refused = 0;
  const readback = readbackOf({
    size: SIZE,
    async mapAsync() {
      await Promise.resolve();
      mapped = true;
    },
    getMappedRange(_, size) {
      if (mapped) return new ArrayBuffer(size);
      refused++;
      throw new DOMException("It is not mapped", "OperationError");
    },
    unmap() {
      mapped = false;
    },
  });
  for (let times = 0; times < 3; times++) {
    assertEquals((await readback.take()).byteLength, SIZE);
  }
  assertEquals(refused, 2);
});

Deno.test("Readback ends downloads in the order in which they were asked for", async () => {
  const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
  const gpu = { buffer: () => early(soon), assertUsable() {} };
  const readback = new Readback(gpu as unknown as Gpu, still);
  await readback.take(readback.reserve(SIZE), SIZE);
  const known = readback.reserve(SIZE);
  const first = readback.reserve(SIZE);
  const ended: string[] = [];
  await Promise.all([
    readback.take(first, SIZE).then(() => ended.push("first")),
    readback.take(known, SIZE).then(() => ended.push("second")),
  ]);
  assertEquals(ended, ["first", "second"]);
});

Deno.test("Readback lets others have the thread", async () => {
  const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
  let time = 0;
  const readback = readbackOf(early(soon), () => time);
  await readback.take();
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  while (turns === 0 && time < 1000) {
    time += 4;
    await readback.take();
  }
  clearInterval(timer);
  assert(turns > 0);
  await soon();
});
