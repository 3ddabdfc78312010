import { assertEquals } from "@std/assert";
import {
  ChunkLength,
  FEWEST,
} from "../../../src/device/webgpu/chunk_length.ts";

Deno.test("ChunkLength halves what took longer than half a second", () => {
  const length = new ChunkLength(256, FEWEST);
  length.hear(length.ask(4, 0), 1900);
  assertEquals(length.rows, 256);
  length.hear(length.ask(2, 2000), 3100);
  assertEquals(length.rows, 128);
});

Deno.test("ChunkLength counts the chunks that nobody waited for", () => {
  const length = new ChunkLength(256, FEWEST);
  for (let at = 0; at < 9; at++) length.ask(1, at);
  length.hear(length.ask(1, 10), 4000);
  assertEquals(length.rows, 256);
});

Deno.test("ChunkLength does not count the time that a device was busy before", () => {
  const length = new ChunkLength(256, FEWEST);
  const draws = length.ask(0, 0), chunk = length.ask(1, 10);
  length.hear(draws, 5000);
  length.hear(chunk, 5400);
  assertEquals(length.rows, 256);
});

Deno.test("ChunkLength learns nothing from chunks of before, and ends at 32", () => {
  const length = new ChunkLength(128, FEWEST);
  const first = length.ask(1, 0), second = length.ask(1, 1);
  length.hear(first, 900);
  length.hear(second, 1800);
  assertEquals(length.rows, 64);
  for (let at = 2000; at < 9000; at += 1000) {
    length.hear(length.ask(1, at), at + 900);
  }
  assertEquals(length.rows, 32);
});

Deno.test("ChunkLength waits for the first chunk, then for 100 ms of them", () => {
  const length = new ChunkLength(256, 256);
  assertEquals(length.isBehind(0), false);
  const first = length.ask(1, 0);
  assertEquals(length.isBehind(0), true);
  length.hear(first, 30);
  for (let at = 30; at < 33; at++) {
    length.ask(1, at);
    assertEquals([length.isBehind(0), length.isBehind(3)], [false, true]);
  }
  const last = length.ask(1, 33);
  assertEquals(length.isBehind(0), true);
  // A device that nobody watches may be slow.
  length.hear(last, 10_000);
  assertEquals([length.isBehind(0), length.rows], [false, 256]);
});
