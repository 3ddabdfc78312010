/**
 * Processes that may take so much memory and no more, by Linux' control groups.
 * Pages of files that they read count too, and are dropped first.
 *
 * @module
 */

const ROOT = "/sys/fs/cgroup";
const NAME = "gosling-bench";

/** A group of processes with a bound. */
export interface Cap extends Disposable {
  /** A command line that runs another inside the group. */
  wrap(command: string, args: readonly string[]): [string, string[]];
}

/** Makes a group; needs the right to, which containers may lack. */
export function memoryCap(bytes: number): Cap {
  const second = hasSecondVersion();
  const folder = second ? `${ROOT}/${NAME}` : `${ROOT}/memory/${NAME}`;
  Deno.mkdirSync(folder, { recursive: true });
  const bound = second ? "memory.max" : "memory.limit_in_bytes";
  Deno.writeTextFileSync(`${folder}/${bound}`, `${bytes}`);
  return {
    wrap: (command, args) => [
      "sh",
      ["-c", `echo $$ > ${folder}/cgroup.procs; exec "$@"`, "sh", command]
        .concat(args),
    ],
    [Symbol.dispose]: () => Deno.removeSync(folder),
  };
}

function hasSecondVersion(): boolean {
  try {
    return Deno.readTextFileSync(`${ROOT}/cgroup.controllers`)
      .includes("memory");
  } catch {
    return false;
  }
}
