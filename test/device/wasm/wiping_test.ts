/**
 * When its last lane was cleared, the memory is as it was before the first turn.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Quantization } from "../../../src/device/device.ts";
import { layout } from "../../../src/device/wasm/memory_layout.ts";
import { wasmDevice } from "../../../src/device/wasm/wasm_device.ts";
import { GREEDY } from "../../../src/text/sampling_options.ts";
import { randomCheckpoint } from "../../support/models/random_model.ts";
import { prompt } from "../loaded.ts";

const SIZES = { L: 2, D: 128, V: 320 } as const;
const THREADS = 2, LANES = 2;

/** Rows of a pass: the last quad of them is not whole. */
const CHUNK = 30;

/** Rows of a pass: one, some, all, and more than one pass. */
const LENGTHS = [1, 7, CHUNK, CHUNK + 5];

for (const quantization of ["none", "int8", "int4"] as const) {
  for (const deep of [0, 8]) {
    const what = `${quantization}${deep > 0 ? " and DeepEmbed" : ""}`;
    Deno.test(`clear() leaves nothing in memory, matrices ${what}`, async () => {
      await assertWiped(quantization, deep);
    });
  }
}

async function assertWiped(
  quantization: Quantization,
  deep: number,
): Promise<void> {
  const checkpoint = randomCheckpoint({ ...SIZES, ...deep > 0 && { deep } });
  const options = { lanes: LANES, quantization };
  const { states } = layout(checkpoint, options, THREADS, CHUNK);
  const memories = watchMemories();
  const device = wasmDevice({ threads: THREADS, chunk: CHUNK });
  try {
    const model = await device.load(checkpoint, options);
    const [memory] = memories.opened;
    const values = () => Uint8Array.from(new Uint8Array(memory.buffer, states));
    await model.clear(0);
    const blank = values();
    for (const length of LENGTHS) {
      await model.step([
        { lane: 0, tokens: prompt(length, SIZES.V), draw: 0, logits: "all" },
        { lane: 1, tokens: [5, 6], draw: 3, sampling: GREEDY },
      ]);
      await model.write(1, await model.read(0));
      assert(differing(values(), blank) > 1000);
      await model.clear(0);
      await model.clear(1);
      assertEquals(differing(values(), blank), 0, `${length} tokens`);
    }
  } finally {
    await device.dispose();
    memories.restore();
  }
}

function differing(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Number(value !== b[i]), 0);
}

/** Keeps every memory that is allocated until it is restored. */
function watchMemories(): {
  readonly opened: readonly WebAssembly.Memory[];
  restore(): void;
} {
  const { Memory } = WebAssembly;
  const opened: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      opened.push(this);
    }
  };
  return {
    opened,
    restore: () => {
      WebAssembly.Memory = Memory;
    },
  };
}
