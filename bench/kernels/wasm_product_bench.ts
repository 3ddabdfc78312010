import {
  PANEL,
  panelBytes,
  roundUp,
} from "../../src/device/wasm/wasm_matrix.ts";
import { MATRIX_FORMATS } from "../../src/device/matrix_format.ts";
import { MATRIX_FIELDS, words } from "../../src/device/wasm/plan_structs.ts";
import { Room } from "../../test/device/wasm/room.ts";
import { random, uniform } from "../../test/support/random.ts";

const ROWS = 1536, COLUMNS = 768;

/** Tokens of a pass: one of decode, and a whole one of prefill. */
for (const tokens of [1, 64]) {
  for (const format of ["F32", "F16", "BF16", "int8", "int4"] as const) {
    const room = new Room(), next = random(1);
    const rows = roundUp(ROWS, PANEL);
    const bytes = panelBytes(format, COLUMNS), all = rows / PANEL * bytes;
    const data = room.take(all);
    const source = room.put(uniform(ROWS * COLUMNS, [-1, 1], next));
    const f = MATRIX_FORMATS[format], work = room.take(256);
    room.kernels.pack(f, source, ROWS, COLUMNS, COLUMNS, data, work);
    const matrix = room.take(MATRIX_FIELDS.length * 4);
    const fields = { format: f, data, panelBytes: bytes, columns: COLUMNS };
    new Uint32Array(room.memory.buffer, matrix).set(
      words(MATRIX_FIELDS, { ...fields, rows }),
    );
    const x = room.put(uniform(tokens * COLUMNS, [-1, 1], next));
    const xQ = room.take(tokens * COLUMNS * 3);
    const y = room.take(tokens * rows * 4), scratch = room.take(16_384);
    const moved = all + 4 * tokens * (COLUMNS + rows);
    Deno.bench(
      `wasm product ${ROWS} × ${COLUMNS}, ${format}, ${tokens} rows, ` +
        `one thread = ${(moved / 1e6).toFixed(2)} MB`,
      { n: tokens === 1 ? 200 : 10, warmup: 5 },
      () => room.kernels.multiply(matrix, x, xQ, tokens, y, scratch),
    );
  }
}
