/**
 * Where and when a figure was measured: every result says it.
 *
 * @module
 */

/** The machine, the versions and the moment of a measurement. */
export interface Machine {
  /** Processor, as the system names it. */
  readonly cpu: string;
  /** Cores the system offers. */
  readonly cores: number;
  /** Memory, GiB. */
  readonly memory: number;
  /** Deno and V8. */
  readonly runtime: string;
  /** The commit measured, with `+` if the tree had changes. */
  readonly commit: string;
  /** ISO date. */
  readonly date: string;
}

/** Describes this machine. */
export async function machine(): Promise<Machine> {
  const { hardwareConcurrency: cores } = navigator;
  return {
    cpu: await cpuName(),
    cores,
    memory: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    runtime: `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    commit: await commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}

/** A file name for results of this machine: its processor and cores. */
export function slug({ cpu, cores }: Machine): string {
  const name = cpu.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `${name.replace(/^-|-$/g, "")}-${cores}c`;
}

async function cpuName(): Promise<string> {
  if (Deno.build.os !== "linux") return `${Deno.build.os} ${Deno.build.arch}`;
  const text = await Deno.readTextFile("/proc/cpuinfo");
  const field = (name: string) =>
    new RegExp(`^${name}\\s*: (.*)$`, "m").exec(text)?.[1] ?? "unknown";
  // Of one family are processors with and without AVX-512.
  return `${field("model name")} family ${field("cpu family")} model ${
    field("model")
  }`;
}

async function commit(): Promise<string> {
  const git = async (...args: string[]) => {
    const { stdout } = await new Deno.Command("git", { args }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  const head = await git("rev-parse", "--short", "HEAD");
  const changes = await git("status", "--porcelain", "--untracked-files=no");
  return changes ? `${head}+` : head;
}
