import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { RequestError } from "../../src/errors.ts";
import { apartAhead } from "../../src/grammar/regex/look_ahead.ts";
import {
  HELD_TOKENS,
  Retries,
} from "../../src/grammar/thread/answer_retries.ts";
import { superviseGrammars } from "../../src/grammar/thread/grammar_supervisor.ts";
import { random } from "../support/random.ts";
import { fakeTokenizer } from "../support/fake_device.ts";

const START = { tokens: [], space: false };

type Schema = Record<string, unknown>;

/** Schemas whose masks lead where no token may come, and whether a text is right. */
const DEAD_ENDS: readonly [Schema, (value: unknown) => boolean][] = [
  [
    {
      type: "array",
      items: { enum: ["a", "b", "cc"] },
      uniqueItems: true,
      minItems: 3,
      maxItems: 3,
    },
    (list) => [...list as string[]].sort().join() === "a,b,cc",
  ],
  [
    { type: "string", pattern: "^(?:aaa?|bbb)+$", minLength: 4, maxLength: 4 },
    (text) => text === "aaaa",
  ],
  [
    { allOf: [{ pattern: "^[ab]+c?$" }, { pattern: "b{2}$" }], type: "string" },
    (text) => /^[ab]*bb$/.test(text as string),
  ],
  [
    {
      type: "object",
      properties: { a: { type: "boolean" }, b: { type: "boolean" } },
      required: ["a", "b"],
      additionalProperties: false,
      not: { properties: { a: { const: true }, b: { const: true } } },
    },
    (value) => {
      const { a, b } = value as Record<string, boolean>;
      return !(a && b);
    },
  ],
];

Deno.test("Constraint.accept() goes back from dead ends until an answer is whole", async () => {
  const grammars = superviseGrammars({
    tokenizer: fakeTokenizer,
    V: fakeTokenizer.size,
  });
  let back = 0;
  for (const [schema, holds] of DEAD_ENDS) {
    for (let seed = 0; seed < 6; seed++) {
      const next = random(seed);
      const grammar = { type: "json_schema", schema, strict: false } as const;
      const constraint = await grammars.open(grammar, START);
      assertEquals(constraint.held, HELD_TOKENS);
      const tokens: number[] = [];
      for (;;) {
        const { mask } = constraint;
        const may = Array.from({ length: fakeTokenizer.size }, (_, i) => i)
          .filter((token) => (mask[token >>> 5] >>> (token & 31)) & 1);
        const ends = may.filter((token) => token === 0x22 + 1);
        const from = ends.length > 0 && next() < 0.5 ? ends : may;
        const token = from[Math.floor(next() * from.length)];
        if (token === fakeTokenizer.end) break;
        tokens.push(token);
        const count = await constraint.accept(token);
        if (count > 0) back++;
        tokens.length -= count;
      }
      const bytes = tokens.flatMap((token) => [...fakeTokenizer.bytes(token)]);
      const text = new TextDecoder().decode(Uint8Array.from(bytes));
      assert(holds(JSON.parse(text)), `${JSON.stringify(schema)}: ${text}`);
      constraint.close();
    }
  }
  assert(back > 0, "no dead end was met");
  grammars.close();
});

Deno.test("Constraint.accept() ends an answer that no way leads out of", async () => {
  const grammars = superviseGrammars({
    tokenizer: fakeTokenizer,
    V: fakeTokenizer.size,
  });
  const items = { enum: [1, 2] };
  const schema = { type: "array", items, uniqueItems: true, minItems: 3 };
  const grammar = { type: "json_schema", schema, strict: false } as const;
  const constraint = await grammars.open(grammar, START);
  const write = async () => {
    for (;;) {
      const { mask } = constraint;
      const word = mask.findIndex((bits) => bits !== 0);
      await constraint.accept(word * 32 + 31 - Math.clz32(mask[word]));
    }
  };
  await assertRejects(write, RequestError, "allows no token here");
  grammars.close();
});

Deno.test("a strict schema is refused where its masks may lead nowhere, and says where", async () => {
  const grammars = superviseGrammars({
    tokenizer: fakeTokenizer,
    V: fakeTokenizer.size,
  });
  const overlapping = { oneOf: [{ minimum: 1 }, { type: "integer" }] };
  for (
    const [inner, word] of [
      [{ uniqueItems: true }, "uniqueItems"],
      [{ not: { const: 1 } }, "not"],
      [{ if: true, then: false }, "if"],
      [{ contains: {} }, "contains"],
      [overlapping, "oneOf"],
      [{ pattern: "^(?!a)" }, "pattern"],
      [{ format: "regex" }, "format regex"],
    ] as const
  ) {
    const schema = { type: "object", properties: { "a/b": inner } };
    const prepare = (strict: boolean) =>
      grammars.prepare({ type: "json_schema", schema, strict });
    const message = await prepare(true).then(String, String);
    assertMatch(message, new RegExp(`${word}.* at /properties/a~1b`));
    await prepare(false);
  }
  const point = (kind: string) => ({
    type: "object",
    properties: { kind: { const: kind } },
    required: ["kind"],
  });
  for (
    const oneOf of [
      [{ type: "string" }, { type: ["integer", "null"] }],
      [{ enum: ["a", 1] }, { const: "b" }],
      [point("a"), point("b"), { type: "null" }],
    ]
  ) {
    const grammar = { type: "json_schema", schema: { oneOf } } as const;
    const answer = await grammars.open({ ...grammar, strict: true }, START);
    assertEquals(answer.held, 0);
    answer.close();
  }
  grammars.close();
});

Deno.test("Retries goes back twice as far each time it gets no further, to what is told", () => {
  const retries = new Retries(2);
  const tokens = Array.from({ length: 100 }, (_, i) => i);
  retries.written(100);
  const places = Array.from({ length: 8 }, () => retries.retreat(tokens));
  assertEquals(
    places.map(([first]) => first),
    [99, 98, 96, 92, 84, 68, 36, 36],
  );
  assertEquals(places[3].slice(0, 9), [92, 93, 94, 95, 96, 97, 98, 99, 91]);
  assertEquals(places.map(({ length }) => length), Array(8).fill(64));
  assertEquals(retries.retreat(Array(101).fill(7))[0], 100);
  retries.bar(36, 36);
  const mask = retries.left(new Uint32Array([0, ~0, 0, 0]), 36, 37);
  assertEquals(mask, new Uint32Array([0, ~(3 << 4), 0, 0]));
  retries.written(300);
  assertEquals(retries.retreat(Array(236).fill(7)), []);
});

Deno.test("apartAhead() takes apart what looks ahead from its start alone", () => {
  assertEquals(apartAhead("^(?!a|b)(?=[)]c).*$"), {
    rest: "^.*$",
    ahead: [
      { pattern: "^(?:a|b)", wanted: false },
      { pattern: "^(?:[)]c)", wanted: true },
    ],
  });
  for (const other of ["^a", "(?!a)b", "^(?!a)b|c", "^(?!a)?b", "^a(?!b)"]) {
    assertEquals(apartAhead(other), undefined);
  }
});
