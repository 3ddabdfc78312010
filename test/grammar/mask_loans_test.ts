import { assert, assertEquals, assertRejects } from "@std/assert";
import { RequestError } from "../../src/errors.ts";
import type { LaneResult } from "../../src/device/device.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { openEngine } from "../../src/engine/device_engine.ts";
import type { Turn } from "../../src/engine/engine.ts";
import type { Constraint, Grammar } from "../../src/grammar/grammar.ts";
import { superviseGrammars } from "../../src/grammar/thread/grammar_supervisor.ts";
import { SAMPLING, take } from "../engine/laws.ts";
import { randomCheckpoint } from "../support/models/random_model.ts";
import { worldVocabulary } from "./vocabulary.ts";

const tokenizer = await worldVocabulary();
const V = tokenizer.size;

/** Long enough for bursts; it ends within one. */
const SCHEMA = {
  type: "object",
  properties: {
    name: { type: "string", minLength: 20, maxLength: 30 },
    ages: { type: "array", items: { type: "integer" }, maxItems: 3 },
    kind: { enum: ["goose", "gosling"] },
  },
  required: ["name", "ages", "kind"],
  additionalProperties: false,
};
const GRAMMAR: Grammar = { type: "json_schema", schema: SCHEMA, strict: true };
const RULES: Grammar = {
  type: "ebnf",
  rules: 'root ::= ("goose" | "gander" | " ")* "."',
};

/** An engine whose device waits for masks, and grammars. */
async function open(stepped?: (results: readonly LaneResult[]) => void) {
  const checkpoint = randomCheckpoint({ L: 2, D: 128, V });
  const { shape } = checkpoint;
  const device = wasmDevice({ threads: 2 });
  const engine = await openEngine({
    model: {
      id: "random",
      shape,
      fingerprint: "00".repeat(32),
      parameters: 0,
      quantization: "int8",
      device: { kind: device.kind, name: device.name },
      lanes: 3,
    },
    format: { fingerprint: new Uint8Array(32), shape },
    tokenizer,
    maxWaiting: 0,
    async load() {
      const options = { lanes: 4, quantization: "int8" } as const;
      const model = await device.load(checkpoint, options);
      const step = model.step.bind(model);
      model.step = async (batch) => {
        const results = await step(batch);
        stepped?.(results);
        return results;
      };
      return model;
    },
  });
  const grammars = superviseGrammars({ tokenizer, V });
  return {
    engine,
    grammars,
    async [Symbol.asyncDispose]() {
      grammars.close();
      await engine.dispose();
      await device.dispose();
    },
  };
}

/** The same answer, a mask at a time. */
function unlent(constraint: Constraint): Constraint {
  return {
    get mask() {
      return constraint.mask;
    },
    get held() {
      return constraint.held;
    },
    accept: (token) => constraint.accept(token),
    close: () => constraint.close(),
  };
}

Deno.test("an answer whose masks are lent is the one whose masks are found one at a time", async () => {
  await using opened = await open();
  const { engine, grammars } = opened;
  const draws = [
    SAMPLING,
    { ...SAMPLING, temperature: 0 },
    { ...SAMPLING, topP: 0.9, presencePenalty: 0.4, frequencyPenalty: 0.2 },
  ];
  let lent = 0;
  const turn = async (
    grammar: Grammar,
    given: Partial<Turn>,
    loans: boolean,
  ) => {
    const begin = { tokens: [], space: false };
    const found = await grammars.open(grammar, begin);
    const constraint = loans ? found : unlent(found);
    if (loans) {
      const lend = found.lend?.bind(found);
      found.lend = (count) => {
        const loan = lend?.(count);
        if (loan !== undefined) lent++;
        return loan;
      };
    }
    const taken = await take(engine, { maxTokens: 200, ...given, constraint });
    found.close();
    const { timings: _, pieces: __, ...rest } = taken;
    return rest;
  };
  for (const sampling of draws) {
    const prompts = ["A goose: ", "Two geese: "];
    const both = (loans: boolean) =>
      Promise.all([
        ...prompts.map((prompt) => turn(GRAMMAR, { prompt, sampling }, loans)),
        take(engine, { prompt: "Once", sampling, maxTokens: 40 })
          .then(({ text, save }) => ({ text, save })),
      ]);
    const [expected, found] = [await both(false), await both(true)];
    assertEquals(found, expected);
    const { text } = found[0];
    assertEquals(Object.keys(JSON.parse(text)), ["name", "ages", "kind"]);
  }
  assert(lent > 0);
  // Cut anywhere, it goes on as if it had not been cut.
  const whole = await turn(GRAMMAR, { maxTokens: 24 }, false);
  for (const maxTokens of [3, 8, 24]) {
    const cut = await turn(GRAMMAR, { maxTokens }, true);
    assert(whole.text.startsWith(cut.text));
    if (maxTokens === 24) assertEquals(cut, whole);
  }
  // Rules of a library, and a text that ends as soon as it may.
  const ruled = { logitBias: new Map([[tokenizer.end, 1]]) };
  const given = { sampling: { ...SAMPLING, ...ruled }, maxTokens: 40 };
  assertEquals(
    await turn(RULES, given, true),
    await turn(RULES, given, false),
  );
});

Deno.test("an answer whose masks are lent is cancelled, and fails, as any other", async () => {
  await using opened = await open();
  const { engine, grammars } = opened;
  const begin = { tokens: [], space: false };
  const long: Grammar = {
    type: "json_schema",
    schema: { type: "string", minLength: 3000 },
    strict: true,
  };
  for (const at of [1, 5]) {
    const leaving = new AbortController();
    const constraint = await grammars.open(long, begin);
    let lent = 0;
    const lend = constraint.lend?.bind(constraint);
    constraint.lend = (count) => {
      if (++lent === at) leaving.abort();
      return lend?.(count);
    };
    const cut = await take(
      engine,
      { maxTokens: 400, constraint },
      leaving.signal,
    );
    assertEquals(cut.finish, "cancelled");
    constraint.close();
    const again = await grammars.open(long, begin);
    const { completionTokens: maxTokens } = cut.usage;
    const same = await take(engine, { maxTokens, constraint: again });
    again.close();
    assertEquals([same.text, same.save], [cut.text, cut.save]);
  }
  // The thread ends in the midst of an answer.
  const constraint = await grammars.open(long, begin);
  const lend = constraint.lend?.bind(constraint);
  let lent = 0;
  constraint.lend = (count) => {
    if (++lent === 3) grammars.close();
    return lend?.(count);
  };
  await assertRejects(
    () => take(engine, { maxTokens: 400, constraint }),
    RequestError,
    "cannot be followed: it was closed",
  );
  assertEquals(engine.load.busy, 0);
  const { text } = await take(engine, { maxTokens: 5 });
  assert(text.length > 0);
});

Deno.test("an answer is cancelled where its lane has read a token and had no mask after it", async () => {
  let undrawn = Promise.withResolvers<void>(), held = false, found = false;
  await using opened = await open((results) => {
    if (!held || !results.some((result) => result.undrawn)) return;
    found = true;
    undrawn.resolve();
  });
  const { engine, grammars } = opened;
  const begin = { tokens: [], space: false };
  for (const when of ["the mask is found", "masks are lent"]) {
    const leaving = new AbortController();
    undrawn = Promise.withResolvers();
    held = found = false;
    const constraint = await grammars.open(GRAMMAR, begin);
    const accept = constraint.accept.bind(constraint);
    let accepted = 0;
    constraint.accept = async (token) => {
      if (++accepted === 2) {
        held = true;
        await undrawn.promise;
        if (when === "the mask is found") leaving.abort();
      }
      return await accept(token);
    };
    const lend = constraint.lend?.bind(constraint);
    constraint.lend = (count) => {
      if (found) leaving.abort();
      return lend?.(count);
    };
    const turn = { maxTokens: 200, constraint };
    const cut = await take(engine, turn, leaving.signal);
    constraint.close();
    assertEquals(cut.finish, "cancelled");
    const again = await grammars.open(GRAMMAR, begin);
    const { completionTokens: maxTokens } = cut.usage;
    const same = await take(engine, { maxTokens, constraint: unlent(again) });
    again.close();
    assertEquals([same.text, same.save], [cut.text, cut.save]);
  }
});
