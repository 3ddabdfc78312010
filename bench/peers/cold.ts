/**
 * Cold start and peak memory for `bench/peers.ts`: each start is a new process,
 * and the memory is the most that the kernel has seen it hold.
 *
 * @module
 */

import { type Contestant, contestant, type Load } from "./protocol.ts";

/** One start. */
export interface Start {
  /** From the start of the process to the first token, milliseconds. */
  readonly firstTokenMs: number;
  /** Peak resident memory once 512 tokens were read and 64 drawn, MB. */
  readonly peakMb: number;
}

/** Starts a contestant with a model; its first answer is one drawn token. */
export async function start(
  [command, ...args]: readonly string[],
  load: Load,
): Promise<Start> {
  const started = performance.now();
  await using process = contestant(command, args);
  await process.ask(load);
  await process.ask({ do: "speed", prompt: 8, drawn: 1, runs: 0 });
  const firstTokenMs = performance.now() - started;
  await process.ask({ do: "speed", prompt: 512, drawn: 64, runs: 0 });
  return { firstTokenMs, peakMb: await peakMb(process) };
}

/** Peak resident memory so far, MB. */
async function peakMb({ pid }: Contestant): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? [];
  return Number(kilobytes) * 1024 / 1e6;
}
