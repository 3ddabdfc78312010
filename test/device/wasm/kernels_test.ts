import { assertEquals } from "@std/assert";
import {
  LAYER_FIELDS,
  MATRIX_FIELDS,
  PLAN_FIELDS,
} from "../../../src/device/wasm/plan_structs.ts";
import { compileKernels, compilePlainKernels } from "../../../tools/wasm.ts";
import { Room } from "./room.ts";

for (
  const [file, compile] of [
    ["kernels.wasm", compileKernels],
    ["kernels_plain.wasm", compilePlainKernels],
  ] as const
) {
  Deno.test(`${file} is what wasm/ compiles to`, async () => {
    const committed = await Deno.readFile(
      new URL(`../../../src/device/wasm/${file}`, import.meta.url),
    );
    const compiled = await compile();
    assertEquals(compiled.length, committed.length, "Run: deno task wasm");
    assertEquals(compiled, committed, "Run: deno task wasm");
  });
}

Deno.test("structs.ts has the fields of wasm/plan.ts, in its order", async () => {
  const source = await Deno.readTextFile(
    new URL("../../../wasm/plan.ts", import.meta.url),
  );
  for (
    const [name, fields] of Object.entries({
      Plan: PLAN_FIELDS,
      Layer: LAYER_FIELDS,
      Matrix: MATRIX_FIELDS,
    })
  ) {
    const [, body] = source.split(`export class ${name} {`);
    const found = body.split("\n}")[0].matchAll(/^ {2}(\w+): u32;/gm);
    assertEquals(Array.from(found, ([, field]) => field), [...fields]);
  }
});

Deno.test("structBytes() counts the fields that structs.ts lists", () => {
  const { kernels } = new Room();
  assertEquals(
    [0, 1, 2].map((which) => kernels.structBytes(which)),
    [PLAN_FIELDS, LAYER_FIELDS, MATRIX_FIELDS].map(({ length }) => length * 4),
  );
});
