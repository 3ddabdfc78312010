/**
 * `deno run -A bench/answers.ts FOLDER [VOCABULARY [COUNT [PART/PARTS]]]`: finished answers in a folder of
 * JSON schemas, judged by another program. Tokens are drawn at random from the very
 * masks that an engine is given (`Matchers`, with its bounds on work), going back
 * where it would, so the words mean nothing
 * and every corner is met: no model would write so badly.
 *
 * Every other answer is `strict`. Tokens have random weights; such as end a value
 * count for more the longer the answer is, for a uniform draw ends hardly any. What
 * comes to an end is judged by `judge.py`, which is Python's `jsonschema`.
 *
 * Prints one JSON line for each answer that is wrong or has no way on, and the sums.
 *
 * @module
 */

import { RequestError } from "../src/errors.ts";
import { Matchers } from "../src/grammar/thread/matchers.ts";
import type { GrammarReply } from "../src/grammar/thread/thread_messages.ts";
import { Retries } from "../src/grammar/thread/answer_retries.ts";
import { vocabularyOf } from "../src/grammar/thread/grammar_supervisor.ts";
import { allowWork, WORK } from "../src/grammar/work_bound.ts";
import { openVocabulary } from "../src/text/world_tokenizer.ts";
import { machine } from "./machine.ts";

/** Answers to finish, tokens of one, and tries for one schema. */
const ANSWERS = 10_000, TOKENS = 200, TRIES = 2;

const VOCABULARY = new URL("../models/gosling/vocab.txt", import.meta.url);

const [folder, vocabulary, most = ANSWERS, part = "0/1"] = Deno.args;
const [share, shares] = part.split("/").map(Number);
if (folder === undefined) {
  throw new Error("Cannot measure: name a folder of schemas");
}
const tokenizer = await openVocabulary(
  await Deno.readFile(vocabulary ?? VOCABULARY),
  "vocabulary",
);
const { size } = tokenizer;
const matchers = new Matchers(vocabularyOf(tokenizer, size, 1024));
let id = 0;
/** Tokens that end a list or an object, and those that end a string or begin one. */
const closing = [[0x5d, 0x7d], [0x22]].map((ends) =>
  tokensLike((bytes) => ends.includes(bytes[bytes.length - 1]))
);
const [LETTER] = tokenizer.encode("q");
const single = tokensLike(({ length }) => length === 1);
const random = randomNumbers(20_261_129);
const counts = {
  finished: 0,
  strict: 0,
  wrong: 0,
  unfinished: 0,
  stuck: 0,
  refused: 0,
  unjudged: 0,
  wentBack: 0,
};
const judge = new Deno.Command("python3", {
  args: [new URL("judge.py", import.meta.url).pathname],
  stdin: "piped",
  stdout: "piped",
}).spawn();
const asked = judge.stdin.getWriter();
const verdicts = judge.stdout.pipeThrough(new TextDecoderStream())
  .pipeThrough(lines()).getReader();

const files = (await Array.fromAsync(Deno.readDir(folder)))
  .map(({ name }) => name).filter((name) => name.endsWith(".json")).sort();
shuffle(files);
files.splice(0, Infinity, ...files.filter((_, i) => i % shares === share));
for (let round = 0; counts.finished < Number(most) && round < 8; round++) {
  for (const [i, file] of files.entries()) {
    if (counts.finished >= Number(most)) break;
    const { schema } = JSON.parse(await Deno.readTextFile(`${folder}/${file}`));
    if (typeof schema !== "object") continue;
    await measure(file, schema, (round + i) % 2 === 0);
    if (i % 200 === 199) say(counts);
  }
}
await asked.close();
const { commit, date } = await machine();
say({ ...counts, date, commit, schemas: files.length, vocabulary: size });

/** What became of an answer. */
interface Answer {
  readonly outcome: "finished" | "unfinished" | "stuck" | "refused";
  readonly text: string;
  /** How often it went back. */
  readonly retries: number;
}

async function measure(
  file: string,
  schema: Readonly<Record<string, unknown>>,
  strict: boolean,
): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const found = await answer(schema, strict);
    counts[found.outcome]++;
    if (found.outcome === "refused") return;
    if (found.outcome === "stuck") {
      say({ file, strict, stuck: found.text.slice(-300) });
      return;
    }
    if (found.outcome === "unfinished") continue;
    if (strict) counts.strict++;
    if (found.retries > 0) counts.wentBack++;
    await asked.write(new TextEncoder().encode(
      `${JSON.stringify({ schema, text: found.text })}\n`,
    ));
    const { value = "" } = await verdicts.read();
    if (value.startsWith("unjudged")) counts.unjudged++;
    else if (value !== "valid") {
      counts.wrong++;
      say({ file, strict, wrong: found.text, verdict: value });
    }
    return;
  }
}

/** One answer, drawn token by token. */
async function answer(
  schema: Readonly<Record<string, unknown>>,
  strict: boolean,
): Promise<Answer> {
  const tokens: number[] = [];
  const ended = (outcome: Answer["outcome"], times = 0): Answer => {
    const bytes = tokens.flatMap((token) => [...tokenizer.bytes(token)]);
    const text = new TextDecoder().decode(Uint8Array.from(bytes));
    return { outcome, text, retries: times };
  };
  const grammar = { type: "json_schema", schema, strict } as const;
  const own = id++;
  const open = () =>
    ask({ name: "open", id: own, grammar, space: false, tokens });
  let reply = await open();
  const retries = new Retries(0);
  let times = 0;
  if (reply === undefined) return ended("refused");
  if (isDeadEnd(reply)) return ended("stuck");
  const uncertain = "mask" in reply && reply.uncertain === true;
  for (let count = 0; count < TOKENS; count++) {
    if (reply === undefined || !("mask" in reply)) return ended("stuck");
    const token = draw(reply.mask, count);
    if (token === tokenizer.end) return ended("finished", times);
    tokens.push(token);
    retries.written(tokens.length);
    reply = await ask({ name: "accept", id: own, token });
    if (!isDeadEnd(reply)) continue;
    if (!uncertain) return ended("stuck");
    // As an engine goes back: see AnswerInWorker.
    times++;
    const tried = [...tokens];
    for (const place of retries.retreat(tried)) {
      tokens.splice(0, Infinity, ...tried.slice(0, place));
      const found = await open();
      if (found === undefined || !("mask" in found)) break;
      const mask = retries.left(found.mask, place, tried[place]);
      if (mask.every((word) => word === 0)) continue;
      retries.bar(place, tried[place]);
      reply = { mask };
      break;
    }
    if (isDeadEnd(reply)) return ended("stuck");
  }
  return ended("unfinished");
}

async function ask(
  question: Parameters<Matchers["answer"]>[0],
): Promise<GrammarReply | undefined> {
  allowWork(WORK[question.name]);
  try {
    return await matchers.answer(question);
  } catch (error) {
    if (error instanceof RequestError) return undefined;
    throw error;
  }
}

function isDeadEnd(reply: GrammarReply | undefined): boolean {
  return reply === undefined || !("mask" in reply) ||
    reply.mask.every((word) => word === 0);
}

/** One of the tokens of a mask. */
function draw(mask: Uint32Array, count: number): number {
  const may = (token: number) => (mask[token >>> 5] >>> (token & 31)) & 1;
  if (may(tokenizer.end) && random() < 0.5) return tokenizer.end;
  const close = random() < 0.3 + count / 60;
  // In a string the quote ends it; elsewhere it begins one.
  const order = may(LETTER) ? closing.toReversed() : closing;
  const some = close
    ? order.map((tokens) => tokens.filter(may)).find(({ length }) => length > 0)
    : random() < 0.1
    ? single.filter(may)
    : undefined;
  if (some !== undefined && some.length > 0) {
    return some[Math.floor(random() * some.length)];
  }
  for (let tries = 0; tries < 64; tries++) {
    const token = Math.floor(random() * tokenizer.size);
    if (may(token)) return token;
  }
  const all: number[] = [];
  mask.forEach((word, i) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) {
      all.push(i * 32 + 31 - Math.clz32(rest & -rest));
    }
  });
  return all[Math.floor(random() * all.length)];
}

/** Tokens whose bytes are of a kind. */
function tokensLike(has: (bytes: Uint8Array) => boolean): number[] {
  return Array.from({ length: tokenizer.size }, (_, token) => token)
    .filter((token) => token !== tokenizer.end && has(tokenizer.bytes(token)));
}

/** Numbers from 0 to 1, the same in every run. Source: xorshift32, G. Marsaglia. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Puts a list in a random order. */
function shuffle(list: unknown[]): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
}

function lines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const found = (rest + chunk).split("\n");
      rest = found.pop() ?? "";
      for (const line of found) controller.enqueue(line);
    },
  });
}

function say(line: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
}
