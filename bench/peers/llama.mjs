/**
 * llama.cpp's side of `bench/peers.ts`, as node-llama-cpp ships it: Node runs this
 * with the folder that has the package, and asks by lines of JSON.
 */

import { createInterface } from "node:readline";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [folder] = process.argv.slice(2);
const entry = `${folder}/node_modules/node-llama-cpp/dist/index.js`;
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href);
const NEW = 21, RUNS = 9;
let context, sequences, V;

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}

async function answer(question) {
  if (question.do === "load") return await load(question);
  if (question.do === "turn") return await turn(question);
  return await speed(question);
}

async function load({ file, lanes, threads }) {
  const llama = await getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads,
    logLevel: LlamaLogLevel.error,
  });
  const model = await llama.loadModel({ modelPath: file });
  context = await model.createContext({
    contextSize: 8192,
    batchSize: 512,
    sequences: lanes,
    flashAttention: false,
    threads: { ideal: threads, min: threads },
  });
  const checkpoints = { max: 0, interval: false };
  sequences = Array.from(
    { length: lanes },
    () => context.getSequence({ checkpoints }),
  );
  V = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  return {};
}

async function speed({ prompt, drawn, runs }) {
  const tokens = Array.from({ length: prompt }, (_, i) => token(i));
  const figures = [];
  for (let run = 0; run <= runs; run++) {
    await each((sequence) => sequence.clearHistory());
    const read = await timed(() => each((one) => draw(one, tokens, 1)));
    const answered = await timed(() =>
      each((one) => draw(one, [token(0)], drawn))
    );
    const all = sequences.length * 1000;
    figures.push({
      prefill: all * prompt / read.wall,
      prefillCpu: all * prompt / read.cpu,
      decode: all * drawn / answered.wall,
      decodeCpu: all * drawn / answered.cpu,
    });
  }
  if (runs > 0) figures.shift();
  return Object.fromEntries(
    Object.keys(figures[0]).map((key) => [
      key,
      median(figures.map((figure) => figure[key])),
    ]),
  );
}

/** Milliseconds by the clock, and of all this process's threads. */
async function timed(work) {
  const started = performance.now(), before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - started, cpu: (user + system) / 1000 };
}

async function turn({ history, lost }) {
  const [sequence] = sequences;
  const past = Array.from({ length: history }, (_, i) => token(i));
  const fresh = Array.from({ length: NEW }, (_, i) => token(i));
  const times = [];
  await sequence.clearHistory();
  if (!lost) await sequence.evaluateWithoutGeneratingNewTokens(past);
  for (let run = 0; run <= (lost ? 2 : RUNS); run++) {
    if (lost) await sequence.clearHistory();
    const started = performance.now();
    await draw(sequence, lost ? [...past, ...fresh] : fresh, 1);
    if (run > 0) times.push(performance.now() - started);
  }
  return { firstTokenMs: median(times) };
}

/** Reads `tokens`, then draws `count`, the first at the end of them. */
async function draw(sequence, tokens, count) {
  let drawn = 0;
  const stream = sequence.evaluate(tokens, {
    temperature: 0,
    yieldEogToken: true,
  });
  for await (const _ of stream) if (++drawn === count) break;
}

async function each(work) {
  await Promise.all(sequences.map(work));
}

function token(i) {
  return 1 + (i * 7919) % (V - 1);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2
    ? sorted[half]
    : (sorted[half - 1] + sorted[half]) / 2;
}
