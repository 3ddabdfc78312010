import { assert, assertEquals } from "@std/assert";
import {
  PANEL,
  PANEL_BLOCK,
  panelBytes,
} from "../../../src/device/wasm/wasm_matrix.ts";
import { MATRIX_FORMATS } from "../../../src/device/matrix_format.ts";
import { random, uniform } from "../../support/random.ts";
import { Room } from "./room.ts";

/** f32 from the upper half of its bits. */
function fromBF16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0];
}

/** One panel of weights as the kernel packs it. */
function packed(
  format: "int8" | "int4",
  weights: Float64Array,
  columns: number,
): DataView {
  const room = new Room();
  const bytes = panelBytes(format, columns), data = room.take(bytes);
  const source = room.put(weights), scratch = room.take(256);
  const to = MATRIX_FORMATS[format];
  room.kernels.pack(to, source, PANEL, columns, columns, data, scratch);
  return new DataView(room.memory.buffer, data, bytes);
}

Deno.test("pack() to int8 rounds to the nearest of 255 steps of its scale", () => {
  const columns = 2 * PANEL_BLOCK;
  const weights = uniform(PANEL * columns, [-3, 3], random(13));
  const view = packed("int8", weights, columns);
  for (let r = 0; r < PANEL; r++) {
    for (let b = 0; b < 2; b++) {
      const block = b * (64 + 1024);
      const scale = new Float32Array(
        Uint32Array.of(view.getUint32(block + r * 4, true) & 0xffff0000).buffer,
      )[0];
      const values = weights.subarray(
        r * columns + b * PANEL_BLOCK,
        r * columns + (b + 1) * PANEL_BLOCK,
      );
      const found = Array.from(
        values,
        (_, c) => view.getInt8(block + 64 + (c >> 2) * 64 + r * 4 + (c & 3)),
      );
      assertEquals(found, Array.from(values, (x) => Math.round(x / scale) + 0));
      const sum = found.reduce((a, b) => a + b);
      assertEquals(view.getInt16(block + r * 4, true), sum);
    }
  }
});

/** The nearest bf16, ties to even. */
function toBF16(x: number): number {
  const step = 2 ** (Math.floor(Math.log2(Math.abs(x) || 1)) - 7);
  const steps = Math.floor(x / step), rest = x / step - steps;
  const up = rest > 0.5 || (rest === 0.5 && steps % 2 !== 0);
  return (steps + (up ? 1 : 0)) * step;
}

for (const format of ["F16", "BF16"] as const) {
  Deno.test(`packRows() to ${format} keeps every ${format} value and rounds others`, () => {
    const room = new Room(), n = 65_536;
    const floats = format === "F16"
      ? new Float16Array(Uint16Array.from({ length: n }, (_, i) => i).buffer)
      : new Float32Array(
        Uint32Array.from({ length: n }, (_, i) => i << 16).buffer,
      );
    const exact = Float32Array.from(floats, (x) => Number.isFinite(x) ? x : 0);
    const packed = room.take(n * 2), wide = room.take(n * 4);
    room.kernels.packRows(
      MATRIX_FORMATS[format],
      room.put(exact),
      1,
      n,
      packed,
    );
    room.kernels.unpackRow(MATRIX_FORMATS[format], packed, n, wide);
    assertEquals(new Float32Array(room.floats(wide, n)), exact);

    const between = uniform(n, [-4, 4], random(14));
    room.kernels.packRows(
      MATRIX_FORMATS[format],
      room.put(between),
      1,
      n,
      packed,
    );
    room.kernels.unpackRow(MATRIX_FORMATS[format], packed, n, wide);
    const right = Float32Array.from(
      between,
      format === "F16" ? Math.f16round : toBF16,
    );
    assertEquals(new Float32Array(room.floats(wide, n)), right);
  });
}

Deno.test("pack() to int4 is within a step of its scale, finer than the full range", () => {
  const columns = 2 * PANEL_BLOCK;
  const weights = uniform(PANEL * columns, [-2, 3], random(15));
  const view = packed("int4", weights, columns);
  for (let r = 0; r < PANEL; r++) {
    for (let c = 0; c < columns; c++) {
      const block = Math.floor(c / PANEL_BLOCK) * (64 + 512);
      const offset = fromBF16(view.getUint16(block + r * 4, true));
      const scale = fromBF16(view.getUint16(block + r * 4 + 2, true));
      assert(scale > 0 && scale <= 5.02 / 15);
      const column = c % PANEL_BLOCK;
      const at = block + 64 + (column >> 3) * 64 + r * 4 + (column & 3);
      const n = (view.getUint8(at) >> (column & 4)) & 15;
      const x = weights[r * columns + c];
      const nearest = Math.round((x - offset) / scale);
      assertEquals(n, Math.max(0, Math.min(15, nearest)), `${r}, ${c}`);
      assert(Math.abs(offset + n * scale - x) < 1.5 * scale);
    }
  }
});

for (const format of ["int8", "int4"] as const) {
  Deno.test(`packRows() to ${format} keeps 8 bits of every block`, () => {
    const room = new Room(), columns = 256;
    const values = uniform(columns, [-1, 1], random(16));
    const packed = room.take(columns * 2), wide = room.take(columns * 4);
    const { kernels } = room;
    kernels.packRows(
      MATRIX_FORMATS[format],
      room.put(values),
      1,
      columns,
      packed,
    );
    kernels.unpackRow(MATRIX_FORMATS[format], packed, columns, wide);
    const found = room.floats(wide, columns);
    values.forEach((x, i) => assert(Math.abs(found[i] - x) <= 1 / 254 + 1e-6));
  });
}
