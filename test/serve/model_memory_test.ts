import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe } from "../../src/hub/inspect.ts";
import {
  memoryNeeded,
  QUANTIZATIONS,
  webgpuWeights,
} from "../../src/device/memory.ts";
import { expectRoom, explainFull, spaceOn } from "../../src/serve/memory.ts";
import { Gpu } from "../../src/device/webgpu/gpu.ts";
import {
  allBuffers,
  createBuffers,
  largestBuffer,
} from "../../src/device/webgpu/buffers.ts";
import { uploadWeights } from "../../src/device/webgpu/upload.ts";
import { openWebGpu } from "../../src/device/webgpu/webgpu_device.ts";
import { DeviceError, ModelError } from "../../src/errors.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import type { ModelShape } from "../../src/model/shape.ts";
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

function needed(
  shape: ModelShape,
  quantization: "none" | "int8" | "int4",
  kind: "wasm" | "webgpu" = "wasm",
): number {
  const options = { lanes: 10, quantization, threads: 2 };
  return memoryNeeded(kind, { shape, stored: "BF16" }, options);
}

Deno.test("memoryNeeded is two bytes a weight and what lanes and rows take", () => {
  // 0.1B has 191,034,624 parameters that are used, and states of 2.4 MB.
  for (const kind of ["wasm", "webgpu"] as const) {
    const bytes = needed(SMALL, "none", kind);
    assert(bytes > 2 * 191_034_624 + 10 * 2_433_024, `${kind}: ${bytes}`);
    assert(bytes < 2.6 * 191_034_624, `${kind}: ${bytes}`);
  }
});

Deno.test("webgpuWeights counts 16, 8.5 and 4.5 bits a weight", () => {
  const weights = QUANTIZATIONS.map((quantization) =>
    webgpuWeights({ shape: LARGE, stored: "BF16" }, quantization) * 8 /
    2_947_735_040
  );
  [16, 8.5, 4.5].forEach((bits, i) => {
    assert(Math.abs(weights[i] - bits) < 0.1 * bits, `${weights[i]}`);
  });
});

Deno.test("webgpuWeights is what the device takes, but for its padding", async () => {
  const checkpoint = await openGolden("lm128-bf16");
  const device = await openWebGpu({ force: true });
  try {
    for (const quantization of QUANTIZATIONS) {
      const model = await device.load(checkpoint, { lanes: 1, quantization });
      const share = webgpuWeights(checkpoint, quantization) /
        model.weightBytes;
      assert(share > 0.8 && share <= 1, `${quantization}: ${share}`);
      await model.dispose();
    }
  } finally {
    await device.dispose();
  }
});

const WASM = { kind: "wasm" } as const;

Deno.test("expectRoom lets pass what fits", () => {
  const checkpoint = { shape: SMALL, stored: "BF16" } as const;
  const options = { lanes: 8, quantization: "none", threads: 2 } as const;
  expectRoom("small", checkpoint, options, spaceOn(WASM, {}));
  const available = needed(SMALL, "none");
  expectRoom("small", checkpoint, options, spaceOn(WASM, {}, { available }));
});

Deno.test("expectRoom names the quantisation that would fit", () => {
  const checkpoint = { shape: LARGE, stored: "BF16" } as const;
  const options = { lanes: 8, quantization: "none", threads: 2 } as const;
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
  const options = { lanes: 8, quantization: "none", threads: 2 } as const;
  const machine = (available: number) => () =>
    expectRoom("small", checkpoint, options, spaceOn(WASM, {}, { available }));
  assertThrows(machine(needed(SMALL, "none") - 1), {
    message: /MB are free; use --quant int8/,
  });
  assertThrows(machine(1e6), { message: /1 MB are free; use a smaller model/ });
});

Deno.test("expectRoom holds models to --model-memory on every device", () => {
  const checkpoint = { shape: SMALL, stored: "BF16" } as const;
  const options = { lanes: 8, quantization: "none", threads: 2 } as const;
  const gpu = {
    kind: "webgpu",
    capacity: { buffer: 2 ** 31, own: true },
  } as const;
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
  const options = { lanes: 8, quantization: "none", threads: 2 } as const;
  const fit = (own: boolean) => () =>
    expectRoom(
      "small",
      checkpoint,
      options,
      spaceOn(
        { kind: "webgpu", capacity: { buffer: 2 ** 31, own } },
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
      { lanes, quantization: "int8", threads: 2 },
      spaceOn({ kind: "webgpu", capacity: { buffer, own: true } }, {}),
    );
  fit(254, 2 ** 27)();
  assertThrows(fit(200, 1e8), {
    code: "ERR_MODEL_TOO_LARGE",
    message: "Cannot load small: with 200 lanes a buffer takes 109 MB, and " +
      "the GPU takes at most 100 MB; use --lanes 182",
  });
  fit(182, 1e8)();
  assertThrows(fit(255, 2 ** 27), {
    code: "ERR_CONFIG_INVALID",
    message: "Cannot use 255 lanes: the webgpu device has room for 254",
  });
  assertThrows(fit(8, 1e6), { message: /use --device wasm$/ });
});

Deno.test("explainFull says what takes less than a GPU that is full has", () => {
  const checkpoint = { shape: LARGE, stored: "BF16" } as const;
  const explain = (error: Error, quantization: "none" | "int4" = "none") =>
    explainFull(error, "webgpu", checkpoint, {
      lanes: 8,
      quantization,
      threads: 2,
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

Deno.test("largestBuffer is that of the room on the device", async () => {
  const checkpoint = await openGolden("lm128-bf16");
  const { shape } = checkpoint;
  const gpu = await Gpu.open({ hardware: false });
  try {
    const quantization = "none";
    const weights = await uploadWeights(gpu, checkpoint, { quantization });
    for (const lanes of [1, 9, 200]) {
      const buffers = allBuffers(createBuffers(gpu, shape, weights, lanes));
      const largest = Math.max(...buffers.map(({ size }) => size));
      assertEquals(largest, largestBuffer(shape, lanes));
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
