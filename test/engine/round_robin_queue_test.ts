import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RoundRobinQueue } from "../../src/engine/queue/round_robin_queue.ts";

Deno.test("RoundRobinQueue serves tenants by turns, and each in its order", () => {
  const queue = new RoundRobinQueue<string>();
  for (const item of ["a1", "a2", "a3", "b1", "c1", "b2"]) {
    queue.push(item.slice(0, 1), item);
  }
  assertEquals([queue.length, queue.lengthOf("a"), queue.lengthOf("d")], [
    6,
    3,
    0,
  ]);
  assertEquals(drain(queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
  assertEquals(queue.length, 0);
});

Deno.test("RoundRobinQueue.unshift() goes before its tenant's others, not before other tenants", () => {
  const queue = new RoundRobinQueue<string>();
  queue.push("a", "a1");
  queue.push("b", "b2");
  queue.unshift("b", "b1");
  assertEquals(drain(queue), ["a1", "b1", "b2"]);
});

Deno.test("RoundRobinQueue.remove() takes out what is there, once", () => {
  const queue = new RoundRobinQueue<string>();
  queue.push("a", "a1");
  queue.push("b", "b1");
  assertEquals(queue.remove("a", "a1"), true);
  assertEquals(queue.remove("a", "a1"), false);
  assertEquals(queue.remove("b", "a1"), false);
  assertEquals(drain(queue), ["b1"]);
});

Deno.test("RoundRobinQueue.clear() gives back everything that waited", () => {
  const queue = new RoundRobinQueue<number>();
  queue.push("a", 1);
  queue.push("b", 2);
  assertEquals(queue.clear(), [1, 2]);
  assertEquals([queue.length, queue.shift()], [0, undefined]);
});

Deno.test("RoundRobinQueue lets nobody wait for more than one turn of each other tenant", () => {
  const items = fc.array(fc.nat(4), { maxLength: 60 });
  fc.assert(fc.property(items, (tenants) => {
    const queue = new RoundRobinQueue<number>();
    for (const tenant of tenants) queue.push(`${tenant}`, tenant);
    const served = drain(queue);
    assertEquals(served.toSorted(), tenants.toSorted());
    for (const [i, tenant] of served.entries()) {
      const next = served.indexOf(tenant, i + 1);
      const between = served.slice(i + 1, next < 0 ? i + 1 : next);
      assertEquals(new Set(between).size, between.length);
    }
  }));
});

function drain<T>(queue: RoundRobinQueue<T>): T[] {
  const items = [];
  for (let item; (item = queue.shift()) !== undefined;) items.push(item);
  return items;
}
