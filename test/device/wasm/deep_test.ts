import { randomCheckpoint } from "../../support/models/random_model.ts";
import { wasmDevice } from "../../../src/device/wasm/wasm_device.ts";
import { assertSameBits, one, prompt } from "../loaded.ts";

const V = 300;
const RANKS = { w: 32, a: 32, v: 32, g: 32 };
const TEXT = prompt(70, V);

for (const quantization of ["none", "int8", "int4"] as const) {
  Deno.test(`step() at ${quantization} does the same bits of DeepEmbed for any threads, chunks and cuts`, async () => {
    const checkpoint = randomCheckpoint({
      L: 2,
      D: 128,
      V,
      ranks: RANKS,
      deep: 24,
    });
    let right: Float32Array | undefined;
    for (
      const [options, first] of [
        [{ threads: 1, chunk: 64 }, 70],
        [{ threads: 2, chunk: 64 }, 3],
        [{ threads: 3, chunk: 7 }, 69],
        [{ threads: 5, chunk: 1 }, 1],
      ] as const
    ) {
      const device = wasmDevice(options);
      const model = await device.load(checkpoint, { lanes: 1, quantization });
      await one(model, { lane: 0, tokens: TEXT.slice(0, first), draw: 0 });
      const tokens = TEXT.slice(first);
      if (tokens.length > 0) await one(model, { lane: 0, tokens, draw: 0 });
      const state = await model.read(0);
      right ??= state;
      assertSameBits(state, right, "a state");
      await device.dispose();
    }
  });
}
