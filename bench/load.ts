/**
 * `deno run -A bench/load.ts [--only steady,memory,overload]`: a server under
 * load, as a page and charts in `bench/results/load/`.
 *
 * All parts take about ten minutes on two cores; each can be run by itself, and
 * what was measured before stays.
 *
 * @module
 */

import cliProgress from "cli-progress";
import { parseArgs } from "node:util";
import { startServer } from "../test/support/server.ts";
import { draw, type Results } from "./load/page.ts";
import {
  measureMemory,
  measureOverload,
  measureSteady,
  type Progress,
  type Target,
} from "./load/parts.ts";
import { machine } from "./machine.ts";

const FOLDER = new URL("results/load/", import.meta.url);
const KEYS = 4;
const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "steady,memory,overload" },
    conversations: { type: "string", default: "100" },
    seconds: { type: "string", default: "60" },
    turns: { type: "string", default: "10000" },
    lanes: { type: "string", default: "32" },
    /** A folder for the results. */
    out: { type: "string" },
  },
});
const folder = flags.out === undefined
  ? FOLDER
  : new URL(`${flags.out}/`, `file://${Deno.cwd()}/`);
const conversations = Number(flags.conversations);
const seconds = Number(flags.seconds);
const serverFlags = ["--lanes", flags.lanes, "--device", "wasm"];

await Deno.mkdir(folder, { recursive: true });
let results: Results = {
  ...await earlier(),
  machine: await machine(),
  flags: serverFlags.join(" "),
};
for (const part of flags.only.split(",")) {
  await using server = await serve();
  using bar = progressBar(part);
  results = { ...results, ...await measure(part, server.target, bar.show) };
  await Deno.writeTextFile(
    new URL("results.json", folder),
    `${JSON.stringify(results, undefined, 1)}\n`,
  );
  await draw(folder, results);
}

/** One part, by its name. */
async function measure(
  part: string,
  target: Target,
  show: Progress,
): Promise<Pick<Results, "steady" | "memory" | "overload">> {
  switch (part) {
    case "steady":
      return {
        steady: await measureSteady(target, conversations, seconds, show),
      };
    case "memory": {
      const turns = Number(flags.turns);
      return {
        memory: await measureMemory(target, conversations, turns, show),
      };
    }
    case "overload": {
      const many = 10 * conversations;
      return { overload: await measureOverload(target, many, seconds, show) };
    }
    default:
      throw new RangeError(`Cannot measure ${part}: there is no such part`);
  }
}

/** A server with keys for four tenants. */
async function serve(): Promise<AsyncDisposable & { target: Target }> {
  const keys = Array.from({ length: KEYS }, () => crypto.randomUUID());
  const entries = keys.map(async (key, i) => {
    const bytes = new TextEncoder().encode(key);
    const hash = await crypto.subtle.digest("SHA-256", bytes);
    return `tenant-${i}:${new Uint8Array(hash).toHex()}`;
  });
  const server = await startServer(serverFlags, {
    GOSLING_API_KEYS: (await Promise.all(entries)).join(","),
    GOSLING_STATE_KEYS: `bench:${
      crypto.getRandomValues(new Uint8Array(32)).toBase64({
        alphabet: "base64url",
        omitPadding: true,
      })
    }`,
  });
  return {
    target: {
      url: server.url,
      keys: KEYS,
      group: (i, conversations) => ({
        name: `tenant-${i}`,
        key: keys[i],
        conversations,
      }),
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await server.stop("SIGTERM");
    },
  };
}

/** A bar on standard error, where somebody watches. */
function progressBar(title: string): Disposable & { show: Progress } {
  const bar = new cliProgress.SingleBar({
    format: `${title} [{bar}] {percentage} % {words}`,
    hideCursor: true,
  });
  bar.start(100, 0, { words: "" });
  return {
    show: (share, words) =>
      bar.update(Math.min(100, Math.round(100 * share)), { words }),
    [Symbol.dispose]: () => bar.stop(),
  };
}

/** What was measured before. */
async function earlier(): Promise<Partial<Results>> {
  try {
    return JSON.parse(
      await Deno.readTextFile(new URL("results.json", folder)),
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}
