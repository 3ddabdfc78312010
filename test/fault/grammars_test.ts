import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { BusyError, RequestError } from "../../src/errors.ts";
import type { Grammar } from "../../src/grammar/grammar.ts";
import { superviseGrammars } from "../../src/grammar/supervisor.ts";
import { worldVocabulary } from "../grammar/vocabulary.ts";

const tokenizer = await worldVocabulary();
const V = tokenizer.size;
const START = { tokens: [], space: false };

/** Grammars that are short and take the library minutes or gigabytes. */
const RUNAWAYS: readonly Grammar[] = [
  ...["(a{0,400}b?){0,400}", "((a?){0,300}b?){0,300}", "(a{0,200}){0,200}"]
    .map((pattern) => ({ type: "regex", pattern }) as const),
  {
    type: "ebnf",
    rules: Array.from(
      { length: 5 },
      (_, i) => `${i ? "r" + i : "root"} ::= (r${i + 1}? "x"){0,60}`,
    ).join("\n") + '\nr5 ::= "y"',
  },
];

/** One of many that take about a second each. */
const heavy = (i: number): Grammar => ({
  type: "regex",
  pattern: `(a{0,200}b?){0,140}c{${i}}`,
});

const bomb: Grammar = { type: "regex", pattern: "((a{0,200}){0,200}){0,200}" };

const mallory = { tenant: "mallory" };

/** Seconds of CPU that this process takes in a second. */
async function busy(): Promise<number> {
  const ticks = () => {
    const fields = Deno.readTextFileSync("/proc/self/stat").split(" ");
    return Number(fields[13]) + Number(fields[14]);
  };
  const before = ticks();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return (ticks() - before) / 100;
}

/** Files and threads that this process has open. */
function held(): { descriptors: number; threads: number; mib: number } {
  const count = (folder: string) => [...Deno.readDirSync(folder)].length;
  return {
    descriptors: count("/proc/self/fd"),
    threads: count("/proc/self/task"),
    mib: Deno.memoryUsage().rss / 2 ** 20,
  };
}

async function refused(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (error) => error);
  assert(error instanceof RequestError, String(error));
  assertEquals(error.code, "ERR_REQUEST_INVALID");
  return error.message;
}

Deno.test("a grammar whose repetitions multiply is refused before it is read", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const before = held();
  assertMatch(await refused(grammars.prepare(bomb)), /too large/);
  assertMatch(
    await refused(grammars.prepare({
      type: "ebnf",
      rules: 'root ::= (("a" "b"){0,1000} [c]){0,1000} # (a){9}',
    })),
    /2001004 pieces/,
  );
  // One thread tries grammars; none is added by those that are refused.
  assert(held().threads <= before.threads + 1);
  grammars.close();
});

Deno.test("what was given up is gone: no thread, no descriptor, no memory, no work", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  await grammars.prepare({ type: "regex", pattern: "ab+" });
  const before = held();
  for (const grammar of RUNAWAYS) {
    const message = await grammars.prepare(grammar).then(
      () => "",
      (error) => error.message,
    );
    assert(
      message === "" ||
        /too many steps|too much memory|too large/.test(message),
    );
  }
  // The thread is started again for the next one.
  await grammars.prepare({ type: "regex", pattern: "ab+c" });
  assert(await busy() < 0.5, "a thread goes on");
  const after = held();
  assert(after.threads <= before.threads + 1, JSON.stringify([before, after]));
  assert(after.descriptors <= before.descriptors + 4);
  assert(after.mib < before.mib + 160, JSON.stringify([before, after]));
  grammars.close();
});

Deno.test("a grammar that was given up is refused at once ever after", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const runaway = bomb;
  const message = await refused(grammars.prepare(runaway));
  const began = performance.now();
  assertEquals(await refused(grammars.open(runaway, START)), message);
  assert(performance.now() - began < 100);
  grammars.close();
});

Deno.test("a known form is not held up by those that are tried, nor one tenant by another", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const known: Grammar = { type: "regex", pattern: "[ab]+" };
  const answer = await grammars.open(known, START);
  const done: string[] = [];
  const attacks = Array.from({ length: 3 }, (_, i) =>
    grammars.prepare(
      heavy(i),
      mallory,
    ).catch(() => undefined).then(() => done.push("mallory")));
  const [letter] = tokenizer.encode("a");
  const began = performance.now();
  for (let i = 0; i < 20; i++) await answer.accept(letter);
  (await grammars.open(known, START)).close();
  assert(performance.now() - began < 1500);
  const { length: before } = done;
  await grammars.prepare({ type: "regex", pattern: "x+" }, { tenant: "alice" });
  assert(
    done.length - before <= 1,
    `alice waited for ${done.length} of mallory's`,
  );
  grammars.close();
  await Promise.all(attacks);
});

Deno.test("who has gone leaves the line, and the line has an end", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const gone = new AbortController();
  const caller = { tenant: "mallory", signal: gone.signal };
  const prepare = (i: number) => grammars.prepare(heavy(i), { ...caller });
  const tried = prepare(1);
  // The first is being tried when the others come.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const waiting = Array.from(
    { length: 8 },
    (_, i) => prepare(i + 2).catch((error) => error),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  await assertRejects(() => prepare(99), BusyError, "too many");
  gone.abort(new DOMException("gone", "AbortError"));
  for (const one of waiting) assertEquals((await one).name, "AbortError");
  await grammars.prepare({ type: "regex", pattern: "x+" }, mallory);
  await tried;
  grammars.close();
});
