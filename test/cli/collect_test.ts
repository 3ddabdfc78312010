import { assert, assertEquals } from "@std/assert";
import { Collection } from "../../src/cli/collect.ts";

Deno.test("Collection.soon() has dropped memory given back, without taking any", async () => {
  const collection = new Collection();
  // A load makes so much garbage that what is older than it has grown old.
  for (let i = 0; i < 500; i++) Array.from({ length: 10_000 }, () => ({ i }));
  const dropped = remember();
  const before = Deno.memoryUsage().rss;
  await collection.soon();
  assertEquals(dropped.deref(), undefined);
  const after = Deno.memoryUsage().rss;
  assert(after < before + 64e6, `${before} bytes became ${after}`);
  const begun = performance.now();
  await collection.soon();
  assert(performance.now() - begun < 5, "the second time does nothing");
});

/** Memory that nobody refers to any more, outside of the heap. */
function remember(): WeakRef<WebAssembly.Memory> {
  const memory = new WebAssembly.Memory({
    initial: 1024,
    maximum: 1024,
    shared: true,
  });
  new Uint8Array(memory.buffer).fill(1);
  return new WeakRef(memory);
}
