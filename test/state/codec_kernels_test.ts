import { assert, assertEquals } from "@std/assert";
import { codecKernels } from "../../src/state/codec_memory.ts";
import { atOnce } from "../../src/steps.ts";
import { rows } from "../../src/state/codec_rows.ts";
import { compileCodec } from "../../tools/wasm.ts";
import { random } from "../support/random.ts";

Deno.test("codec_kernels.wasm is what wasm/codec compiles to", async () => {
  const committed = await Deno.readFile(
    new URL("../../src/state/codec_kernels.wasm", import.meta.url),
  );
  assertEquals(await compileCodec(), committed, "Run: deno task wasm");
});

for (const bits of [4, 6, 8, 10] as const) {
  Deno.test(`rows(${bits}) leaves nothing of a state in the kernels' memory`, () => {
    const shape = { L: 2, D: 1088 };
    const next = random(bits);
    const values = Float32Array.from({ length: 2 * 1088 * 66 }, next);
    const codec = rows(bits);
    const encode = (values: Float32Array) =>
      atOnce(codec.encode(values, shape, 0, "atOnce"));
    const bytes = encode(values);
    assert(bytes !== undefined);
    const memory = new Uint8Array(codecKernels.memory.buffer);
    assertEquals(memory.some((byte) => byte !== 0), false);
    const again = encode(atOnce(codec.decode(bytes, shape, "atOnce")));
    assertEquals(again, bytes);
    assertEquals(memory.some((byte) => byte !== 0), false);
    assertEquals(encode(values.fill(1e36)), undefined);
    assertEquals(memory.some((byte) => byte !== 0), false);
  });
}
