import { assert, assertEquals, assertMatch } from "@std/assert";
import { BusyError, RequestError } from "../../src/errors.ts";
import type { Grammar } from "../../src/grammar/grammar.ts";
import { superviseGrammars } from "../../src/grammar/thread/grammar_supervisor.ts";
import { worldVocabulary } from "../grammar/vocabulary.ts";
import { until } from "../support/until.ts";

const tokenizer = await worldVocabulary();
const V = tokenizer.size;
const START = { tokens: [], space: false };

/** Short rules that take the library minutes: the letter makes others of them. */
const runaway = (letter: string): Grammar => ({
  type: "ebnf",
  rules: `root ::= ${'([^"]* '.repeat(16)}"${letter}"${" )*".repeat(16)}`,
});

/** One of many that take about a second each. */
const heavy = (i: number): Grammar => ({
  type: "regex",
  pattern: `(a{0,200}b?){0,140}c{${i}}`,
});

const bomb: Grammar = { type: "regex", pattern: "((a{0,200}){0,200}){0,200}" };

const mallory = { tenant: "mallory" };

/** Part of a core that this process takes for the next while. */
async function busy(): Promise<number> {
  const seconds = () => {
    const fields = Deno.readTextFileSync("/proc/self/stat").split(" ");
    return (Number(fields[13]) + Number(fields[14])) / 100;
  };
  const [before, from] = [seconds(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, 300));
  return (seconds() - before) / ((performance.now() - from) / 1000);
}

/** What this process has open: files, threads of workers, memory. */
function held(): { descriptors: number; workers: number; mib: number } {
  const workers = [...Deno.readDirSync("/proc/self/task")].filter(
    ({ name }) => {
      try {
        // Others come and go as the runtime likes.
        const file = `/proc/self/task/${name}/comm`;
        return Deno.readTextFileSync(file).startsWith("worker-");
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    },
  );
  return {
    descriptors: [...Deno.readDirSync("/proc/self/fd")].length,
    workers: workers.length,
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
  assert(held().workers <= before.workers + 1);
  grammars.close();
});

Deno.test("what was given up is gone: no thread, no descriptor, no memory, no work", async () => {
  // Steps end it, on any machine.
  const patience = 3_600_000;
  const grammars = superviseGrammars({ tokenizer, V, patience });
  const giveUp = async (letter: string) =>
    assertMatch(
      await refused(grammars.prepare(runaway(letter))),
      /too many steps|too much memory/,
    );
  const settled = async (round: string) => {
    // The thread is started again for the next one.
    await grammars.prepare({ type: "regex", pattern: `ab+${round}` });
    await until("the other threads end", () => held().workers <= 1);
  };
  // What the first thread leaves behind is used again by the others.
  await giveUp("x");
  await settled("");
  const before = held();
  for (const letter of "yz") await giveUp(letter);
  await settled("c");
  await until("nothing goes on", async () => await busy() < 0.5);
  await until(
    "files close",
    () => held().descriptors <= before.descriptors + 4,
  );
  await until("memory is free", () => held().mib < before.mib + 120);
  grammars.close();
});

Deno.test("a grammar that was given up is refused at once ever after", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const message = await refused(grammars.prepare(bomb));
  let tried = false;
  const other = grammars.prepare(heavy(0)).then(() => tried = true);
  assertEquals(await refused(grammars.open(bomb, START)), message);
  assert(!tried, "it waited for another to be tried");
  await other;
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
  for (let i = 0; i < 20; i++) await answer.accept(letter);
  (await grammars.open(known, START)).close();
  const { length: before } = done;
  assert(before < attacks.length, "the known form waited for all of mallory's");
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
  const full = Promise.withResolvers<void>();
  // One is tried, eight wait, and there is no place for one more.
  const all = Array.from(
    { length: 10 },
    (_, i) =>
      grammars.prepare(heavy(i), caller).then(
        () => "tried",
        (error: Error) => {
          if (error instanceof BusyError) full.resolve();
          return error instanceof BusyError ? error.message : error.name;
        },
      ),
  );
  await full.promise;
  gone.abort(new DOMException("gone", "AbortError"));
  const outcomes = (await Promise.all(all)).toSorted();
  assertEquals(outcomes.slice(0, 8), Array(8).fill("AbortError"));
  assertMatch(outcomes[8], /too many/);
  assertEquals(outcomes[9], "tried");
  await grammars.prepare({ type: "regex", pattern: "x+" }, mallory);
  grammars.close();
});
