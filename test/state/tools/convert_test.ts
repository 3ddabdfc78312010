import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { blankChain, extendChain } from "../../../src/state/token_chain.ts";
import type { StateShape } from "../../../src/state/codec.ts";
import type { Save } from "../../../src/state/save.ts";
import {
  exportState,
  importState,
  STATE_LAYOUTS,
} from "../../../src/state/foreign/convert_state.ts";
import {
  readLlamaSlot,
  writeLlamaSlot,
} from "../../../src/state/foreign/llama_slot.ts";
import { assertClose } from "../../support/close.ts";
import { exampleSave, golden, sha256 } from "../support.ts";

const FOREIGN = new URL("../../fixtures/saves/foreign/", import.meta.url);
const GOLDENS = new URL("../../fixtures/goldens/", import.meta.url);
const HASHES: Record<string, string> = JSON.parse(
  Deno.readTextFileSync(new URL("layouts.json", FOREIGN)),
);
const options = { seed: [3, 4], position: 5 } as const;

for (const layout of ["gosling", "rwkv.cpp", "web-rwkv"] as const) {
  Deno.test(`exportState() agrees with numpy on ${layout}`, async () => {
    const { values, shape } = await golden("lm128.hello");
    const bytes = exportState({ ...exampleSave(), values }, layout, shape);
    assertEquals(await sha256(bytes), HASHES[layout]);
  });
}

for (const layout of ["rwkv", "time-state"] as const) {
  Deno.test(`importState() reads ${layout}.pth`, async () => {
    const bytes = await Deno.readFile(new URL(`${layout}.pth`, FOREIGN));
    const shape = { L: 2, D: 64 };
    const save = await importState(bytes, layout, shape, options);
    const values = new Float32Array(save.values);
    assertEquals(await sha256(values), HASHES[`${layout}.pth`]);
    assertEquals(save.position, 5);
    assertEquals(save.seed, [3, 4]);
    assertEquals(save.unread, []);
    assertEquals(save.chain.toHex(), await sha256(values));
  });
}

for (const layout of STATE_LAYOUTS) {
  Deno.test(`importState() undoes exportState() of ${layout}`, async () => {
    const { values, shape } = await golden("rand.t200");
    const save: Save = { ...exampleSave(), values, position: 200 };
    const bytes = exportState(save, layout, shape);
    const again = await importState(bytes, layout, shape, {
      ...options,
      position: 200,
    });
    assertEquals(again.position, 200);
    if (layout === "time-state") {
      assertSameMatrices(again.values, values, shape);
    } else assertEquals(again.values, values);
  });

  Deno.test(`importState() refuses a ${layout} file of another shape`, async () => {
    const { values, shape } = await golden("rand.t200");
    const bytes = exportState({ ...exampleSave(), values }, layout, shape);
    const refused = { name: "StateError", code: "ERR_STATE_UNREADABLE" };
    for (const other of [{ L: 2, D: 128 }, { L: 3, D: 192 }]) {
      await assertRejects(
        () => importState(bytes, layout, other, options),
        refused,
      );
    }
    for (const damaged of [bytes.slice(0, -1), new Uint8Array()]) {
      await assertRejects(
        () => importState(damaged, layout, shape, options),
        refused,
      );
    }
  });

  Deno.test(`importState() refuses NaN in a ${layout} file`, async () => {
    const { values, shape } = await golden("rand.t200");
    const save = { ...exampleSave(), values: values.with(200, NaN) };
    const bytes = exportState(save, layout, shape);
    await assertRejects(() => importState(bytes, layout, shape, options), {
      code: "ERR_STATE_UNREADABLE",
      message: /^Cannot decode state: value \d+ is NaN$/,
    });
  });
}

Deno.test("importState() reads what llama.cpp wrote", async () => {
  const bytes = await Deno.readFile(new URL("rand.t200.ggsq", FOREIGN));
  const { values, shape } = await golden("rand.t200");
  const { prompts } = JSON.parse(
    await Deno.readTextFile(new URL("rand.goldens.json", GOLDENS)),
  );
  const { tokens } = prompts.t200;
  const save = await importState(bytes, "llama.cpp", shape, options);
  // It ran in f32 on its own kernels; the golden in f64.
  assertClose(save.values, values, { nmse: 1e-11 });
  assertEquals(save.position, 200);
  assertEquals(save.chain, extendChain(blankChain(), tokens));
  const slot = readLlamaSlot(bytes, shape);
  assertEquals(slot.tokens, tokens);
  assertEquals(
    writeLlamaSlot(slot.values, shape, slot.position, slot.tokens),
    bytes,
  );
});

for (
  const [what, at, value, message] of [
    [
      "another magic",
      0,
      1,
      "magic at byte 0 is 1734832897, expected 1734833009",
    ],
    ["a later version", 4, 4, "version at byte 4 is 4, expected 2 or 3"],
    [
      "more tokens than there are bytes",
      11,
      0xff,
      "list at byte 12 ends at byte 17112760332, the file at 101480",
    ],
    ["two cells", 12, 2, "number of cells at byte 12 is 2, expected 1"],
    ["a transposed S", 24, 1, "transposition at byte 24 is 1, expected 0"],
    ["f16 rows", 32, 1, "type of a row at byte 32 is 1, expected 0"],
    [
      "rows of another size",
      36,
      4,
      "size of a row at byte 36 is 1028, expected 1024",
    ],
  ] as const
) {
  Deno.test(`readLlamaSlot() refuses ${what}`, async () => {
    const { values, shape } = await golden("rand.t200");
    const bytes = writeLlamaSlot(values, shape, 200).with(at, value);
    assertThrows(() => readLlamaSlot(bytes, shape), {
      name: "StateError",
      message: `Cannot convert llama.cpp state: ${message}`,
    });
  });
}

/** Asserts that matrices are kept and shifts are zero. */
function assertSameMatrices(
  found: Float32Array,
  expected: Float32Array,
  { L, D }: StateShape,
): void {
  const layer = found.length / L;
  for (let i = 0; i < found.length; i++) {
    const place = i % layer;
    const isShift = place < D || place >= layer - D;
    assert(found[i] === (isShift ? 0 : expected[i]), `value ${i}`);
  }
}
