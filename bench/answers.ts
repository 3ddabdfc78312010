/**
 * `deno run -A bench/answers.ts FOLDER [VOCABULARY [COUNT]]`: finished answers in a folder of
 * JSON schemas, judged by another program. Tokens are drawn at random from the very
 * masks that an engine is given, going back where it would, so the words mean nothing
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
import type { Constraint } from "../src/grammar/grammar.ts";
import { superviseGrammars } from "../src/grammar/supervisor.ts";
import { openVocabulary } from "../src/text/world_tokenizer.ts";
import { machine } from "./machine.ts";

/** Answers to finish, tokens of one, and tries for one schema. */
const ANSWERS = 10_000, TOKENS = 200, TRIES = 2;

const VOCABULARY = new URL("../models/gosling/vocab.txt", import.meta.url);

const [folder, vocabulary, most = ANSWERS] = Deno.args;
if (folder === undefined) {
  throw new Error("Cannot measure: name a folder of schemas");
}
const tokenizer = await openVocabulary(
  await Deno.readFile(vocabulary ?? VOCABULARY),
  "vocabulary",
);
const { size } = tokenizer;
const grammars = superviseGrammars({ tokenizer, V: size });
const closing = tokensLike(
  (bytes) => [0x22, 0x5d, 0x7d].includes(bytes[bytes.length - 1]),
);
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
for (let round = 0; counts.finished < Number(most) && round < 8; round++) {
  for (const [i, file] of files.entries()) {
    if (counts.finished >= Number(most)) break;
    const { schema } = JSON.parse(await Deno.readTextFile(`${folder}/${file}`));
    if (typeof schema !== "object") continue;
    await measure(file, schema, (round + i) % 2 === 0);
    if (i % 500 === 499) say(counts);
  }
}
grammars.close();
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
  const ended = (outcome: Answer["outcome"], retries = 0): Answer => {
    const bytes = tokens.flatMap((token) => [...tokenizer.bytes(token)]);
    const text = new TextDecoder().decode(Uint8Array.from(bytes));
    return { outcome, text, retries };
  };
  const grammar = { type: "json_schema", schema, strict } as const;
  let constraint: Constraint | undefined;
  let retries = 0;
  try {
    constraint = await grammars.open(grammar, { tokens: [], space: false });
    for (let count = 0; count < TOKENS; count++) {
      const token = draw(constraint.mask, count);
      if (token === tokenizer.end) return ended("finished", retries);
      tokens.push(token);
      const back = await constraint.accept(token);
      if (back > 0) retries++;
      tokens.length -= back;
    }
    return ended("unfinished");
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return ended(constraint === undefined ? "refused" : "stuck");
  } finally {
    constraint?.close();
  }
}

/** One of the tokens of a mask. */
function draw(mask: Uint32Array, count: number): number {
  const may = (token: number) => (mask[token >>> 5] >>> (token & 31)) & 1;
  if (may(tokenizer.end) && random() < 0.5) return tokenizer.end;
  const some = random() < 0.3 + count / 60
    ? closing.filter(may)
    : random() < 0.1
    ? single.filter(may)
    : [];
  if (some.length > 0) return some[Math.floor(random() * some.length)];
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
