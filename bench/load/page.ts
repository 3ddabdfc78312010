/**
 * What the load showed, as a page and charts.
 *
 * @module
 */

import type { Machine } from "../machine.ts";
import { duration, plot } from "../plot.ts";
import { table } from "../table.ts";
import type { Spread } from "./figures.ts";
import type { Memory, Overload, Steady } from "./parts.ts";

/** Everything measured, perhaps on several days. */
export interface Results {
  /** Where. */
  readonly machine: Machine;
  /** What the server was started with. */
  readonly flags: string;
  readonly steady?: Steady;
  readonly memory?: Memory;
  readonly overload?: Overload;
}

/** Writes `README.md` and the charts. */
export async function draw(folder: URL, results: Results): Promise<void> {
  const { machine, flags, steady, memory, overload } = results;
  const { cpu, cores, runtime, commit, date } = machine;
  const where = `${cpu}, ${cores} cores`;
  const page = [
    "# A server under load",
    "Measured by `deno run -A bench/load.ts` against a process of its own " +
    `(\`deno task start ${flags}\`, the embedded model) over HTTP, with the ` +
    `clients on the same machine: ${where}, ${runtime}, commit ${commit}, ` +
    `${date}. Every turn is streamed, brings the state of the one before and ` +
    "takes the next one along.",
    steady && steadyPart(steady),
    memory && memoryPart(memory),
    overload && overloadPart(overload),
  ].filter((part) => part !== undefined);
  await write(folder, "README.md", `${page.join("\n\n")}\n`);
  if (memory) await write(folder, "memory.svg", memoryChart(memory, where));
  if (overload) {
    await write(folder, "overload.svg", overloadChart(overload, where));
  }
}

function steadyPart(steady: Steady): string {
  const { conversations, seconds, turns, tokens, tokensPerSecond } = steady;
  return [
    `## ${conversations} conversations at once, ${seconds} s`,
    table(["", "p50", "p95", "p99", "greatest"], [
      row("time to first token", steady.firstMs),
      row("time per token after it", steady.tokenMs),
    ]),
    `${whole(turns)} turns and ${whole(tokens)} tokens, ` +
    `${tokensPerSecond.toFixed(0)} tokens/s; ${whole(steady.refusals)} turns ` +
    `refused, ${broken(steady.errors)}. Fairness among four tenants (Jain) ` +
    `${steady.fairness.toFixed(3)}.`,
  ].join("\n\n");
}

function memoryPart(memory: Memory): string {
  const { turns, seconds, samples } = memory;
  const shown = [0, 0.25, 0.5, 0.75, 1].map((share) =>
    samples[Math.round(share * (samples.length - 1))]
  );
  return [
    `## Memory over ${whole(turns)} turns`,
    table(
      ["after turns", ...shown.map(([turns]) => whole(turns))],
      [
        ["process, MiB", ...shown.map(([, mib]) => mib.toFixed(0))],
        ["JavaScript's heap, MiB", ...shown.map(([, , mib]) => mib.toFixed(0))],
      ],
    ),
    `Over the second half the process grows by ${
      memory.slope.toFixed(2)
    } MiB ` +
    `for 1,000 turns. ${seconds.toFixed(0)} s in all; ` +
    `${whole(memory.refusals)} turns refused, ${broken(memory.errors)}.`,
    "![Memory over the turns](memory.svg)",
  ].join("\n\n");
}

function overloadPart(overload: Overload): string {
  const { conversations, seconds, refusals, modestTurns } = overload;
  const statuses = Object.entries(refusals)
    .map(([status, count]) => `${whole(count)} with ${status}`);
  return [
    `## ${whole(conversations)} conversations at once, ${seconds} s`,
    `One tenant has ${
      whole(conversations - conversations / 100)
    } of them, another ${
      whole(conversations / 100)
    }. Who is turned away tries again after a second.`,
    table(["", "p50", "p95", "p99", "greatest"], [
      row("a refusal", overload.refusalMs),
      row("`GET /healthz`", overload.healthMs),
      row("first token, the large tenant", overload.greedyMs),
      row("first token, the small tenant", overload.modestMs),
    ]),
    `${whole(overload.turns)} turns, ` +
    `${overload.tokensPerSecond.toFixed(0)} tokens/s; refused: ` +
    `${statuses.join(", ") || "none"}; ${broken(overload.errors)}. The small ` +
    `tenant took ${whole(modestTurns)} turns and was refused ` +
    `${
      whole(overload.modestRefusals)
    } times. When all have hung up at once, a ` +
    `lone turn is as fast as before (first token within twice ` +
    `${duration(overload.idleMs)}) after ${duration(overload.recoveryMs)}.`,
    "![Turns and refusals over time](overload.svg)",
  ].join("\n\n");
}

function memoryChart({ samples, turns }: Memory, where: string): string {
  const most = Math.max(...samples.map(([, resident]) => resident));
  return plot({
    title: `Memory of the server over ${whole(turns)} turns`,
    subtitle: where,
    x: { label: "turns", scale: "linear" },
    y: { label: "MiB", scale: "linear", range: [0, most] },
    series: [
      {
        name: "process",
        points: samples.map(([turns, resident]) => [turns, resident]),
      },
      {
        name: "JavaScript's heap",
        points: samples.map(([turns, , heap]) => [turns, heap]),
      },
    ],
  });
}

function overloadChart(
  { series, conversations }: Overload,
  where: string,
): string {
  return plot({
    title: `${whole(conversations)} conversations at once`,
    subtitle: where,
    x: { label: "seconds", scale: "linear" },
    y: { label: "a second", scale: "linear" },
    series: [
      { name: "turns", points: series.map(([at, turns]) => [at, turns]) },
      { name: "refusals", points: series.map(([at, , no]) => [at, no]) },
    ],
  });
}

function row(name: string, { p50, p95, p99, max }: Spread): string[] {
  return [name, ...[p50, p95, p99, max].map(duration)];
}

function broken(errors: readonly string[]): string {
  return errors.length === 0 ? "no errors" : errors.join("; ");
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

async function write(folder: URL, name: string, text: string): Promise<void> {
  await Deno.writeTextFile(new URL(name, folder), text);
}
