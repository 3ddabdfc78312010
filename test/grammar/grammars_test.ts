import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { z } from "zod";
import type { Constraint, Grammar } from "../../src/grammar/grammar.ts";
import { RequestError } from "../../src/errors.ts";
import { superviseGrammars } from "../../src/grammar/thread/grammar_supervisor.ts";
import { worldVocabulary } from "./vocabulary.ts";
import { random } from "../support/random.ts";
import { SCHEMAS } from "./schemas.ts";

const tokenizer = await worldVocabulary();
const V = tokenizer.size;
const START = { tokens: [], space: false };

/** Every token that may come next. */
function allowed({ mask }: Constraint): number[] {
  return Array.from({ length: V }, (_, token) => token)
    .filter((token) => ((mask[token >>> 5] >>> (token & 31)) & 1) === 1);
}

/** Writes whatever comes, as a model without sense would, and not for long. */
async function write(
  constraint: Constraint,
  next: () => number,
  most = 4000,
): Promise<string> {
  const bytes: number[] = [];
  for (let drawn = 0; drawn < most; drawn++) {
    const tokens = allowed(constraint);
    assert(tokens.length > 0);
    const short = tokens.filter((token) => ending(tokenizer.bytes(token)));
    const from = next() < 0.5 && short.length > 0 ? short : tokens;
    const token = tokens.includes(tokenizer.end) && next() < 0.9
      ? tokenizer.end
      : from[Math.floor(next() * from.length)];
    if (token === tokenizer.end) {
      return new TextDecoder()
        .decode(Uint8Array.from(bytes));
    }
    bytes.push(...tokenizer.bytes(token));
    await constraint.accept(token);
  }
  throw new Error("The answer had no end");
}

/** Whether a token closes something, so that no answer grows for ever. */
function ending(bytes: Uint8Array): boolean {
  return '"]}'.includes(String.fromCharCode(bytes[bytes.length - 1]));
}

Deno.test("Grammars.open() keeps to a hundred schemas, whatever is drawn", async () => {
  assert(SCHEMAS.length >= 100);
  const grammars = superviseGrammars({ tokenizer, V });
  for (const [i, schema] of SCHEMAS.entries()) {
    const grammar = { type: "json_schema", schema, strict: true } as const;
    const constraint = await grammars.open(grammar, START);
    const text = await write(constraint, random(i));
    const value = JSON.parse(text);
    const checked = z.fromJSONSchema(schema).safeParse(value);
    assert(checked.success, `${JSON.stringify(schema)}: ${text}`);
    assert(!text.includes("\n"), text);
    constraint.close();
  }
  grammars.close();
});

/** What is refused at once, and at what. */
const BAD: readonly [Grammar, RegExp][] = [
  [schema({ type: "nosuch" }), /the type "nosuch" at its root/],
  [schema({ $ref: "https://example.com/a.json" }), /"https:.*not in it/],
  [schema({ $ref: "#/$defs/none" }), /"#\/\$defs\/none" at its root/],
  [schema({ $ref: "#" }), /leads back to itself/],
  [schema({ type: "string", pattern: "(" }), /no regular expression/],
  [schema({ type: "string", pattern: "a{99999}" }), /99999 repeats/],
  [schema({ properties: { a: { not: {} } } }), /not at \/properties\/a/],
  [
    schema({ items: { pattern: "^(?!a)" } }),
    /pattern at \/items that looks around/,
  ],
  [schema({ required: [1] }), /required of no list of names/],
  [schema({ $schema: "http://json-schema.org/draft-03/schema#" }), /draft 3/],
  [schema({ $dynamicRef: "#a" }), /\$dynamicRef/],
  [{ type: "regex", pattern: "(?=a)" }, /looks around/],
  [{ type: "regex", pattern: "[" }, /no regular expression/],
  [{ type: "ebnf", rules: "x".repeat(300_000) }, /longer than/],
  [{ type: "ebnf", rules: 'other ::= "a"' }, /root/i],
  [{ type: "ebnf", rules: "root ::= nowhere" }, /nowhere/],
];

function schema(schema: Record<string, unknown>): Grammar {
  return { type: "json_schema", schema, strict: true };
}

Deno.test("Grammars.open() refuses bad grammars again and again, and goes on", async () => {
  const grammars = superviseGrammars({ tokenizer, V, patience: 2000 });
  const other = await grammars.open({ type: "regex", pattern: "ab+" }, START);
  for (const [grammar, found] of [...BAD, ...BAD.slice(-3)]) {
    const error = await grammars.open(grammar, START).catch((error) => error);
    assert(error instanceof RequestError, JSON.stringify(grammar));
    assertEquals(error.code, "ERR_REQUEST_INVALID");
    assertMatch(error.message, found);
  }
  for (const letter of "ab") await other.accept(tokenizer.encode(letter)[0]);
  assert(allowed(other).includes(tokenizer.end));
  assert(!allowed(other).includes(tokenizer.encode("a")[0]));
  grammars.close();
});

Deno.test("Grammars.open() goes on in the midst of a value", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const grammar = schema({
    type: "object",
    properties: { "größe": { enum: ["klein", "groß 🦢"] } },
    required: ["größe"],
    additionalProperties: false,
  });
  const text = '{"größe": "groß 🦢"}';
  for (let cut = 0; cut <= text.length; cut++) {
    const tokens = tokenizer.encode(text.slice(0, cut).toWellFormed());
    if (text.slice(0, cut).isWellFormed()) {
      const constraint = await grammars.open(grammar, { tokens, space: false });
      const [next = tokenizer.end] = tokenizer.encode(text.slice(cut));
      assert(allowed(constraint).includes(next), text.slice(0, cut));
      assertEquals(
        allowed(constraint).includes(tokenizer.end),
        cut === text.length,
      );
      constraint.close();
    }
  }
  const astray = { tokens: tokenizer.encode('{"b'), space: false };
  await assertRejects(
    () => grammars.open(grammar, astray),
    RequestError,
    "does not fit",
  );
  grammars.close();
});

Deno.test("Grammars.open() begins with a space in a chat", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const chat = { tokens: [], space: true };
  const constraint = await grammars.open({ type: "json" }, chat);
  for (const token of allowed(constraint)) {
    assertEquals(tokenizer.bytes(token)[0], 0x20);
  }
  grammars.close();
});

Deno.test("Grammars.open() keeps every letter behind that space", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const chat = { tokens: [], space: true };
  for (const word of ["größer", "éa", "\u00adf", "悲しい0", "🦢a", "a\\xdf"]) {
    const grammar = schema({ enum: [word] });
    const constraint = await grammars.open(grammar, chat);
    const text = await write(constraint, random(1));
    assertEquals(text, ` ${JSON.stringify(word)}`);
    constraint.close();
  }
  grammars.close();
});

Deno.test("Grammars.open() keeps to classes of letters beyond ASCII", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const classes = [
    ...["[é-êa]", "[悲し0-9]", "[\\u4e00-\\u9fff]", "[^ß-àb-\\xff]", "[à-퟿]"],
    ...[
      "[🦢-🦤x]",
      "[\\u0800-\\u{1f600}]",
      "[^\\x00-\\u{10fffd}]",
      ".",
      "é+",
      "[é]",
    ],
  ];
  for (const [i, letters] of classes.entries()) {
    const pattern = `<(${letters}){1,4}>`;
    for (const space of [false, true]) {
      const beginning = { tokens: [], space };
      const regex = { type: "regex", pattern } as const;
      const constraint = await grammars.open(regex, beginning);
      const text = (await write(constraint, random(i))).slice(space ? 1 : 0);
      assertMatch(text, new RegExp(`^${pattern}$`, "u"));
      constraint.close();
    }
  }
  for (const letters of ["[é-ê]", "([一-鿿]{2})"]) {
    const json = schema({ type: "string", pattern: `^${letters}+$` });
    const constraint = await grammars.open(json, START);
    const text = JSON.parse(await write(constraint, random(3)));
    assertMatch(text, new RegExp(`^(${letters})+$`, "u"));
    constraint.close();
  }
  const rules =
    `root ::= "[é]" [é-êa] [^\\u00df-\\u00e0b] [\\U0001f9a2-\\U0001f9a4]`;
  for (let seed = 0; seed < 4; seed++) {
    const constraint = await grammars.open({ type: "ebnf", rules }, START);
    const text = await write(constraint, random(seed));
    assertMatch(text, /^\[é\][é-êa][^ß-àb][🦢-🦤]$/u);
    constraint.close();
  }
  grammars.close();
});

Deno.test("Grammars.open() writes what a regular expression or rules allow", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const rules = 'root ::= "<" word ("," word)* ">"\nword ::= [a-z]{1,3} | "ß"';
  for (let seed = 0; seed < 8; seed++) {
    const next = random(seed);
    const pattern = "[a-c]{3}(foo|bar)?-[0-9]{2}";
    const regex = await grammars.open({ type: "regex", pattern }, START);
    assertMatch(await write(regex, next), new RegExp(`^${pattern}$`));
    regex.close();
    const ebnf = await grammars.open({ type: "ebnf", rules }, START);
    const word = "([a-z]{1,3}|ß)";
    const found = new RegExp(`^<${word}(,${word})*>$`);
    assertMatch(await write(ebnf, next), found);
    ebnf.close();
  }
  grammars.close();
});

Deno.test("Constraint.accept() follows several answers at once, and blames the right one", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const pattern = "[ab]{3}";
  const open = () => grammars.open({ type: "regex", pattern }, START);
  const answers = await Promise.all([open(), open(), open(), open()]);
  const [a, c] = ["a", "c"].map((letter) => tokenizer.encode(letter)[0]);
  await Promise.all(answers.map((answer) => answer.accept(a)));
  for (const answer of answers) assert(allowed(answer).includes(a));
  const [stray, closed, ...others] = answers;
  const bad = assertRejects(() => stray.accept(c), /does not fit/);
  const gone = closed.accept(a);
  closed.close();
  await Promise.all([bad, gone, ...others.map((answer) => answer.accept(a))]);
  await Promise.all(others.map((answer) => answer.accept(a)));
  for (const answer of others) {
    assertEquals(allowed(answer), [tokenizer.end]);
    answer.close();
  }
  grammars.close();
});

Deno.test("Grammars.open() gives up on a grammar that takes too long, not on others", async () => {
  const grammars = superviseGrammars({ tokenizer, V, patience: 1000 });
  const pattern = "[ab]*c";
  const other = await grammars.open({ type: "regex", pattern }, START);
  for (const letter of "ab") await other.accept(tokenizer.encode(letter)[0]);
  const error = await grammars.open(
    { type: "regex", pattern: "(((([a-z]{1,4000}x){1,4000}y){1,4000}z)+.?)*" },
    START,
  ).catch((error) => error);
  assert(error instanceof RequestError);
  assertMatch(
    error.message,
    /longer than 1000 ms|cannot be followed|too large/,
  );
  await other.accept(tokenizer.encode("c")[0]);
  assertEquals(allowed(other), [tokenizer.end]);
  grammars.close();
});

Deno.test("Grammars.open() fails, and not for ever, where no thread can be started", async () => {
  const grammars = superviseGrammars({ tokenizer, V });
  const grammar = { type: "regex", pattern: "ab" } as const;
  const { Worker } = globalThis;
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL) {
      super(url, { type: "module" });
      this.terminate();
      throw new RangeError("No more threads");
    }
  };
  try {
    await assertRejects(() => grammars.open(grammar, START), {
      code: "ERR_REQUEST_INVALID",
      message: /No more threads/,
    });
  } finally {
    globalThis.Worker = Worker;
  }
  (await grammars.open(grammar, START)).close();
  grammars.close();
});
