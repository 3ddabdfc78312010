/**
 * llama.cpp beside the wasm device: the same weights, the same number of threads,
 * each in a process of its own, questions put to them in turn so that both meet
 * the same machine.
 *
 * `deno run -A bench/peers.ts --llama DIR --folder DIR` takes node-llama-cpp from
 * `DIR/node_modules`, and writes the models it needs to the folder once. Each round
 * is a line of `results/<machine>/peers.jsonl`, from which it draws `peers.md`;
 * `--draw` only does that, of what a run has measured so far. See peers.md.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { Quantization } from "../src/device/device.ts";
import { machine, slug } from "./machine.ts";
import { start } from "./peers/cold.ts";
import { ggufModel, type GgufType } from "./peers/gguf_model.ts";
import { type PeerFigure, type PeerRun, peersPage } from "./peers/page.ts";
import {
  type Answer,
  contestant,
  type Load,
  type Question,
} from "./peers/protocol.ts";

const { values: flags } = parseArgs({
  options: {
    llama: { type: "string" },
    folder: { type: "string" },
    rounds: { type: "string", default: "5" },
    runs: { type: "string", default: "1" },
    threads: { type: "string", default: `${navigator.hardwareConcurrency}` },
    parts: { type: "string", default: "speed,turn,start" },
    only: { type: "string" },
    log: { type: "string", default: "peers" },
    draw: { type: "boolean", default: false },
  },
});
if (flags.llama === undefined || flags.folder === undefined) {
  throw new Error("Cannot compare: give --llama DIR and --folder DIR");
}
const folder = flags.folder;
const parts = new Set(flags.parts.split(","));
const only = new Set(flags.only?.split(","));

/** What is compared: a model, how both keep its matrices, conversations at once. */
const CASES: readonly (readonly [string, Quantization, GgufType, number])[] = [
  ["embedded", "int8", "Q8_0", 1],
  ["0.1B", "none", "F16", 1],
  ["0.1B", "int8", "Q8_0", 1],
  ["0.1B", "int4", "Q4_0", 1],
  ["0.1B", "int8", "Q8_0", 8],
  ["0.4B", "int8", "Q8_0", 1],
];

const OURS = [
  Deno.execPath(),
  "run",
  "-A",
  "--no-check",
  new URL("peers/ours.ts", import.meta.url).pathname,
];
const THEIRS = [
  "node",
  new URL("peers/llama.mjs", import.meta.url).pathname,
  flags.llama,
];

const about = await machine();
const results = new URL(`results/${slug(about)}/`, import.meta.url);
await Deno.mkdir(results, { recursive: true });
const log = new URL(`${flags.log}.jsonl`, results);
if (!flags.draw) await measure(flags.llama, folder);
const lines = (await Deno.readTextFile(log)).trim().split("\n");
const [run, ...figures] = lines.map((line) => JSON.parse(line));
const page = peersPage(run, figures);
await Deno.writeTextFile(new URL(`${flags.log}.md`, results), page);
await print(page);

async function measure(llama: string, folder: string): Promise<void> {
  const run: PeerRun = {
    ...about,
    threads: Number(flags.threads),
    llama: await llamaVersion(llama),
  };
  await Deno.writeTextFile(log, `${JSON.stringify(run)}\n`);
  for (const [model, quantization, type, lanes] of CASES) {
    if (only.size > 0 && !only.has(`${model}/${quantization}/${lanes}`)) {
      continue;
    }
    const load: Load = {
      do: "load",
      model,
      quantization,
      source: model === "embedded" ? "" : await ggufModel(model, "F16", folder),
      file: await ggufModel(model, type, folder),
      lanes,
      threads: Number(flags.threads),
    };
    const turned = quantization === "int8" && model === "0.1B" && lanes === 1;
    if (parts.has("start") && quantization === "int8" && lanes === 1) {
      // The first start packs the weights; the others find them.
      await start(OURS, load);
      await rounds(load, {
        "start": async (command) => ({ ...await start(command, load) }),
      });
    }
    if (!parts.has("speed") && !(parts.has("turn") && turned)) continue;
    await using ours = contestant(OURS[0], OURS.slice(1));
    await using theirs = contestant(THEIRS[0], THEIRS.slice(1));
    for (const one of [ours, theirs]) await one.ask(load);
    const put = (question: Question) => (command: readonly string[]) =>
      (command === OURS ? ours : theirs).ask(question);
    if (parts.has("speed")) {
      const prompt = lanes > 1 ? 128 : 512, runs = Number(flags.runs);
      await rounds(load, {
        "speed": put({ do: "speed", prompt, drawn: 64, runs }),
      });
    }
    if (parts.has("turn") && turned) {
      for (const history of [1024, 4096]) {
        await rounds(load, {
          [`turn after ${history}`]: put({ do: "turn", history, lost: false }),
        });
      }
      for (const history of [1024, 4096]) {
        const lost = await theirs.ask({ do: "turn", history, lost: true });
        await keep({ ...named(load), part: `lost ${history}`, theirs: lost });
      }
    }
  }
}

/** Asks both in turn, the one first that was second the round before. */
async function rounds(
  load: Load,
  asked: Record<string, (command: readonly string[]) => Promise<Answer>>,
): Promise<void> {
  for (const [part, ask] of Object.entries(asked)) {
    for (let round = 0; round < Number(flags.rounds); round++) {
      const order = round % 2 ? [THEIRS, OURS] : [OURS, THEIRS];
      const answers = new Map<readonly string[], Answer>();
      const [busy] = Deno.loadavg();
      for (const command of order) answers.set(command, await ask(command));
      await keep({
        ...named(load),
        part,
        ...{ ours: answers.get(OURS), theirs: answers.get(THEIRS) },
        round,
        busy: Number(busy.toFixed(2)),
      });
    }
  }
}

function named(
  { model, quantization, lanes }: Pick<
    Load,
    "model" | "quantization" | "lanes"
  >,
): Pick<PeerFigure, "model" | "quantization" | "lanes"> {
  return { model, quantization, lanes };
}

async function keep(figure: PeerFigure): Promise<void> {
  const text = `${JSON.stringify(figure)}\n`;
  await Deno.writeTextFile(log, text, { append: true });
  await print(text);
}

async function llamaVersion(place: string): Promise<string> {
  const read = async (path: string) =>
    JSON.parse(
      await Deno.readTextFile(`${place}/node_modules/node-llama-cpp/${path}`),
    );
  const { release } = await read("llama/binariesGithubRelease.json");
  const { version } = await read("package.json");
  return `${release} as node-llama-cpp ${version} ships it`;
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text));
}
