/**
 * `deno task recall --model X`: what a model remembers, through a sealed save after
 * every turn. Prints tables, and writes them with a heat map and a plot to
 * `bench/results/recall/`, where each model but the embedded one has a folder.
 *
 * Parts, and kinds of conversations, are measured one by one and kept, so that one
 * can be repeated alone. All of them take about half an hour of one core with the
 * embedded model.
 *
 * @module
 */

import cliProgress from "cli-progress";
import type { Quantization } from "../src/device/device.ts";
import { compose, type Composition } from "../src/serve/compose_services.ts";
import { readConfig } from "../src/config/read_config.ts";
import { CODEC_NAMES } from "../src/state/codec.ts";
import type { CodecName } from "../src/state/save.ts";
import { readFlags } from "./flags.ts";
import { LANGUAGES } from "./recall/haystack.ts";
import {
  joined,
  measureChat,
  measureFar,
  measureFresh,
  measureNeedles,
  type MeasureOptions,
} from "./recall/measure.ts";
import { draw, type FormatResult, type Results } from "./recall/page.ts";
import type { Kind } from "./recall/talk.ts";
import { Subject } from "./recall/subject.ts";
import { machine } from "./machine.ts";

/** What `--kinds` calls them. */
const BY_FLAG: Readonly<Record<string, Kind>> = {
  "seen": "seen values",
  "held-out": "held-out values",
  "made-up": "made-up words",
  "phrasings": "held-out phrasings",
  "fresh": "fresh values",
  "fresh-phrasings": "fresh phrasings",
};

const ALL_KINDS = Object.keys(BY_FLAG).join();

const HELP = `deno task recall [flags]

  --model MODEL    as of deno task start (the embedded model)
  --device, --quant, --threads, --vocab, --chat-form   as of deno task start
  --codec NAME     how saves are written (int8)
  --parts LIST     chat,fresh,needles,far,formats (all); none draws the page anew
  --lanes N        conversations at once (4)
  --rows N         conversations of each kind (10)
  --kinds LIST     of chat: seen,held-out,made-up,phrasings,fresh,fresh-phrasings (all)
  --rounds N       how often fresh sentences are told, with other values (2)
  --after LIST     messages between a fact and its question (1,10,50,100,200,400)
  --sizes LIST     tokens of the haystacks, k is 1024 (1k,2k,4k,8k,16k,32k,64k)
  --depths LIST    where one needle lies, percent (0,25,50,75,100)
  --samples N      haystacks of each cell (3)
  --longest LIST   longest haystack of talk and of prose for tasks with several
                   needles (64k,64k; 16k,8k for the embedded model)
  --distances LIST tokens since a fact (100 to 100000)
  --texts N        texts of that length, for each number of facts (6)
  --out FOLDER     where to write (bench/results/recall/)
`;

const { values: flags } = readFlags(HELP, {
  options: {
    model: { type: "string" },
    device: { type: "string", default: "wasm" },
    quant: { type: "string" },
    threads: { type: "string" },
    vocab: { type: "string" },
    "chat-form": { type: "string" },
    codec: { type: "string", default: "int8" },
    parts: { type: "string", default: "chat,fresh,needles,far,formats" },
    lanes: { type: "string", default: "4" },
    rows: { type: "string", default: "10" },
    kinds: { type: "string", default: ALL_KINDS },
    rounds: { type: "string", default: "2" },
    after: { type: "string", default: "1,10,50,100,200,400" },
    sizes: { type: "string", default: "1k,2k,4k,8k,16k,32k,64k" },
    depths: { type: "string", default: "0,25,50,75,100" },
    samples: { type: "string", default: "3" },
    longest: { type: "string" },
    distances: {
      type: "string",
      default:
        "100,300,1000,2000,5000,10000,15000,20000,30000,50000,70000,100000",
    },
    texts: { type: "string", default: "6" },
    out: { type: "string" },
  },
});

const codec = CODEC_NAMES.find((name) => name === flags.codec);
if (codec === undefined) {
  throw new RangeError(`Cannot measure: --codec is ${flags.codec}`);
}
const parts = new Set(flags.parts.split(","));
const lanes = Number(flags.lanes);
const model = await load(flags.quant);
const { engine } = model.services;
const embedded = flags.model === undefined || engine.model.id === "gosling";
const folder = flags.out === undefined
  ? new URL("results/recall/", import.meta.url).pathname +
    (embedded && codec === "int8" && flags.quant === undefined
      ? ""
      : `${engine.model.id}-${codec}-${flags.quant ?? "stored"}/`)
  : `${flags.out.replace(/\/$/, "")}/`;
await Deno.mkdir(folder, { recursive: true });

const before = await earlier();
const redraws = flags.parts === "none";
let results: Results = {
  ...before,
  machine: redraws && before.machine || await machine(),
  commands: before.commands ?? {},
  model: {
    id: engine.model.id,
    fingerprint: engine.model.fingerprint,
    parameters: engine.model.parameters,
    quantization: engine.model.quantization,
    device: engine.model.device.name,
    codec,
  },
};
const subject = new Subject(model.services, { codec });

if (parts.has("chat")) {
  const kinds = flags.kinds.split(",").map((name) => {
    const kind = BY_FLAG[name];
    if (kind === undefined) {
      throw new RangeError(`Cannot measure: --kinds has ${name}`);
    }
    return kind;
  });
  const amount = {
    rows: Number(flags.rows),
    distances: list(flags.after),
    kinds,
  };
  const chat = await shown("chat", (o) => measureChat(subject, amount, o));
  // Kinds are measured one by one, too: others stay as they were.
  await add({ chat: results.chat ? joined(results.chat, chat) : chat });
}
if (parts.has("fresh")) {
  const rounds = Number(flags.rounds);
  await add({
    fresh: await shown("fresh", (o) => measureFresh(subject, rounds, o)),
  });
}
if (parts.has("needles")) {
  const sizes = list(flags.sizes);
  const [talk, prose] = list(
    flags.longest ?? (embedded ? "16k,8k" : "64k,64k"),
  );
  const amount = {
    sizes,
    depths: list(flags.depths).map((percent) => percent / 100),
    samples: Number(flags.samples),
    byDepth: embedded ? [LANGUAGES[0]] : LANGUAGES,
    longest: { talk, prose },
    wholeAt: 0.5,
  };
  await add({
    needles: await shown("needles", (o) => measureNeedles(subject, amount, o)),
  });
}
if (parts.has("far")) {
  const amount = {
    texts: Number(flags.texts),
    distances: list(flags.distances),
    facts: [1, 6],
  };
  const lines: string[] = [];
  const log = (line: string) => {
    lines.push(`${new Date().toISOString().slice(0, 19)}Z | ${line}\n`);
  };
  const far = await shown(
    "distance",
    (options) => measureFar(subject, amount, { ...options, log }),
  );
  await Deno.writeTextFile(`${folder}distance.log`, lines.join(""));
  await add({ far });
}
await model.dispose();
if (parts.has("formats")) {
  const formats: FormatResult[] = [];
  for (const codec of CODEC_NAMES) formats.push(await format(codec));
  for (const quantization of ["int8", "int4"] as const) {
    formats.push(await format("exact", quantization));
  }
  await add({ formats });
}
// Draws anew what was measured before, even where nothing is measured now.
await add({});
await print(draw(results)["README.md"]);

async function format(
  codec: CodecName,
  quantization: Quantization = "none",
): Promise<FormatResult> {
  const model = await load(quantization);
  const subject = new Subject(model.services, { codec });
  const amount = {
    rows: Math.ceil(Number(flags.rows) / 2),
    distances: [1, 10, 100],
    kinds: ["seen values", "held-out values"] as const,
  };
  const { scores, cost } = await shown(
    `${codec}, ${quantization}`,
    (options) => measureChat(subject, amount, options),
  );
  await model.dispose();
  return { codec, quantization, scores, largestSave: cost.largestSave };
}

function load(quant: string | undefined): Promise<Composition> {
  const { model, device, threads, vocab, "chat-form": form } = flags;
  const given = Object.entries({
    ...{ model, device, threads, vocab, quant },
    "chat-form": form,
    lanes: flags.lanes,
  }).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]);
  const config = readConfig(Object.fromEntries(given), () => undefined);
  return compose(config, (line) => void print(`${line}\n`));
}

/** Measures a part behind a bar. */
async function shown<T>(
  name: string,
  measure: (options: MeasureOptions) => Promise<T>,
): Promise<T> {
  const bar = new cliProgress.SingleBar({
    format: `${name} [{bar}] {value}/{total} | {duration_formatted}`,
  });
  bar.start(1, 0);
  const measured = await measure({
    lanes,
    progress: (done, of) => {
      bar.setTotal(of);
      bar.update(done);
    },
  });
  bar.stop();
  return measured;
}

async function add(more: Partial<Results>): Promise<void> {
  const command = ["deno task recall", ...Deno.args].join(" ");
  const measured = Object.keys(more).map((part) => [
    part === "chat" && flags.kinds !== ALL_KINDS
      ? `chat of ${flags.kinds}`
      : part,
    command,
  ]);
  const commands = { ...results.commands, ...Object.fromEntries(measured) };
  results = { ...results, ...more, commands };
  const files = {
    ...draw(results),
    "results.json": `${JSON.stringify(results, null, 1)}\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeTextFile(folder + name, content);
  }
}

async function earlier(): Promise<Partial<Results>> {
  try {
    const text = await Deno.readTextFile(`${folder}results.json`);
    const found: Results = JSON.parse(text);
    // Parts of other weights are no parts of this.
    return found.model.fingerprint === engine.model.fingerprint ? found : {};
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/** Numbers of a list: `1k` is 1024. */
function list(text: string): number[] {
  return text.split(",").map((item) => {
    const [, digits, k] = /^(\d+)(k?)$/.exec(item) ?? [];
    if (digits === undefined) {
      throw new RangeError(`Cannot measure: ${item} of ${text} is no number`);
    }
    return Number(digits) * (k === "" ? 1 : 1024);
  });
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text));
}
