import { assertEquals, assertThrows } from "@std/assert";
import { FUEL, metered } from "../../src/grammar/xgrammar/wasm_fuel.ts";

/**
 * A module of one memory without a maximum and two functions: `loop` runs for ever,
 * `grow` asks for pages.
 */
const MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x09, 0x02, 0x60, 0x00, 0x00, 0x60, 0x01, 0x7f, 0x01, 0x7f],
  ...[0x03, 0x03, 0x02, 0x00, 0x01],
  ...[0x05, 0x03, 0x01, 0x00, 0x01],
  ...[0x06, 0x06, 0x01, 0x7f, 0x01, 0x41, 0x00, 0x0b],
  ...[0x07, 0x0f, 0x02, 0x04, 0x6c, 0x6f, 0x6f, 0x70, 0x00, 0x00],
  ...[0x04, 0x67, 0x72, 0x6f, 0x77, 0x00, 0x01],
  ...[0x0a, 0x10, 0x02, 0x07, 0x00, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x0b],
  ...[0x06, 0x00, 0x20, 0x00, 0x40, 0x00, 0x0b],
]);

interface Exports {
  loop(): void;
  grow(pages: number): number;
  [FUEL]: WebAssembly.Global;
}

function open(fuel: bigint): Exports {
  const bytes = metered(MODULE, { pages: 4, fuel });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return instance.exports as unknown as Exports;
}

Deno.test("metered() ends a loop when the fuel is used up", () => {
  const { loop, [FUEL]: fuel } = open(1_000_000n);
  assertThrows(() => loop(), WebAssembly.RuntimeError, "unreachable");
  assertEquals(fuel.value, 0n);
  fuel.value = 10n;
  assertThrows(() => loop(), WebAssembly.RuntimeError, "unreachable");
});

Deno.test("metered() takes one unit for each call", () => {
  const { grow, [FUEL]: fuel } = open(100n);
  for (let i = 0; i < 7; i++) grow(0);
  assertEquals(fuel.value, 93n);
});

Deno.test("metered() gives the memory a maximum", () => {
  const { grow } = open(1n << 40n);
  assertEquals(grow(3), 1);
  assertEquals(grow(1), -1);
});

Deno.test("metered() keeps the least fuel that has two bytes, and the most", () => {
  for (const fuel of [1n, 63n, 64n, 8191n, 8192n, (1n << 62n) + 5n]) {
    assertEquals(open(fuel)[FUEL].value, fuel);
  }
});
