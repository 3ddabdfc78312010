import { assert, assertEquals, assertRejects } from "@std/assert";
import type {
  DeviceModel,
  LaneStep,
  LoadOptions,
} from "../../../src/device/device.ts";
import {
  wasmDevice,
  type WasmOptions,
} from "../../../src/device/wasm/wasm_device.ts";
import type { Sampling } from "../../../src/text/sampling_options.ts";
import { assertClose } from "../../support/close.ts";
import { openGolden } from "../../support/goldens.ts";
import { random } from "../../support/random.ts";

const MODEL = "rand-d128-l3-v512-f16", V = 512;

const tokens = (n: number, seed = 1): number[] => {
  const next = random(seed);
  return Array.from({ length: n }, () => Math.floor(next() * V));
};

function sampling(position: number, rest: Partial<Sampling> = {}): Sampling {
  return {
    temperature: 1,
    topK: 0,
    topP: 0.9,
    minP: 0,
    presencePenalty: 0.5,
    frequencyPenalty: 0.5,
    penaltyDecay: 0.99,
    logitBias: new Map(),
    seed: [7, 9],
    counts: new Map(),
    position,
    ...rest,
  };
}

async function withModel(
  work: (model: DeviceModel) => Promise<void>,
  options: WasmOptions = { threads: 2 },
  load: Partial<LoadOptions> = {},
): Promise<void> {
  const device = wasmDevice(options);
  try {
    const checkpoint = await openGolden(MODEL);
    await work(
      await device.load(checkpoint, {
        lanes: 4,
        quantization: "none",
        ...load,
      }),
    );
  } finally {
    await device.dispose();
  }
}

/** All that reading `text` in pieces leaves behind, on lane 0. */
async function readIn(
  model: DeviceModel,
  text: readonly number[],
  cuts: readonly number[],
): Promise<Float32Array[]> {
  await model.clear(0);
  const logits: number[] = [];
  let at = 0;
  for (const n of cuts) {
    const piece = text.slice(at, at += n);
    const [result] = await model.step([
      { lane: 0, tokens: piece, draw: 0, logits: "all" },
    ]);
    logits.push(...result.logits ?? []);
  }
  assertEquals(logits.length, text.length * V);
  return [Float32Array.from(logits), await model.read(0)];
}

for (const quantization of ["none", "int8", "int4"] as const) {
  Deno.test(`step() at ${quantization} does the same bits for any threads, chunks and cuts`, async () => {
    const text = tokens(150);
    let right: Float32Array[] | undefined;
    for (
      const [options, cuts] of [
        [{ threads: 1, chunk: 64 }, [150]],
        [{ threads: 2, chunk: 64 }, [1, 2, 3, 4, 5, 64, 65, 6]],
        [{ threads: 3, chunk: 7 }, [149, 1]],
        [{ threads: 2, chunk: 200 }, [150]],
        [{ threads: 5, chunk: 1 }, [150]],
        // Passes enough for the device to try one thread and several.
        [{ chunk: 1 }, [150]],
      ] as const
    ) {
      await withModel(
        async (model) => {
          const found = await readIn(model, text, cuts);
          right ??= found;
          for (const [i, values] of found.entries()) {
            assertClose(values, right[i], { nmse: 0 });
          }
        },
        options,
        { quantization },
      );
    }
  });
}

Deno.test("threads says how many are at work", async () => {
  await withModel((model) => {
    assertEquals(model.threads, { decode: 3, prefill: 3, most: 3 });
    return Promise.resolve();
  }, { threads: 3 });
  const most = Math.min(navigator.hardwareConcurrency, 16);
  await withModel(async (model) => {
    await model.step([{ lane: 0, tokens: tokens(9), draw: 0 }]);
    assertEquals(model.threads?.most, most);
    assertEquals(model.threads?.decode, 1);
  }, {});
});

Deno.test("step() keeps lanes apart, whatever stage each is at", () =>
  withModel(async (model) => {
    const work = (lane: number): LaneStep => ({
      lane,
      tokens: tokens([100, 1, 33, 7][lane], lane),
      draw: [5, 40, 0, 12][lane],
      sampling: sampling(100, { seed: [lane, 1] }),
      logits: "last",
    });
    const alone: unknown[] = [];
    for (const lane of [0, 1, 2, 3]) {
      await model.clear(lane);
      alone.push(await model.step([work(lane)]), await model.read(lane));
    }
    const together: unknown[] = [];
    for (const lane of [0, 1, 2, 3]) await model.clear(lane);
    const results = await model.step([3, 1, 0, 2].map(work));
    for (const lane of [0, 1, 2, 3]) {
      const result = results[[3, 1, 0, 2].indexOf(lane)];
      together.push([result], await model.read(lane));
    }
    assertEquals(together, alone);
  }));

Deno.test("step() goes on from the unread token as if never interrupted", () =>
  withModel(async (model) => {
    const text = tokens(20);
    const draw = async (...parts: number[]) => {
      await model.clear(0);
      const drawn: number[] = [];
      for (const n of parts) {
        const [result] = await model.step([{
          lane: 0,
          tokens: drawn.length === 0 ? text : [],
          draw: n,
          sampling: sampling(20 + drawn.length, {
            presencePenalty: 0,
            frequencyPenalty: 0,
          }),
        }]);
        drawn.push(...result.drawn);
      }
      return { drawn, state: await model.read(0) };
    };
    const whole = await draw(30);
    assertEquals(whole.drawn.length, 30);
    assertEquals(await draw(1, 2, 27), whole);

    await model.clear(1);
    await model.step([{
      lane: 1,
      tokens: [...text, ...whole.drawn.slice(0, -1)],
      draw: 0,
      replay: true,
    }]);
    assertEquals(await model.read(1), whole.state);
  }));

Deno.test("step() ends at a stop token, leaves it unread, and then does nothing", () =>
  withModel(async (model) => {
    const text = tokens(20),
      step = { lane: 0, draw: 30, sampling: sampling(20) };
    const [free] = await model.step([{ ...step, tokens: text }]);
    const stop = free.drawn[10];
    const length = free.drawn.indexOf(stop) + 1;
    await model.clear(0);
    const [stopped] = await model.step([
      { ...step, tokens: text, stopTokens: new Set([stop]) },
    ]);
    assertEquals(stopped, {
      drawn: free.drawn.slice(0, length),
      stopped: true,
    });
    const state = await model.read(0);
    assertEquals(await model.step([{ ...step, tokens: [] }]), [
      { drawn: [], stopped: true },
    ]);
    assertEquals(await model.read(0), state);

    await model.clear(1);
    await model.step([{
      lane: 1,
      tokens: [...text, ...free.drawn.slice(0, length - 1)],
      draw: 0,
    }]);
    assertEquals(await model.read(1), state);
  }));

Deno.test("write(), read(), copy() and clear() keep every bit", () =>
  withModel(async (model) => {
    await model.step([{
      lane: 0,
      tokens: tokens(9),
      draw: 1,
      sampling: sampling(9),
    }]);
    const state = await model.read(0);
    assert(state.some((x) => x !== 0));
    await model.copy(0, 1);
    await model.write(2, state);
    assertEquals(await model.read(1), state);
    assertEquals(await model.read(2), state);
    const next = { tokens: [], draw: 5, sampling: sampling(10) };
    const [a, b] = await model.step([
      { ...next, lane: 0 },
      { ...next, lane: 1 },
    ]);
    assertEquals(a, b);
    await model.clear(0);
    assertEquals(await model.read(0), new Float32Array(state.length));
  }));

Deno.test("dispose() finishes what was asked for and refuses what comes after", async () => {
  const device = wasmDevice({ threads: 2 });
  const model = await device.load(await openGolden(MODEL), {
    lanes: 1,
    quantization: "none",
  });
  const last = model.step([{ lane: 0, tokens: tokens(200), draw: 0 }]);
  await device.dispose();
  assertEquals(await last, [{ drawn: [], stopped: false }]);
  await assertRejects(() => model.read(0), { code: "ERR_DEVICE_LOST" });
  await model.dispose();
});

Deno.test("load() reports progress up to the last tensor", async () => {
  const seen: [number, number][] = [];
  await withModel(() => Promise.resolve(), { threads: 1 }, {
    progress: (done, total) => seen.push([done, total]),
  });
  assertEquals(seen.length, seen[0][1]);
  assertEquals(seen.at(-1), [seen.length, seen.length]);
});

Deno.test("load() passes on what reading the checkpoint throws", async () => {
  const device = wasmDevice({ threads: 2 });
  const { shape, stored, read } = await openGolden(MODEL);
  const failing: typeof read = (name, rows) =>
    name.startsWith("blocks.1.ffn")
      ? Promise.reject(new Error("Cannot read any further"))
      : read(name, rows);
  await assertRejects(
    () =>
      device.load({ shape, stored, read: failing }, {
        lanes: 1,
        quantization: "int8",
      }),
    { message: "Cannot read any further" },
  );
  await device.dispose();
});

Deno.test("load() says what to do about a model that does not fit", async () => {
  const device = wasmDevice({ threads: 1 });
  const { read } = await openGolden(MODEL);
  const shape = {
    L: 61,
    D: 4096,
    H: 64,
    F: 16_384,
    V: 65_536,
    ranks: { w: 192, a: 192, v: 128, g: 384 },
  };
  await assertRejects(
    () =>
      device.load({ shape, stored: "BF16", read }, {
        lanes: 1,
        quantization: "none",
      }),
    { code: "ERR_DEVICE_FAILED", message: /takes 2\d\.\d GiB.*int8 or int4/ },
  );
  await device.dispose();
});
