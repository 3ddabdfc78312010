/**
 * Two builds of the wasm kernels beside each other: `deno run -A
 * bench/kernels_compare.ts BEFORE.wasm [AFTER.wasm]` times products of one matrix
 * with both in turn, and says whether they give the same bits.
 *
 * `git show COMMIT:src/device/wasm/kernels.wasm > before.wasm` is a build. The lower
 * tenth of many runs is hardly touched by what else the machine does while one run is
 * shorter than a time slice (up to 3 tokens here); the medians are.
 *
 * @module
 */

import { instantiate } from "../src/device/wasm/kernel_exports.ts";
import {
  MATRIX_FORMATS,
  type MatrixFormat,
} from "../src/device/matrix_format.ts";
import { MATRIX_FIELDS, words } from "../src/device/wasm/plan_structs.ts";
import {
  activationBytes,
  PANEL,
  panelBytes,
  PRODUCT_SCRATCH,
  QUAD,
  roundUp,
} from "../src/device/wasm/wasm_matrix.ts";
import { random, uniform } from "../test/support/random.ts";
import { table } from "./table.ts";

const ROWS = 1536, COLUMNS = 768;

/** Tokens of a pass: decode, a few lanes, a turn, a chunk of prefill. */
const TOKENS = [1, 3, 21, 64];

/** Runs of one token; of more tokens as many fewer. */
const RUNS = 1500;

const FORMATS = ["F16", "BF16", "F32", "int8", "int4"] as const;

const builds = await Promise.all(
  [
    Deno.args[0],
    Deno.args[1] ?? new URL("../src/device/wasm/kernels.wasm", import.meta.url),
  ].map(async (file) => new WebAssembly.Module(await Deno.readFile(file))),
);
const rows = TOKENS.flatMap((tokens) =>
  FORMATS.map((format) => compare(tokens, format))
);
const text = table(
  ["tokens", "format", "before, µs", "after, µs", "gain", "medians", "bits"],
  rows,
);
await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));

interface Side {
  readonly run: () => void;
  readonly output: () => Uint8Array;
  readonly times: number[];
}

function compare(tokens: number, format: MatrixFormat): string[] {
  const [before, after] = builds.map((build) => side(build, tokens, format));
  const runs = Math.ceil(RUNS / tokens);
  for (let run = 0; run < runs / 5; run++) {
    before.run();
    after.run();
  }
  for (let run = 0; run < runs; run++) {
    for (const one of run % 2 ? [before, after] : [after, before]) {
      const started = performance.now();
      one.run();
      one.times.push(performance.now() - started);
    }
  }
  const low = (one: Side) => at(one.times, 0.1);
  const middle = (one: Side) => at(one.times, 0.5);
  const outputs = after.output();
  const same = before.output().every((byte, i) => byte === outputs[i]);
  return [
    `${tokens}`,
    format,
    (low(before) * 1000).toFixed(0),
    (low(after) * 1000).toFixed(0),
    `${(low(before) / low(after)).toFixed(2)} ×`,
    `${(middle(before) / middle(after)).toFixed(2)} ×`,
    same ? "same" : "other",
  ];
}

/** A matrix, its input and its output in a memory of their own. */
function side(
  build: WebAssembly.Module,
  tokens: number,
  format: MatrixFormat,
): Side {
  const size = { initial: 512, maximum: 512, shared: true };
  const memory = new WebAssembly.Memory(size);
  const kernels = instantiate(build, memory), next = random(1);
  let end = 65_536;
  const take = (bytes: number) => {
    const from = end;
    end += Math.ceil(bytes / 64) * 64;
    return from;
  };
  const put = (values: ArrayLike<number>) => {
    const from = take(values.length * 4);
    new Float32Array(memory.buffer, from, values.length).set(values);
    return from;
  };
  const bytes = panelBytes(format, COLUMNS);
  const data = take(ROWS / PANEL * bytes);
  const source = put(uniform(ROWS * COLUMNS, [-1, 1], next));
  const f = MATRIX_FORMATS[format];
  kernels.pack(f, source, ROWS, COLUMNS, COLUMNS, data, take(256));
  const matrix = take(MATRIX_FIELDS.length * 4);
  const fields = { format: f, data, panelBytes: bytes, columns: COLUMNS };
  new Uint32Array(memory.buffer, matrix).set(
    words(MATRIX_FIELDS, { ...fields, rows: ROWS }),
  );
  const x = put(uniform(tokens * COLUMNS, [-1, 1], next));
  const xQ = take(activationBytes(COLUMNS) * roundUp(tokens, QUAD));
  const y = take(tokens * ROWS * 4);
  const scratch = take(PRODUCT_SCRATCH);
  return {
    run: () => kernels.multiply(matrix, x, xQ, tokens, y, scratch),
    output: () => new Uint8Array(memory.buffer, y, tokens * ROWS * 4).slice(),
    times: [],
  };
}

function at(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];
}
