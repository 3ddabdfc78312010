/**
 * `deno run -A bench/grammar.ts VOCABULARY [THREADS]`: what a grammar costs decoding, in a
 * model of the 0.1 B shape with random weights and the World vocabulary, whose file
 * `rwkv_vocab_v20230424.txt` comes with every model of `deno task model pull`.
 *
 * Answers with and without a JSON schema take turns, so that whatever else the
 * machine does meets both. Tokens are counted from the first one drawn. The time of
 * all threads on cores is counted, too, where the system tells it: other programs
 * disturb it less, and one thread of the device, which never waits for another, least.
 *
 * @module
 */

import { SPARE_LANES } from "../src/hub/resolve_model.ts";
import { wasmDevice } from "../src/device/wasm/wasm_device.ts";
import { openEngine } from "../src/engine/device_engine.ts";
import type { Engine, Turn } from "../src/engine/engine.ts";
import type { Grammar, Grammars } from "../src/grammar/grammar.ts";
import { superviseGrammars } from "../src/grammar/thread/grammar_supervisor.ts";
import { parameters } from "../src/model/checkpoint.ts";
import type { SamplingOptions } from "../src/text/sampling_options.ts";
import { openVocabulary } from "../src/text/world_tokenizer.ts";
import { checkpoints } from "./engine.ts";
import { machine } from "./machine.ts";
import { table } from "./table.ts";

/** Tokens of an answer, and answers of each kind, of which the fastest counts. */
const TOKENS = 32, RUNS = 8;

/** An object that does not end before the answer does, with a bit of everything. */
const SCHEMA = {
  type: "array",
  minItems: 1000,
  items: {
    type: "object",
    properties: {
      name: { type: "string" },
      kind: { enum: ["goose", "größer", "悲しい"] },
      ages: { type: "array", items: { type: "integer" }, maxItems: 3 },
      next: { anyOf: [{ type: "null" }, { $ref: "#/$defs/place" }] },
    },
    required: ["name", "kind", "ages", "next"],
    additionalProperties: false,
  },
  $defs: {
    place: {
      type: "object",
      properties: { x: { type: "number" }, y: { type: "number" } },
      required: ["x", "y"],
      additionalProperties: false,
    },
  },
};

const GRAMMAR: Grammar = { type: "json_schema", schema: SCHEMA, strict: true };

/** How to draw, by a name. */
const DRAWS: Readonly<Record<string, Partial<SamplingOptions>>> = {
  greedy: { temperature: 0 },
  "top-p 0.9": { temperature: 1, topP: 0.9 },
};

const [file, threads] = Deno.args;
if (file === undefined) {
  throw new Error("Cannot measure: name the file of the World vocabulary");
}
const tokenizer = await openVocabulary(await Deno.readFile(file), file);
const lanes = 4;
await using engine = await open();
const { V } = engine.model.shape;
const grammars = superviseGrammars({ tokenizer, V });
const rows: string[][] = [];
for (const [name, draw] of Object.entries(DRAWS)) {
  for (const together of [1, lanes]) {
    const free: Measured[] = [], bound: Measured[] = [];
    for (let run = 0; run <= RUNS; run++) {
      const plain = await measured(together, draw, run);
      const kept = await measured(together, draw, run, grammars);
      if (run === 0) continue; // compiles, and warms up
      free.push(plain);
      bound.push(kept);
    }
    const best = (all: readonly Measured[]) =>
      Math.max(...all.map(({ rate }) => rate));
    const least = (all: readonly Measured[]) =>
      Math.min(...all.map(({ busy }) => busy));
    const cost = (part: number) => `${(100 * part).toFixed(1)} %`;
    rows.push([
      name,
      `${together}`,
      best(free).toFixed(1),
      best(bound).toFixed(1),
      cost(1 - best(bound) / best(free)),
      least(free).toFixed(2),
      least(bound).toFixed(2),
      cost(least(bound) / least(free) - 1),
    ]);
  }
}
grammars.close();

/** An answer, or several at once. */
interface Measured {
  /** Tokens a second. */
  readonly rate: number;
  /** Milliseconds of all threads on cores, a token. */
  readonly busy: number;
}

async function measured(
  together: number,
  draw: Partial<SamplingOptions>,
  seed: number,
  grammars?: Grammars,
): Promise<Measured> {
  const from = onCores();
  const rate = await speed(engine, together, draw, seed, grammars);
  return { rate, busy: (onCores() - from) / (together * TOKENS) };
}

/** Milliseconds that this program's threads have had; NaN where nobody tells. */
function onCores(): number {
  if (Deno.build.os !== "linux") return NaN;
  let sum = 0;
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    const text = Deno.readTextFileSync(`/proc/self/task/${name}/schedstat`);
    sum += Number(text.split(" ")[0]) / 1e6;
  }
  return sum;
}

const { cpu, cores, runtime, commit, date } = await machine();
const text = `# What a grammar costs

${date} · ${commit} · ${runtime} · ${cpu}, ${cores} cores, load ${
  Deno.loadavg()[0].toFixed(1)
}. Written by \`bench/grammar.ts\`.

Decoding with and without a JSON schema: random weights in the 0.1 B shape (12 layers of 768, 65,536 tokens), int8 on wasm with ${
  threads ?? "as many threads as are best"
}${
  threads === undefined ? "" : " thread(s)"
}, the World vocabulary, ${TOKENS} tokens an answer; tokens a second over all answers together, and milliseconds that all threads were on cores, a token. The fastest and the least of ${RUNS} answers of each kind, which took turns: whatever else a machine does only slows them down.

${
  table([
    "drawn",
    "answers at once",
    "free",
    "in a schema",
    "cost",
    "free, ms",
    "in a schema, ms",
    "cost",
  ], rows)
}

An answer is drawn up to 16 tokens at a time without a word from the host, in a schema as well: the thread that draws tells each token to the thread that knows the grammar, reads the token while that finds the mask of the next, and takes the mask from memory that both share. What is left is the work of finding masks, and of drawing in them, on cores that compute. Where tokens are sampled, a mask leaves fewer to choose from, which pays for a part of it.
`;
const results = new URL("results/grammar/README.md", import.meta.url);
await Deno.mkdir(new URL("./", results), { recursive: true });
await Deno.writeTextFile(results, text);
await Deno.stdout.write(new TextEncoder().encode(text));

async function open(): Promise<Engine & AsyncDisposable> {
  const checkpoint = await checkpoints["0.1B"]();
  const { shape } = checkpoint;
  const device = wasmDevice(
    threads === undefined ? {} : { threads: Number(threads) },
  );
  const opened = await openEngine({
    model: {
      id: "random",
      shape,
      fingerprint: "00".repeat(32),
      parameters: parameters(shape),
      quantization: "int8",
      device: { kind: device.kind, name: device.name },
      lanes,
    },
    format: { fingerprint: new Uint8Array(32), shape },
    tokenizer,
    maxWaiting: 0,
    load: () =>
      device.load(checkpoint, {
        lanes: lanes + SPARE_LANES,
        quantization: "int8",
      }),
  });
  return Object.assign(opened, {
    [Symbol.asyncDispose]: async () => {
      await opened.dispose();
      await device.dispose();
    },
  });
}

/** Tokens a second of so many answers at once, from the first of each on. */
async function speed(
  engine: Engine,
  together: number,
  draw: Partial<SamplingOptions>,
  seed: number,
  grammars?: Grammars,
): Promise<number> {
  const began: number[] = [];
  const begin = { tokens: [], space: false };
  // Answers begin together, as free ones do.
  const constraints = await Promise.all(
    Array.from(
      { length: together },
      () => grammars?.open(GRAMMAR, begin),
    ),
  );
  const turns = constraints.map(async (constraint, i) => {
    const turn: Turn = {
      prompt: "A list of geese: ",
      maxTokens: TOKENS,
      stops: [],
      seed: [seed, i],
      sampling: {
        temperature: 1,
        topK: 0,
        topP: 1,
        minP: 0,
        presencePenalty: 0,
        frequencyPenalty: 0,
        penaltyDecay: 1,
        // The end of text would end free answers only.
        logitBias: new Map([[tokenizer.end, -100]]),
        ...draw,
      },
      ...(constraint && { constraint }),
    };
    const { signal } = new AbortController();
    for await (const event of engine.generate(turn, signal)) {
      if (event.type !== "done") continue;
      const { decodeMs } = event.timings;
      began.push(performance.now() - decodeMs);
    }
    constraint?.close();
  });
  await Promise.all(turns);
  const seconds = (performance.now() - Math.min(...began)) / 1000;
  return together * (TOKENS - 1) / seconds;
}
