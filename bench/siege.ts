/**
 * `deno task siege [--minutes 60] [--pause 250] [--publish]`: a server under a mixed
 * hostile load, and a friend of it who asks the same all the time. What the server
 * holds at the end is compared with its tenth minute, and how fast it is with a second
 * server, which nobody attacks, asked in the same moments.
 *
 * @module
 */

import cliProgress from "cli-progress";
import { serverArguments } from "../src/serve/server_process.ts";
import { freePort } from "../test/fault/raw.ts";
import { readFlags } from "./flags.ts";
import { type Machine, machine } from "./machine.ts";
import { ATTACKS, type Besieged } from "./siege/attacks.ts";

/** Descriptors of the server: few enough to run out. */
const DESCRIPTORS = 256;

/** Of a second, in `/proc`. */
const TICKS = 100;

/** The minute with which the end is compared. */
const SETTLED = 10;

/** One minute of the server. */
interface Minute {
  readonly rss: number;
  readonly descriptors: number;
  readonly turns: number;
  /** Turns that found no server for a moment, while it had no descriptors. */
  readonly refused: number;
  /** Seconds of computing. */
  readonly cpu: number;
  /** Milliseconds of the friend's turns and of `/healthz`: median, 95th. */
  readonly turn: readonly [number, number];
  /** As {@linkcode turn}, at the server that nobody attacks. */
  readonly control: readonly [number, number];
  readonly health: readonly [number, number];
}

const HELP = `deno task siege [flags]

Besieges a server, and compares its end with its tenth minute.

  --minutes N      how long (60)
  --pause MS       between two turns of the server's friend (250)
  --publish        write bench/results/siege/README.md
  --note TEXT      a sentence for that page: what else ran on the machine
`;

const { values: flags } = readFlags(HELP, {
  options: {
    minutes: { type: "string", default: "60" },
    pause: { type: "string", default: "250" },
    publish: { type: "boolean", default: false },
    /** A sentence for the page: what else ran on the machine. */
    note: { type: "string", default: "" },
  },
});
const minutes = Number(flags.minutes);
const [port, calm] = [freePort(), freePort()];
const [friend, foe] = [crypto.randomUUID(), crypto.randomUUID()];
const keys = `friend:${await digest(friend)},foe:${await digest(foe)}`;
const child = serve(port);
const control = serve(calm);
const answers = new Map<string, Map<string, number>>();
const history: Minute[] = [];
try {
  for (const each of [port, calm]) {
    await withoutRefusal(() => turn(friend, each));
  }
  const { text: song } = await turn(friend);
  const states = [(await turn(foe)).state, (await turn(friend)).state] as const;
  const until = performance.now() + 60_000 * minutes;
  const bar = new cliProgress.SingleBar({
    format: "siege [{bar}] {value}/{total} minutes",
    noTTYOutput: true,
  });
  bar.start(minutes, 0);
  const attacks = besiege({ port, key: foe, states }, until);
  while (performance.now() < until) {
    history.push(await watch(song));
    bar.update(history.length);
    print(JSON.stringify(history.at(-1)));
  }
  bar.stop();
  await attacks;
} finally {
  for (const each of [child, control]) {
    try {
      each.kill("SIGTERM");
    } catch (error) {
      // It has ended already, and its code says how.
      if (!(error instanceof TypeError)) print(String(error));
    }
  }
  await control.status;
}
const { code } = await child.status;
const page = report(await machine(), code);
print(page);
if (flags.publish) {
  const folder = new URL("results/siege/", import.meta.url);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(new URL("README.md", folder), page);
}

/** Starts a server with few descriptors. */
function serve(port: number): Deno.ChildProcess {
  const flags = { port: String(port), device: "wasm", threads: "1" };
  return new Deno.Command("sh", {
    args: ["-c", `ulimit -n ${DESCRIPTORS}; exec "$0" "$@"`, Deno.execPath()]
      .concat(serverArguments(flags, () => undefined)),
    env: { NO_COLOR: "1", GOSLING_API_KEYS: keys },
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** One attack after the other, each kind as often. */
async function besiege(besieged: Besieged, until: number): Promise<void> {
  const kinds = Object.entries(ATTACKS);
  for (let i = 0; performance.now() < until; i++) {
    const [name, attack] = kinds[i % kinds.length];
    const answer = await attack(besieged, Math.floor(i / kinds.length))
      .catch(() => "refused");
    const counts = answers.get(name) ?? new Map<string, number>();
    answers.set(name, counts.set(answer, (counts.get(answer) ?? 0) + 1));
    await pause(Number(flags.pause));
  }
}

/** What the server knows of a key. */
async function digest(key: string): Promise<string> {
  const bytes = new TextEncoder().encode(key);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}

/** Asks for a minute, and looks at the process at its end. */
async function watch(song: string): Promise<Minute> {
  const end = performance.now() + 60_000;
  const turns: number[] = [], calmly: number[] = [], health: number[] = [];
  const { cpu: before } = await held();
  let refused = 0;
  while (performance.now() < end) {
    const from = performance.now();
    const answer = await turn(friend).catch(() => undefined);
    if (answer === undefined) refused++;
    else if (answer.text !== song) throw new Error("The song is another");
    else turns.push(performance.now() - from);
    const began = performance.now();
    await turn(friend, calm);
    calmly.push(performance.now() - began);
    const asked = performance.now();
    const well = await fetch(`http://127.0.0.1:${port}/healthz`)
      .then((response) => response.body?.cancel()).catch(() => refused++);
    if (well === undefined) health.push(performance.now() - asked);
    await pause(500);
  }
  const now = await held();
  return {
    ...now,
    cpu: now.cpu - before,
    turns: turns.length,
    refused,
    control: [quantile(calmly, 0.5), quantile(calmly, 0.95)],
    turn: [quantile(turns, 0.5), quantile(turns, 0.95)],
    health: [quantile(health, 0.5), quantile(health, 0.95)],
  };
}

async function held(): Promise<Pick<Minute, "rss" | "descriptors" | "cpu">> {
  const of = (name: string) => Deno.readTextFile(`/proc/${child.pid}/${name}`);
  const [, kib = "0"] = /VmRSS:\s*(\d+)/.exec(await of("status")) ?? [];
  const open = await Array.fromAsync(Deno.readDir(`/proc/${child.pid}/fd`));
  // The fields after the name, which may have blanks: 11 and 12 are the ticks spent.
  const fields = (await of("stat")).replace(/^.*\) /, "").split(" ");
  return {
    rss: Number(kib) / 1024,
    descriptors: open.length,
    cpu: (Number(fields[11]) + Number(fields[12])) / TICKS,
  };
}

async function turn(
  key: string,
  at = port,
): Promise<{ text: string; state: string }> {
  const response = await fetch(`http://127.0.0.1:${at}/v1/generate`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${key}`,
    },
    body: JSON.stringify({ prompt: "User:", seed: 7, max_tokens: 8 }),
    signal: AbortSignal.timeout(60_000),
  });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}

/** Tries until the server is there. */
async function withoutRefusal(work: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 200; i++) {
    try {
      return void await work();
    } catch {
      await pause(200);
    }
  }
  throw new Error("Cannot begin: the server does not answer");
}

function report({ cpu, cores, runtime, date }: Machine, code: number): string {
  const whole = history.length;
  const tenth = history[Math.min(SETTLED, whole) - 1];
  const last = history.at(-1);
  if (tenth === undefined || last === undefined) return "";
  const row = (name: string, of: (minute: Minute) => number) =>
    `| ${name} | ${of(tenth).toFixed()} | ${of(last).toFixed()} |`;
  const kinds = [...answers].map(([name, counts]) =>
    `| ${name} | ${
      [...counts].toSorted(([, a], [, b]) => b - a)
        .map(([answer, count]) => `${answer} × ${count}`).join(", ")
    } |`
  );
  return `# Siege

One server with ${DESCRIPTORS} descriptors (wasm, 1 thread) for ${whole} minutes
under the attacks below, one every ${flags.pause} ms and its own time, by somebody with
a key; a friend with another key asks for the same turn twice a second, and gets the
same answer every time. A second server, which nobody attacks, is asked for the same
turn right after: its times show what else the machine did. Written by \`deno task siege --minutes ${flags.minutes} --publish\`
(${date}; ${cpu}, ${cores} cores; ${runtime}). Exit code at the end: ${code}.
"refused" is no connection, or no answer within the minute that who attacks waits for.
${flags.note}

|  | minute ${Math.min(SETTLED, whole)} | minute ${whole} |
| --- | --- | --- |
${row("memory, MiB", ({ rss }) => rss)}
${row("descriptors", ({ descriptors }) => descriptors)}
${row("computing, s in the minute", ({ cpu }) => cpu)}
${row("turns of the friend", ({ turns }) => turns)}
${row("refused for want of descriptors", ({ refused }) => refused)}
${row("turn, median ms", ({ turn: [median] }) => median)}
${row("turn, 95th ms", ({ turn: [, high] }) => high)}
${
    row("the same at the other server, median ms", ({ control: [median] }) =>
      median)
  }
${row("the same at the other server, 95th ms", ({ control: [, high] }) => high)}
${row("/healthz, median ms", ({ health: [median] }) => median)}
${row("/healthz, 95th ms", ({ health: [, high] }) => high)}

| attack | answers |
| --- | --- |
${kinds.join("\n")}

Memory by minute, MiB: ${history.map(({ rss }) => rss.toFixed()).join(", ")}.

Descriptors by minute: ${history.map((at) => at.descriptors).join(", ")}.

Median turn, in median turns of the other server, by minute: ${
    history.map(({ turn: [here], control: [there] }) =>
      (here / there).toFixed(1)
    ).join(", ")
  }.
`;
}

/** The value that a share of all is not above. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
