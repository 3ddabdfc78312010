/**
 * The program's commands as processes of their own.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** What a process printed and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that goes on until it is told to end. */
export interface Running {
  readonly pid: number;
  /** What standard output has shown so far, once it matches. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: Deno.Signal): void;
  /** Closes standard output and waits for the end. */
  ended(): Promise<Ended>;
}

/** How a process is started. */
export interface SpawnOptions {
  /** At the head of a process group of its own. */
  readonly detached?: boolean;
  /** Where; by default, in the project. */
  readonly cwd?: string | URL;
}

/**
 * Starts `deno` with `args` in the project.
 *
 * @param args Those of `deno task` find the project from elsewhere too.
 */
export function spawn(
  args: readonly string[],
  env: Record<string, string> = {},
  input = "",
  { detached = false, cwd = ROOT }: SpawnOptions = {},
): Running {
  const process = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    detached,
    env: { NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(process.stderr).text();
  const reader = process.stdout.pipeThrough(new TextDecoderStream())
    .getReader();
  let shown = "";
  const more = async () => {
    const { done, value = "" } = await reader.read();
    shown += value;
    return !done;
  };
  const typed = new Response(input).body?.pipeTo(process.stdin);
  return {
    pid: process.pid,
    async until(pattern): Promise<RegExpExecArray> {
      for (;;) {
        const found = pattern.exec(shown);
        if (found !== null) return found;
        if (!await more()) {
          throw new Error(`No ${pattern} in: ${shown}\n${await errors}`);
        }
      }
    },
    signal: (name) => process.kill(name),
    async ended(): Promise<Ended> {
      while (await more());
      await typed?.catch(() => {});
      const { code } = await process.status;
      return { code, stdout: shown, stderr: await errors };
    },
  };
}

/** Runs `deno` with `args` in the project to its end. */
export function run(
  args: readonly string[],
  env: Record<string, string> = {},
  input = "",
): Promise<Ended> {
  return spawn(args, env, input).ended();
}
