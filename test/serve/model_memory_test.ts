import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe } from "../../src/hub/inspect_model.ts";
import { type Device, QUANTIZATIONS } from "../../src/device/device.ts";
import { WASM_BYTES } from "../../src/device/wasm/memory_layout.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import {
  expectRoom,
  explainFull,
  spaceOn,
} from "../../src/serve/memory_check.ts";
import { Gpu } from "../../src/device/webgpu/gpu.ts";
import {
  allBuffers,
  createBuffers,
  plannedBuffers,
} from "../../src/device/webgpu/buffers.ts";
import { webgpuMemory } from "../../src/device/webgpu/model_memory.ts";
import {
  plannedBytes,
  planWeights,
} from "../../src/device/webgpu/weight_plan.ts";
import { openWebGpu } from "../../src/device/webgpu/webgpu_device.ts";
import { DeviceError, ModelError } from "../../src/errors.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { type ModelShape, stateLength } from "../../src/model/shape.ts";
import { randomCheckpoint } from "../support/models/random_model.ts";
import { openGolden } from "../support/goldens.ts";

/** Official shapes: layers, width, and ranks of w, a, v, g. */
function official(
  L: number,
  D: number,
  [w, a, v, g]: [number, number, number, number],
): ModelShape {
  return { L, D, H: D / 64, F: 4 * D, V: 65_536, ranks: { w, a, v, g } };
}

const SMALL = official(12, 768, [64, 64, 32, 128]);
const LARGE = official(32, 2560, [96, 96, 64, 320]);

const WASM = wasmDevice({ threads: 2 });

/** A GPU of this capacity. */
function gpuOf(
  capacity: { buffer: number; own: boolean },
): Pick<Device, "kind" | "capacity" | "memory"> {
  return {
    kind: "webgpu",
    capacity: { ...capacity, lanes: 256 },
    memory: webgpuMemory,
  };
}

function needed(
  shape: ModelShape,
  quantization: "none" | "int8" | "int4",
  kind: "wasm" | "webgpu" = "wasm",
): number {
  const sizes = { shape, stored: "BF16" } as const;
  const memory = kind === "wasm" ? WASM.memory : webgpuMemory;
  return memory(sizes, { lanes: 10, quantization }).bytes;
}

function webgpuWeights(
  sizes: Parameters<typeof planWeights>[0],
  quantization: "none" | "int8" | "int4",
): number {
  return plannedBytes(planWeights(sizes, quantization), Infinity);
}

Deno.test("Device.memory() is two bytes a weight and what lanes and rows take", () => {
  // 0.1B has 191,034,624 parameters that are used, and states of 2.4 MB.
  for (const kind of ["wasm", "webgpu"] as const) {
    const bytes = needed(SMALL, "none", kind);
    assert(bytes > 2 * 191_034_624 + 10 * 2_433_024, `${kind}: ${bytes}`);
    assert(bytes < 2.6 * 191_034_624, `${kind}: ${bytes}`);
  }
});

const SIZES = {
  "0.1B": SMALL,
  "0.4B": official(24, 1024, [64, 64, 32, 128]),
  "1.5B": official(24, 2048, [96, 96, 64, 256]),
  "2.9B": LARGE,
  "7.2B": official(32, 4096, [128, 128, 96, 480]),
};

Deno.test("docs/operations.md has the sizes that the device says", async () => {
  const text = await Deno.readTextFile(
    new URL("../../docs/operations.md", import.meta.url),
  );
  const mib = (bytes: number, digits = 0) =>
    Number((bytes / 2 ** 20).toFixed(digits));
  for (const [name, shape] of Object.entries(SIZES)) {
    const takes = (lanes: number, quantization: "none" | "int8" | "int4") =>
      WASM.memory({ shape, stored: "BF16" }, { lanes, quantization }).bytes;
    const lane = takes(2, "none") - takes(1, "none");
    const expected = [
      ...QUANTIZATIONS.map((quantization) => mib(takes(1, quantization))),
      mib(lane, 1),
      mib(4 * stateLength(shape), 1),
    ];
    const row = text.split("\n").find((line) => line.startsWith(`| ${name} `));
    const found = [...(row ?? "").matchAll(/([\d.,]+) MiB/g)]
      .map(([, number = ""]) => Number(number.replace(",", "")));
    assertEquals([name, ...found], [name, ...expected]);
  }
});

Deno.test("WebAssembly holds official models up to 2.9B as int8, and 7.2B in no way", () => {
  const sizes = {
    ...SIZES,
    "13.3B": official(61, 4096, [192, 192, 128, 384]),
  };
  const fitting = Object.entries(sizes).map(([name, shape]) => [
    name,
    ...QUANTIZATIONS.filter((quantization) =>
      needed(shape, quantization) <= WASM_BYTES
    ),
  ]);
  assertEquals(fitting, [
    ["0.1B", "none", "int8", "int4"],
    ["0.4B", "none", "int8", "int4"],
    ["1.5B", "none", "int8", "int4"],
    ["2.9B", "int8", "int4"],
    ["7.2B"],
    ["13.3B"],
  ]);
  // Not with a single lane either.
  const alone = WASM.memory(
    { shape: sizes["7.2B"], stored: "BF16" },
    { lanes: 3, quantization: "int4" },
  );
  assert(alone.bytes > WASM_BYTES);
});

Deno.test("plannedBytes() counts 16, 8.5 and 4.5 bits a weight", () => {
  const weights = QUANTIZATIONS.map((quantization) =>
    webgpuWeights({ shape: LARGE, stored: "BF16" }, quantization) * 8 /
    2_947_735_040
  );
  [16, 8.5, 4.5].forEach((bits, i) => {
    assert(Math.abs(weights[i] - bits) < 0.1 * bits, `${weights[i]}`);
  });
});

/** Bytes of the buffers that are made meanwhile and stay, and the largest. */
async function allocated<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly bytes: number }> {
  const real = GPUDevice.prototype.createBuffer;
  let bytes = 0;
  GPUDevice.prototype.createBuffer = function (descriptor): GPUBuffer {
    bytes += descriptor.size;
    return real.call(this, descriptor);
  };
  try {
    return { result: await work(), bytes };
  } finally {
    GPUDevice.prototype.createBuffer = real;
  }
}

Deno.test("Device.memory() is what the webgpu device takes, to the byte", async () => {
  const device = await openWebGpu({ force: true });
  const checkpoints = [
    await openGolden("lm128-bf16"),
    randomCheckpoint({ L: 2, D: 128, V: 3000, deep: 16, type: "BF16" }),
    randomCheckpoint({
      L: 2,
      D: 192,
      V: 67,
      ranks: { w: 5, a: 6, v: 7, g: 9 },
    }),
  ];
  try {
    for (const checkpoint of checkpoints) {
      for (const quantization of QUANTIZATIONS) {
        for (const lanes of [1, 9]) {
          const options = { lanes, quantization };
          const { result: model, bytes } = await allocated(() =>
            device.load(checkpoint, options)
          );
          assertEquals(device.memory(checkpoint, options).bytes, bytes);
          assertEquals(
            webgpuWeights(checkpoint, quantization),
            model.weightBytes,
          );
          await model.dispose();
        }
      }
    }
  } finally {
    await device.dispose();
  }
});

Deno.test("expectRoom lets pass what fits", () => {
  const checkpoint = { shape: SMALL, stored: "BF16" } as const;
  const options = { lanes: 8, quantization: "none" } as const;
  expectRoom("small", checkpoint, options, spaceOn(WASM, {}));
  const available = needed(SMALL, "none");
  expectRoom("small", checkpoint, options, spaceOn(WASM, {}, { available }));
});

Deno.test("expectRoom names the quantisation that would fit", () => {
  const checkpoint = { shape: LARGE, stored: "BF16" } as const;
  const options = { lanes: 8, quantization: "none" } as const;
  const narrow = needed(LARGE, "int8") < 2 ** 32 ? "int8" : "int4";
  const space = spaceOn(WASM, {});
  assertThrows(() => expectRoom("large", checkpoint, options, space), {
    code: "ERR_MODEL_TOO_LARGE",
    message: new RegExp(
      `^Cannot load large: it takes .* with 8 lanes, and WebAssembly reaches ` +
        `4\\.29 GB; use --quant ${narrow}, which takes `,
    ),
  });
});

Deno.test("expectRoom says how much is free, and when nothing would fit", () => {
  const checkpoint = { shape: SMALL, stored: "BF16" } as const;
  const options = { lanes: 8, quantization: "none" } as const;
  const machine = (available: number) => () =>
    expectRoom("small", checkpoint, options, spaceOn(WASM, {}, { available }));
  assertThrows(machine(needed(SMALL, "none") - 1), {
    message: /MB are free; use --quant int8/,
  });
  assertThrows(machine(1e6), { message: /1 MB are free; use a smaller model/ });
});

Deno.test("expectRoom holds models to --model-memory on every device", () => {
  const checkpoint = { shape: SMALL, stored: "BF16" } as const;
  const options = { lanes: 8, quantization: "none" } as const;
  const gpu = gpuOf({ buffer: 2 ** 31, own: true });
  for (const device of [WASM, gpu]) {
    const fit = (most: number) => () =>
      expectRoom(
        "small",
        checkpoint,
        options,
        spaceOn(device, { "model-memory": most }, { available: 1e12 }),
      );
    const none = needed(SMALL, "none", device.kind);
    fit(none)();
    assertThrows(fit(none - 1), {
      code: "ERR_MODEL_TOO_LARGE",
      message: /--model-memory allows .* MB; use --quant int8, which takes /,
    });
    assertThrows(fit(needed(SMALL, "int8", device.kind) - 1), {
      message: /; use --quant int4, which takes /,
    });
  }
});

Deno.test("expectRoom takes the system's memory for a GPU only if they are one", () => {
  const checkpoint = { shape: SMALL, stored: "BF16" } as const;
  const options = { lanes: 8, quantization: "none" } as const;
  const fit = (own: boolean) => () =>
    expectRoom(
      "small",
      checkpoint,
      options,
      spaceOn(
        gpuOf({ buffer: 2 ** 31, own }),
        {},
        { available: 1e8 },
      ),
    );
  fit(true)();
  assertThrows(fit(false), { message: /100 MB are free; use a smaller model/ });
});

Deno.test("expectRoom names the lanes whose buffers a GPU takes", () => {
  const checkpoint = { shape: SMALL, stored: "BF16" } as const;
  const fit = (lanes: number, buffer: number) => () =>
    expectRoom(
      "small",
      checkpoint,
      { lanes, quantization: "int8" },
      spaceOn(gpuOf({ buffer, own: true }), {}),
    );
  fit(254, 2 ** 27)();
  assertThrows(fit(200, 1e8), {
    code: "ERR_MODEL_TOO_LARGE",
    message: "Cannot load small: with 200 lanes a buffer takes 117 MB, and " +
      "the GPU takes at most 100 MB; use --lanes 158",
  });
  fit(158, 1e8)();
  assertThrows(fit(255, 2 ** 27), {
    code: "ERR_CONFIG_INVALID",
    message: "Cannot use 255 lanes: the webgpu device has room for 254",
  });
  assertThrows(fit(8, 1e6), { message: /use --device wasm$/ });
});

Deno.test("explainFull says what takes less than a GPU that is full has", () => {
  const checkpoint = { shape: LARGE, stored: "BF16" } as const;
  const GPU = spaceOn(gpuOf({ buffer: 2 ** 31, own: true }), {});
  const explain = (error: Error, quantization: "none" | "int4" = "none") =>
    explainFull(error, GPU, checkpoint, {
      lanes: 8,
      quantization,
    });
  const full = new DeviceError(
    "ERR_DEVICE_FAILED",
    "Cannot load the model on X: Not enough memory left",
  );
  const told = explain(full);
  assert(told instanceof ModelError);
  assertEquals(told.code, "ERR_MODEL_TOO_LARGE");
  assertMatch(
    told.message,
    /^Cannot load .* left\. It takes about 6\.\d+ GB; --quant int8 takes 3\.\d+ GB$/,
  );
  const least = explain(full, "int4");
  assert(least instanceof ModelError);
  assertMatch(least.message, /; use fewer --lanes or a smaller model$/);
  const other = new DeviceError("ERR_DEVICE_LOST", "Cannot use X: memory");
  assertEquals(explain(other), other);
});

Deno.test("Device.memory() names the largest buffer of lanes", async () => {
  const checkpoint = await openGolden("lm128-bf16");
  const { shape } = checkpoint;
  const gpu = await Gpu.open({ hardware: false });
  try {
    for (const lanes of [1, 9, 200]) {
      const buffers = allBuffers(createBuffers(gpu, shape, lanes));
      const sizes = buffers.map(({ size }) => size);
      const options = { lanes, quantization: "none" } as const;
      const { buffer } = webgpuMemory(checkpoint, options);
      assertEquals(Math.max(...sizes), buffer);
      const bySize = (a: number, b: number) => a - b;
      assertEquals(
        sizes.sort(bySize),
        plannedBuffers(shape, lanes).sort(bySize),
      );
    }
  } finally {
    gpu.dispose();
  }
});

Deno.test("describe tells the embedded model's sizes without reading weights", async () => {
  const folder = new URL("../../models/gosling/", import.meta.url);
  await using files = await openFiles(folder);
  const read = new Set<number>();
  const weights = files.weights.map((source) => ({
    ...source,
    read: (offset: number, length: number) => {
      read.add(length);
      return source.read(offset, length);
    },
  }));
  const text = await describe(
    { ...files, weights },
    { lanes: 8, spare: 2, threads: 2 },
  );
  const total = weights.reduce((sum, { size }) => sum + size, 0);
  assert([...read].reduce((a, b) => a + b, 0) < total / 10);
  for (
    const line of [
      /^name +gosling$/m,
      /^state +[\d,]+ numbers$/m,
      /^ +exact +at most +[\d.]+ kB$/m,
      /^ +int8 +[\d.]+ kB$/m,
      /^ +wasm( +[\d.]+ MB){3}$/m,
      /^ +webgpu( +[\d.]+ MB){3}$/m,
    ]
  ) assert(line.test(text), `${line} in\n${text}`);
  assertEquals(text.endsWith("\n"), true);
});
