import { assertEquals, assertThrows } from "@std/assert";
import { prepare } from "../../src/device/webgpu/kernels/prepare.ts";
import { assertClose } from "../support/close.ts";
import { gpu, read, run } from "../support/gpu.ts";
import { bind, example, expected, R, RANKS } from "./lora_example.ts";

for (
  const { D, format, layer } of [
    { D: 64, format: "F32", layer: 1 },
    { D: 192, format: "F16", layer: 1 },
    { D: 128, format: "BF16", layer: 0 },
  ] as const
) {
  Deno.test(`prepare() agrees with the oracle for ${format}, D = ${D}, layer ${layer}`, async () => {
    const inputs = example(D);
    const tensors = bind(inputs, D, format);
    await run([prepare(gpu, tensors, { layer })], { rows: R });
    const found = await read(tensors.prepared);
    for (let row = 0; row < R; row++) {
      const wanted = expected(inputs, { row, D, layer });
      for (let plane = 0; plane < 7; plane++) {
        const from = (plane * R + row) * D;
        assertClose(
          found.slice(from, from + D),
          wanted.slice(plane * D, (plane + 1) * D),
          { nmse: 1e-12 },
        );
      }
    }
    if (layer > 0) return;
    const first = await read(tensors.first);
    assertEquals(
      first.slice(0, D),
      Float32Array.from(inputs.raw.slice(2 * D, 3 * D)),
    );
  });
}

Deno.test("prepare() gives a row the same bits wherever it lies", async () => {
  const D = 128;
  const inputs = example(D);
  for (let row = 1; row < R; row++) {
    inputs.raw.copyWithin(row * inputs.WIDTH, 0, inputs.WIDTH);
    inputs.first.copyWithin(row * D, 0, D);
  }
  const tensors = bind(inputs, D, "F16");
  await run([prepare(gpu, tensors, { layer: 1 })], { rows: R });
  const found = await read(tensors.prepared);
  for (let plane = 0; plane < 7; plane++) {
    const [first, ...rest] = Array.from({ length: R }, (_, row) => {
      const from = (plane * R + row) * D;
      return found.slice(from, from + D);
    });
    for (const other of rest) assertEquals(other, first);
  }
});

Deno.test("prepare() refuses LoRA matrices of other ranks", () => {
  const D = 64;
  const tensors = bind(example(D), D, "F32");
  const ups = { ...tensors.ups, ranks: { ...RANKS, g: 48 } };
  assertThrows(
    () => prepare(gpu, { ...tensors, ups }, { layer: 1 }),
    {
      name: "RangeError",
      message: "Cannot bind ups: shape is [88, 64], expected [96, 64]",
    },
  );
});
