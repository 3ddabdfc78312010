import { assert, assertEquals } from "@std/assert";
import { recordPass } from "../../bench/recorded_plan.ts";
import { dispatchTime, passTime, workOf } from "../../bench/time_model.ts";

const shape = {
  ...{ L: 2, D: 128, H: 2, F: 512, V: 1000 },
  ranks: { w: 32, a: 32, v: 32, g: 32 },
};
const ONE = { rows: 1, segments: 1 };
const GPU = { bandwidth: 300e9, flops: 30e12, launch: 2e-6, submit: 20e-6 };

Deno.test("recordPass() sees the matrices that a token reads", () => {
  const pass = recordPass({
    ...{ shape, quantization: "int8", kind: "decode", rows: 1 },
  });
  const products = pass.filter(({ kernel }) => kernel === "product");
  assertEquals(products.map(({ label }) => label), [
    ...["product stack", "product output", "product key", "product value"],
    ...["product stack", "product output", "product key", "product value"],
    "product head",
  ]);
  // One byte a weight; 1,000 outputs are padded to blocks of 64.
  assertEquals(products[1].bytes[0], 128 * 128);
  assertEquals(products[8].bytes[0], 1024 * 128);
  assert(pass.every(({ workgroups }) => workgroups > 0));
});

Deno.test("dispatchTime() is bound by memory where a matrix is large", () => {
  const [head] = recordPass({
    shape: { ...shape, D: 1024, H: 16, F: 4096, V: 65_536 },
    quantization: "int8",
    kind: "decode",
    rows: 1,
  }).filter(({ label }) => label === "product head");
  const work = workOf(head, ONE);
  const least = work.bytes / GPU.bandwidth + GPU.launch;
  const time = dispatchTime(work, GPU);
  assert(time >= least && time < 1.01 * least, `${time} s`);
});

Deno.test("passTime() falls as each number of a GPU gets better", () => {
  for (const [kind, rows] of [["decode", 1], ["chunk", 64]] as const) {
    const pass = recordPass({ shape, quantization: "none", kind, rows });
    const works = pass.map((dispatch) => workOf(dispatch, ONE));
    const time = passTime(works, GPU, 8);
    for (const number of ["launch", "submit"] as const) {
      assert(passTime(works, { ...GPU, [number]: 1e-6 }, 8) < time);
    }
    // A small pass waits for its loads, unless the GPU is far slower.
    for (const number of ["bandwidth", "flops"] as const) {
      const slower = { ...GPU, [number]: GPU[number] / 1e4 };
      assert(passTime(works, slower, 8) > time);
    }
  }
});
