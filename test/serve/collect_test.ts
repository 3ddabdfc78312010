import { assert, assertEquals } from "@std/assert";
import { Collection } from "../../src/serve/collect_garbage.ts";

Deno.test("Collection.soon() has dropped memory given back, without taking any", async () => {
  const collection = new Collection();
  // A load makes so much garbage that what is older than it has grown old.
  for (let i = 0; i < 500; i++) Array.from({ length: 10_000 }, () => ({ i }));
  const dropped = remember();
  const before = Deno.memoryUsage().rss;
  await collection.soon();
  assertEquals(dropped.deref(), undefined);
  const after = Deno.memoryUsage().rss;
  // Other tests of the process still take and give; the parts would be far more.
  assert(after < before + 512e6, `${before} bytes became ${after}`);
  let turned = false;
  const timer = setTimeout(() => turned = true);
  await collection.soon();
  clearTimeout(timer);
  assert(!turned, "the second time waits for nothing");
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
