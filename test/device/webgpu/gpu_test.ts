import { assert, assertEquals, assertRejects } from "@std/assert";
import { createTensor } from "../../../src/device/webgpu/tensor.ts";
import { describeAdapter, Gpu } from "../../../src/device/webgpu/gpu.ts";
import { openWebGpu } from "../../../src/device/webgpu/webgpu_device.ts";
import { tensorSpecs } from "../../../src/model/checkpoint.ts";
import { openGolden } from "../../support/goldens.ts";
import { GREEDY } from "../../../src/text/sampling_options.ts";

const BLANK = { vendor: "", architecture: "", device: "", description: "" };

Deno.test("describeAdapter() tells software from hardware", () => {
  const software = [
    { description: "llvmpipe (LLVM 15.0.6, 256 bits)" },
    { description: "SwiftShader Device (Subzero)" },
    { vendor: "google", architecture: "swiftshader" },
    { description: "Microsoft Basic Render Driver" },
    { description: "Something new", isFallbackAdapter: true },
  ];
  for (const info of software) {
    assert(describeAdapter({ ...BLANK, ...info }).software);
  }
  const hardware = { ...BLANK, description: "NVIDIA GeForce RTX 3060" };
  assertEquals(describeAdapter(hardware), {
    name: "NVIDIA GeForce RTX 3060",
    software: false,
  });
  assertEquals(
    describeAdapter({ ...BLANK, vendor: "apple", architecture: "metal-3" }),
    { name: "apple metal-3", software: false },
  );
  assertEquals(describeAdapter(BLANK).name, "unnamed adapter");
});

Deno.test("openWebGpu() takes a software adapter only if forced", async () => {
  const device = await openWebGpu({ force: true });
  const { name } = device;
  await device.dispose();
  if (!/llvmpipe|swiftshader/i.test(name)) return;
  await assertRejects(() => openWebGpu(), {
    code: "ERR_DEVICE_UNAVAILABLE",
    message: `Cannot use ${name}: it runs shaders on the CPU, where the wasm ` +
      "device is faster",
  });
});

Deno.test("Gpu.open() says what an adapter lacks before it is used", async () => {
  const { gpu } = navigator;
  const real = await gpu.requestAdapter();
  assert(real);
  const given = (
    features: readonly string[],
    requestDevice: () => Promise<GPUDevice>,
  ) => {
    const { info, limits, features: offered } = real;
    return {
      wgslLanguageFeatures: new Set(features),
      requestAdapter: () =>
        Promise.resolve({ info, limits, features: offered, requestDevice }),
    };
  };
  const never = () => Promise.reject(new TypeError("A limit was refused"));
  for (
    const [features, message] of [
      [[], /its WGSL has no packed_4x8_integer_dot_product; update/],
      [["packed_4x8_integer_dot_product"], /no device \(A limit was refused\)/],
    ] as const
  ) {
    Object.defineProperty(navigator, "gpu", {
      configurable: true,
      value: given(features, never),
    });
    try {
      await assertRejects(() => Gpu.open({ hardware: false }), {
        code: "ERR_DEVICE_UNAVAILABLE",
        message,
      });
    } finally {
      Reflect.deleteProperty(navigator, "gpu");
    }
  }
  assertEquals(navigator.gpu, gpu);
});

Deno.test("Gpu.checked() names the shader and the line of a fault", async () => {
  const gpu = await Gpu.open({ hardware: false });
  const x = createTensor(gpu, "x", [1]);
  await assertRejects(
    () =>
      gpu.checked("compile", () =>
        gpu.dispatch({
          label: "broken",
          source: "\n@compute @workgroup_size(1) fn main() { let a = b; }",
          constants: {},
          tensors: [x],
          grid: () => [1],
        })),
    (error: Error) => {
      assertEquals(
        Object.getOwnPropertyDescriptor(error, "code")?.value,
        "ERR_DEVICE_FAILED",
      );
      assert(error.message.startsWith(`Cannot compile on ${gpu.name}: `));
      assert(error.message.includes("'broken'"), error.message);
      assert(error.message.includes("wgsl:2:"), error.message);
      return true;
    },
  );
  gpu.dispose();
});

Deno.test("Gpu.buffer() says what does not fit", async () => {
  const gpu = await Gpu.open({ hardware: false });
  const { maxBufferSize } = gpu.device.limits;
  await assertRejects(
    () => Promise.resolve().then(() => gpu.buffer("head", maxBufferSize + 1)),
    {
      code: "ERR_DEVICE_FAILED",
      message: `Cannot hold head on ${gpu.name}: it takes ${
        maxBufferSize + 1
      } bytes, and a buffer at most ${maxBufferSize}`,
    },
  );
  gpu.dispose();
});

Deno.test("Gpu.lost resolves once the device has refused a command", async () => {
  const gpu = await Gpu.open({ hardware: false });
  gpu.device.createBuffer({ size: 16, usage: 0 });
  const { code, message } = await gpu.lost;
  assertEquals(code, "ERR_DEVICE_FAILED");
  assert(message.startsWith(`Cannot use ${gpu.name}: it refused a command: `));
  await assertRejects(async () => await gpu.assertUsable(), { code, message });
  gpu.dispose();
});

Deno.test("WebGpuModel rejects all that is under way when the device is lost", async () => {
  const device = await openWebGpu({ force: true });
  const model = await device.load(await openGolden("rand-d128-l3-v512"), {
    lanes: 2,
    quantization: "none",
  });
  // More draws than are done by the time the device is told to go.
  const step = (draw = 200) =>
    model.step([{ lane: 0, tokens: [1, 2, 3], draw, sampling: GREEDY }]);
  await step(1);
  // Whoever puts the model on a new device hears first: a lane that a failed
  // step gives back must not be lent out again.
  let told = false;
  void model.lost.then(() => told = true);
  const pending = [step(), model.read(0)].map(async (work) => {
    const error = await work.then(() => undefined, (error) => error);
    return { code: error?.code, told };
  });
  device.lose();
  const lost = { code: "ERR_DEVICE_LOST", told: true };
  assertEquals(await Promise.all(pending), [lost, lost]);
  assertEquals((await model.lost).name, "DeviceError");
  await assertRejects(() => step(), { code: "ERR_DEVICE_LOST" });
  await assertRejects(() => model.clear(0), { code: "ERR_DEVICE_LOST" });
  await device.dispose();
});

Deno.test("WebGpuModel.profile() times every kernel", async () => {
  const device = await openWebGpu({ force: true });
  const model = await device.load(await openGolden("rand-d128-l3-v512"), {
    lanes: 2,
    quantization: "none",
  });
  const timing = model.profile();
  const tokens = Array.from({ length: 80 }, (_, t) => t);
  await model.step([{ lane: 0, tokens, draw: 5, sampling: GREEDY }]);
  const totals = await timing.totals();
  const dispatches = Object.fromEntries(
    totals.map(({ label, dispatches }) => [label, dispatches]),
  );
  // One chunk of 79 tokens, then five decode passes; three layers each.
  assertEquals(dispatches, {
    embed: 6,
    "mix att": 3,
    "matmul stack": 3,
    "product stack": 15,
    prepare: 3,
    wkv: 3,
    advance: 15,
    "matmul output": 3,
    "product output": 15,
    "mix ffn": 3,
    "matmul key": 3,
    "product key": 15,
    "matmul value": 3,
    "product value": 15,
    "product head": 5,
    adjust: 5,
    draw: 5,
  });
  assert(totals.every(({ ms }) => ms >= 0));
  assert(totals.some(({ ms }) => ms > 0));
  await device.dispose();
});

Deno.test("WebGpuDevice.load() tells how many tensors are there", async () => {
  const device = await openWebGpu({ force: true });
  const checkpoint = await openGolden("rand-d128-l3-v512");
  const seen: number[] = [];
  await device.load(checkpoint, {
    lanes: 1,
    quantization: "int8",
    progress: (done, total) => {
      assertEquals(total, tensorSpecs(checkpoint.shape).length);
      seen.push(done);
    },
  });
  assertEquals(seen.at(-1), tensorSpecs(checkpoint.shape).length);
  assertEquals(seen, seen.toSorted((a, b) => a - b));
  await device.dispose();
});
