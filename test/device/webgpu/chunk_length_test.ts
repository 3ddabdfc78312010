import { assertEquals } from "@std/assert";
import { ChunkLength } from "../../../src/device/webgpu/chunk_length.ts";

Deno.test("ChunkLength halves what took longer than half a second", () => {
  const length = new ChunkLength(256);
  length.hear(length.ask(4, 0), 1900);
  assertEquals(length.rows, 256);
  length.hear(length.ask(2, 2000), 3100);
  assertEquals(length.rows, 128);
});

Deno.test("ChunkLength counts the chunks that nobody waited for", () => {
  const length = new ChunkLength(256);
  for (let at = 0; at < 9; at++) length.ask(1, at);
  length.hear(length.ask(1, 10), 4000);
  assertEquals(length.rows, 256);
});

Deno.test("ChunkLength does not count the time that a device was busy before", () => {
  const length = new ChunkLength(256);
  const draws = length.ask(0, 0), chunk = length.ask(1, 10);
  length.hear(draws, 5000);
  length.hear(chunk, 5400);
  assertEquals(length.rows, 256);
});

Deno.test("ChunkLength learns nothing from chunks of before, and ends at 32", () => {
  const length = new ChunkLength(128);
  const first = length.ask(1, 0), second = length.ask(1, 1);
  length.hear(first, 900);
  length.hear(second, 1800);
  assertEquals(length.rows, 64);
  for (let at = 2000; at < 9000; at += 1000) {
    length.hear(length.ask(1, at), at + 900);
  }
  assertEquals(length.rows, 32);
});
