import { assertEquals, assertThrows } from "@std/assert";
import { normalize } from "../../src/device/webgpu/kernels/normalize.ts";
import * as oracle from "../oracle/normalize.ts";
import { assertClose } from "../support/close.ts";
import { gpu, read, run, tensor } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";

for (const { T, D } of [{ T: 1, D: 64 }, { T: 3, D: 768 }, { T: 2, D: 4096 }]) {
  Deno.test(`normalize() agrees with the oracle at T = ${T}, D = ${D}`, async () => {
    const next = random(D);
    const x = uniform(T * D, [-3, 5], next);
    const norm = uniform(2 * D, [-1, 1], next);
    const out = tensor("out", [1, T, D]);
    const tensors = {
      x: tensor("x", [T, D], x),
      norm: tensor("norm", [2, D], norm),
      out,
    };
    await run([normalize(gpu, tensors)], { rows: T });
    const expected = oracle.normalize(x, norm, { D });
    assertClose(await read(out), expected, { nmse: 1e-12 });
  });
}

Deno.test("normalize() makes a constant row the bias", async () => {
  const D = 128;
  const bias = uniform(D, [-1, 1], random(1));
  const out = tensor("out", [1, 1, D]);
  const tensors = {
    x: tensor("x", [1, D], new Float32Array(D).fill(7)),
    norm: tensor("norm", [2, D], [...new Float32Array(D).fill(3), ...bias]),
    out,
  };
  await run([normalize(gpu, tensors)]);
  assertEquals(await read(out), Float32Array.from(bias));
});

Deno.test("normalize() refuses a norm of another width", () => {
  const x = tensor("x", [1, 128]);
  const out = tensor("out", [1, 1, 128]);
  const norm = tensor("norm", [2, 64]);
  assertThrows(() => normalize(gpu, { x, norm, out }), {
    name: "RangeError",
    message: "Cannot bind norm: shape is [2, 64], expected [2, 128]",
  });
});
