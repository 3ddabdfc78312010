/**
 * Fuzzes for as long as it is told to: every route of the API, damaged tokens, large
 * bodies, and damaged model files. What it finds it prints with the case that showed it.
 *
 * ```text
 * deno task fuzz [routes] [tokens] [bodies] [files] [--count N] [--seed N] [--publish]
 * ```
 *
 * @module
 */

import cliProgress from "cli-progress";
import { readFlags } from "../bench/flags.ts";
import { barrage } from "../test/fuzz/barrage.ts";
import { fuzzBodies } from "../test/fuzz/bodies.ts";
import { FILES, fuzzModelFiles } from "../test/fuzz/model_files.ts";
import { tinyServer } from "../test/fuzz/tiny_server.ts";
import { fuzzTokens } from "../test/fuzz/tokens.ts";

const PAGE = new URL("../bench/results/fuzz/README.md", import.meta.url);

/** Cases of each kind, if nothing else is said. */
const COUNT = "100000";

/** Model files are larger than requests: so many fewer are opened. */
const PER_FILE = 20;

const HELP = `deno task fuzz [routes] [tokens] [bodies] [files] [flags]

Fuzzes the routes, damaged tokens, large bodies and damaged model files (all), and
prints what it finds with the case that showed it.

  --count N        cases of each kind (${COUNT})
  --seed N         of the cases (any)
  --publish        write bench/results/fuzz/README.md
`;

const { values, positionals } = readFlags(HELP, {
  allowPositionals: true,
  options: {
    count: { type: "string", default: COUNT },
    seed: {
      type: "string",
      default: String(Math.floor(Math.random() * 2 ** 31)),
    },
    publish: { type: "boolean", default: false },
  },
});
const count = Number(values.count), seed = Number(values.seed);
const kinds = positionals.length > 0
  ? positionals
  : ["routes", "tokens", "bodies", "files"];
const lines: string[] = [];
print(`seed ${seed}`);
for (const kind of kinds) await fuzz(kind);
if (values.publish) await publish();

async function fuzz(kind: string): Promise<void> {
  switch (kind) {
    case "routes":
      return await timed("requests", count, async (progress) => {
        await using server = await tinyServer({ patience: 1000 });
        const found = await barrage(server, { seed, count, progress });
        return [
          `slowest answer ${Math.round(found.slowest)} ms`,
          list("status", found.statuses),
          list("code or type", found.codes),
        ];
      });
    case "tokens":
      return await timed("damaged tokens", count, async (progress) => [
        list("code", await fuzzTokens({ seed, count, progress })),
      ]);
    case "bodies": {
      const some = Math.ceil(count / PER_FILE);
      return await timed("large bodies", some, async (progress) => {
        const found = await fuzzBodies({ seed, count: some, progress });
        return [
          `at most ${found.held.toFixed()} ms of work in one piece`,
          list("status", found.statuses),
        ];
      });
    }
    case "files":
      for (const format of Object.keys(FILES)) {
        const some = Math.ceil(count / PER_FILE);
        await timed(`damaged ${format} files`, some, async (progress) => {
          const options = { seed, count: some, progress };
          return [`${await fuzzModelFiles(format, options)} refused`];
        });
      }
      return;
    default:
      throw new TypeError(
        `Cannot fuzz ${kind}: expected routes, tokens, bodies, files`,
      );
  }
}

/** Shows how far it is, then what it came to. */
async function timed(
  what: string,
  total: number,
  work: (progress: (done: number) => void) => Promise<string[]>,
): Promise<void> {
  const bar = new cliProgress.SingleBar({
    format: `${what} [{bar}] {value}/{total} {eta_formatted}`,
    noTTYOutput: false,
  });
  bar.start(total, 0);
  const from = performance.now();
  try {
    const found = await work((done) => bar.update(Math.min(done, total)));
    const seconds = (performance.now() - from) / 1000;
    bar.stop();
    print(`\n${total} ${what} in ${seconds.toFixed(1)} s: no fault\n`);
    for (const line of found) print(`- ${line}`);
  } finally {
    bar.stop();
  }
}

/** Counts, the most first. */
function list(
  title: string,
  counts: ReadonlyMap<string | number, number>,
): string {
  const entries = [...counts].toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`);
  return `by ${title}: ${entries.join(", ")}`;
}

function print(line: string): void {
  lines.push(line);
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function publish(): Promise<void> {
  const text = `# Fuzzing

Requests made from the server's own OpenAPI document (some that fit, some that
all but do, some that are nothing of the kind), sent to the whole server in one
process around a model of one layer with random weights. Each is answered in
time, with a documented status and code and never with 500; a canary between
every 200 gives the same answer each time. Large bodies hold up
no other request. Damaged tokens and damaged model files
are refused with a reason. Written by \`deno task fuzz --publish\` (Deno
${Deno.version.deno}, ${new Date().toISOString().slice(0, 10)}).

${lines.join("\n")}
`;
  await Deno.mkdir(new URL(".", PAGE), { recursive: true });
  await Deno.writeTextFile(PAGE, text);
}
