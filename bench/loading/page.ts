/**
 * The page of loads.
 *
 * @module
 */

import type { Machine } from "../machine.ts";
import { table } from "../table.ts";
import type { Load } from "./child.ts";

/** One load, and of what. */
export interface LoadRow extends Partial<Load> {
  /** Where and when. */
  readonly machine: Machine;
  /** Name of the shape. */
  readonly shape: string;
  /** Kind of file. */
  readonly kind: string;
  /** Kind of device. */
  readonly device: string;
  /** How matrices are kept. */
  readonly quantization: string;
  /** Whether packed weights were made, taken, or neither. */
  readonly packed: string;
  /** Size of the file. */
  readonly fileBytes: number;
  /** Bytes that the process could take, if that was bounded. */
  readonly cap?: number;
  /** Why there is no figure. */
  readonly failure?: string;
}

/** Writes the page. */
export function loadingPage(rows: readonly LoadRow[]): string {
  const free = rows.filter(({ cap }) => cap === undefined);
  const capped = rows.filter(({ cap }) => cap !== undefined);
  const [{ machine }] = rows.toSorted((a, b) =>
    a.machine.date < b.machine.date ? 1 : -1
  );
  const { cpu, cores, memory, runtime, date } = machine;
  const bounded = capped.length === 0 ? "" : `
## Under a bound of memory

The same, in a control group that holds the process and the pages of files that it
reads under a bound (\`--cap\`). Times here are of a machine that had other work too.

${written(capped)}
`;
  return `# Loading

Random models of official shapes, written as BF16 (a GGUF: Q8_0 and F32), loaded
by a process that does nothing else, with 4 lanes. \`deno run -A
bench/load_time.ts\` repeats it; its first lines say how.

- *open*: the tables and the vocabulary are read.
- *load*: weights are read, hashed for the fingerprint, packed and put on the
  device; or packed weights of an earlier load, which carry the fingerprint, are.
- *CPU*: what both took of all cores. Where it is far below the cores' share of the
  time, something else was running.
- *turn*: 64 tokens are read and 16 drawn.
- *peak*: the largest resident memory of the process (\`VmHWM\`) up to the end of
  the turn, runtime included. *end*: the resident memory then.
- *stall*: the longest time for which the event loop did not get round while the
  model was loaded, so the longest that a request of another model may wait. Most
  of it is the vocabulary, which models with the same one share.

The fingerprint is made of the weights on their way to the device, so they are read
once. A process peaks at 0.2 to 0.5 GB above what its model takes there, runtime
included, whatever the kind of file.

${cpu}, ${cores} cores, ${memory} GiB, ${runtime}, ${date}.
Files were in the system's page cache.

${written(free)}
${bounded}`;
}

function written(rows: readonly LoadRow[]): string {
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(2);
  return table(
    [
      "shape",
      "file",
      "GB",
      "device",
      "--quant",
      "packed",
      "bound, GB",
      "open, s",
      "load, s",
      "CPU, s",
      "turn, s",
      "peak, GB",
      "end, GB",
      "stall, ms",
    ],
    rows.map((row) => [
      row.shape,
      row.kind,
      gigabytes(row.fileBytes),
      row.device,
      row.quantization,
      row.packed === "none" ? "" : row.packed,
      row.cap === undefined ? "" : `${row.cap / 1e9}`,
      ...figures(row),
    ]),
  );
}

function figures(row: LoadRow): string[] {
  const { openMs, loadMs, cpuMs, turnMs, peak, resident, stallMs } = row;
  if (peak === undefined || resident === undefined) {
    return [row.failure ?? "", "", "", "", "", "", ""];
  }
  const seconds = (ms = 0) => (ms / 1000).toFixed(ms < 9950 ? 1 : 0);
  return [
    seconds(openMs),
    seconds(loadMs),
    seconds(cpuMs),
    seconds(turnMs),
    (peak / 1e9).toFixed(2),
    (resident / 1e9).toFixed(2),
    `${Math.round(stallMs ?? 0)}`,
  ];
}
