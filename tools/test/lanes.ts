/**
 * Runs test files in processes of their own, several at a time.
 *
 * @module
 */

/** What came of a test file. */
export interface FileResult {
  /** From the repository's root. */
  readonly path: string;
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
  /** Whether the process was aborted after its last test. */
  readonly aborted: boolean;
  readonly seconds: number;
  /** Everything the process said. */
  readonly output: string;
}

/** Processes more than there are cores: half of a browser's test is waiting. */
const MORE_LANES = 2;

/** At most so many, for a browser and servers want memory. */
const MOST_LANES = 8;

/** After so many milliseconds a file hangs, and is ended. */
const PATIENCE = 20 * 60_000;

const SUMMARY =
  /\| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?/g;

/**
 * Runs every file, two more at a time than there are cores.
 *
 * @param files Paths, in the order in which they begin.
 * @param flags Further flags of `deno test`.
 * @param report Told of each file when it has ended.
 */
export async function runInLanes(
  files: readonly string[],
  flags: readonly string[],
  report: (result: FileResult) => void,
): Promise<void> {
  const queue = files.values();
  const lanes = Math.min(
    navigator.hardwareConcurrency + MORE_LANES,
    MOST_LANES,
  );
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (const path of queue) report(await runFile(path, flags));
  }));
}

/** Checks the types of every file; counts as one test. */
export async function checkTypes(): Promise<FileResult> {
  const ended = await run(["check", "--frozen"]);
  const failed = ended.code === 0 ? 0 : 1;
  return {
    path: "types",
    passed: 1 - failed,
    failed,
    ignored: 0,
    aborted: false,
    ...ended,
  };
}

/**
 * Runs one file.
 *
 * @param path From the repository's root.
 * @param flags Further flags of `deno test`.
 */
export async function runFile(
  path: string,
  flags: readonly string[],
): Promise<FileResult> {
  const { code, signal, ...ended } = await run(
    // Types have been checked for all files at once.
    ["test", "-A", "--frozen", "--no-check", ...flags, path],
  );
  const summary = [...ended.output.matchAll(SUMMARY)].at(-1);
  const [passed, failed, ignored] = (summary?.slice(1) ?? [])
    .map((count) => Number(count ?? 0));
  // Mesa's software driver at times frees twice when its process ends.
  const aborted = failed === 0 && signal === "SIGABRT";
  const whole = summary !== undefined && (code === 0 || aborted);
  return {
    path,
    passed: passed ?? 0,
    failed: whole ? 0 : Math.max(failed ?? 0, 1),
    ignored: ignored ?? 0,
    aborted,
    ...ended,
  };
}

async function run(args: readonly string[]): Promise<{
  code: number;
  signal: Deno.Signal | null;
  seconds: number;
  output: string;
}> {
  const began = performance.now();
  const process = new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = "";
  const clock = setTimeout(() => {
    late = `\nEnded after ${PATIENCE / 60_000} minutes\n`;
    process.kill("SIGKILL");
  }, PATIENCE);
  try {
    const chunks: string[] = [];
    await Promise.all([process.stdout, process.stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        chunks.push(text);
      }
    }));
    const { code, signal } = await process.status;
    return {
      code,
      signal,
      seconds: (performance.now() - began) / 1000,
      output: chunks.join("") + late,
    };
  } finally {
    clearTimeout(clock);
  }
}
