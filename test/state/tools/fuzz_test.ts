import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { GoslingError } from "../../../src/errors.ts";
import {
  exportState,
  importState,
  STATE_LAYOUTS,
} from "../../../src/state/foreign/convert_state.ts";
import { exampleSave } from "../support.ts";

const SHAPE = { L: 1, D: 64 };
const OPTIONS = { seed: [0, 0] } as const;

for (const layout of STATE_LAYOUTS) {
  Deno.test(`importState() reads a damaged ${layout} file or says that it is one`, async () => {
    const file = exportState(exampleSave(), layout, SHAPE);
    const edits = fc.array(
      fc.tuple(
        // Both ends of a ZIP are where there is most to misread.
        fc.oneof(fc.nat(700), fc.integer({ min: -700, max: -1 }), fc.nat(2e4)),
        fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x2e, 0x7f, 0x80, 0xff)),
      ),
      { minLength: 1, maxLength: 4 },
    );
    const property = fc.asyncProperty(
      edits,
      fc.option(fc.nat(file.length), { freq: 8 }),
      async (changes, cut) => {
        const bytes = file.slice(0, cut ?? file.length);
        for (const [at, byte] of changes) {
          bytes[(at + bytes.length) % bytes.length] = byte;
        }
        const code = await importState(bytes, layout, SHAPE, OPTIONS).then(
          ({ values }) => values.every(Number.isFinite),
          (error) => error instanceof GoslingError ? error.code : error,
        );
        if (code !== true) assertEquals(code, "ERR_STATE_UNREADABLE");
      },
    );
    await fc.assert(property, { numRuns: 2000 });
  });
}
