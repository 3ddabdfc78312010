import { assert, assertEquals } from "@std/assert";
import { callSchema } from "../../src/chat/tools/tool_calls.ts";
import { LIMITS } from "../../src/grammar/json/answer_limits.ts";
import type { AnswerState } from "../../src/grammar/json/answer_state.ts";
import { Conditions } from "../../src/grammar/schema/schema_conditions.ts";
import { SchemaStates } from "../../src/grammar/schema/schema_states.ts";
import { TokenTree } from "../../src/grammar/token_tree.ts";
import { random } from "../support/random.ts";
import { worldVocabulary } from "./vocabulary.ts";

type Schema = Record<string, unknown>;

function startOf(schema: Schema, strict = false): AnswerState {
  return new SchemaStates(new Conditions(schema, strict), LIMITS).start;
}

/** Whether a text may be written from its first byte to its last. */
function takes(start: AnswerState, text: string): boolean {
  let state: AnswerState | undefined = start;
  for (const byte of new TextEncoder().encode(text)) state = state?.step(byte);
  return state?.whole ?? false;
}

/** Writes byte by byte whatever comes, not for long; throws where nothing may. */
function drawn(start: AnswerState, next: () => number): string | undefined {
  const bytes: number[] = [];
  let state = start;
  for (let most = 0; most < 600; most++) {
    const may: [number, AnswerState][] = [];
    for (let byte = 0; byte < 0x100; byte++) {
      const after = state.step(byte);
      if (after !== undefined) may.push([byte, after]);
    }
    const text = () => new TextDecoder().decode(Uint8Array.from(bytes));
    if (state.whole && (may.length === 0 || next() < 0.5)) return text();
    assert(may.length > 0, `nothing may follow ${text()}`);
    const ends = may.filter(([byte]) => [0x22, 0x5d, 0x7d].includes(byte));
    const from = ends.length > 0 && next() < 0.5 ? ends : may;
    const [byte, after] = from[Math.floor(next() * from.length)];
    bytes.push(byte);
    state = after;
  }
  return undefined;
}

/** A schema, texts that it takes, and texts that it does not. */
const CASES: readonly [Schema, readonly string[], readonly string[]][] = [
  [{ enum: ["rust", "r"] }, ['"rust"', '"r"'], ['"ru"', '"rustust"', '"rr"']],
  [{ enum: ["x-b-c", "x-c"] }, ['"x-b-c"', '"x-c"'], ['"x-b-b-c"', '"x-"']],
  [{ enum: ["a/b", 'q"\\'] }, ['"a/b"', '"q\\"\\\\"'], ['"a\\/b"']],
  [{ type: "string", pattern: "^yes$|^no$" }, ['"yes"', '"no"'], [
    '"yesno"',
    "no",
    '"ye"',
  ]],
  [{ pattern: "b+" }, ['"abc"', "1"], ['"ac"']],
  [{ pattern: "^[\\w-]+[\\u4e00-\\u9fff]$" }, ['"a-_悲"'], ['"悲"', '"a b悲"']],
  [{ pattern: "^(?:ab){2,3}$", maxLength: 5 }, ['"abab"'], ['"ababab"']],
  [{ maxLength: 2, minLength: 1 }, ['"\\"\\n"', '"é🦢"', "7"], ['""', '"abc"']],
  [{ type: "string", enum: ["a", "bcd"], minLength: 2 }, ['"bcd"'], ['"a"']],
  [{ type: "string", const: 1 }, [], ["1", '"1"']],
  [{ format: "date" }, ['"2024-02-29"'], ['"2023-02-29"', '"2023-13-01"']],
  [{ format: "int32", type: "integer" }, ["12"], ["1.5"]],
  [{ format: "ipv6" }, ['"::1"', '"1:2::3:4"'], ['"1::2::3"']],
  [{ format: "uri-template" }, ['"http://a/{b,c:3}{?d*}"'], ['"http://a/{"']],
  [{ maximum: 9223372036854776000 }, ["9223372036854776000"], [
    "9223372036854776001",
  ]],
  [{ minimum: 0, maximum: 1 }, ["0", "0.5", "1"], ["1.1", "-1", "2"]],
  [{ type: "integer", minimum: 95, maximum: 1010 }, ["95", "1000"], [
    "94",
    "1011",
    "9",
  ]],
  [{ multipleOf: 0.01 }, ["0.07", "19.99", "3"], ["0.075"]],
  [{ exclusiveMinimum: 0, type: "number" }, ["0.001", "1e-6"], ["0", "-1"]],
  [{ multipleOf: 5, maximum: 20 }, ["-64748989146479875735", "20.0"], [
    "-64748989146479875733",
    "3.5",
    "25",
  ]],
  [{ minimum: 0, maximum: 1 }, ["1E-05", "0.5e0"], ["1e1", "-1e-3"]],
  [{ multipleOf: 0.3, exclusiveMaximum: 3 }, ["2.7", "-0.3"], ["3", "2.8"]],
  [{ allOf: [{ multipleOf: 4 }, { multipleOf: 6 }], minimum: 1, maximum: 20 }, [
    "12",
  ], ["4", "6", "18", "20"]],
  [
    {
      $schema: "http://json-schema.org/draft-04/schema#",
      minimum: 3,
      exclusiveMinimum: true,
    },
    ["3.5"],
    ["3"],
  ],
  [
    { properties: { a: { type: "integer" }, b: {} }, required: ["a"] },
    ['{"b": 1, "a": 2}', '{"a":1,"c":null}'],
    ['{"a": 1, "a": "x"}', '{"c":1}', '{"a": 1, "\\u0061": "x"}', '{"a":"x"}'],
  ],
  [
    {
      patternProperties: { "^x-": { type: "null" } },
      additionalProperties: false,
    },
    ["{}", '{"x-a": null}'],
    ['{"x-a": 1}', '{"y": null}'],
  ],
  [
    { propertyNames: { maxLength: 2 }, minProperties: 1, maxProperties: 2 },
    ['{"ab": 1}'],
    ["{}", '{"abc": 1}', '{"a":1,"b":2,"c":3}'],
  ],
  [
    { dependentRequired: { a: ["b"] }, dependencies: { c: ["d"] } },
    ["{}", '{"b":1}', '{"a":1,"b":2}'],
    ['{"a":1}', '{"c":1}'],
  ],
  [
    {
      allOf: [{ properties: { a: { type: "string" } } }, { required: ["a"] }],
      properties: { a: { maxLength: 1 } },
    },
    ['{"a": "x"}'],
    ["{}", '{"a": 1}', '{"a": "xy"}'],
  ],
  [
    { oneOf: [{ required: ["a"] }, { required: ["b"] }] },
    ['{"a":1}', '{"b":1}'],
    ["{}", '{"a":1,"b":1}'],
  ],
  [{ type: "object", anyOf: [{ required: ["a"] }, true] }, ["{}"], ["1"]],
  [{ not: { type: "string" } }, ["1", "{}"], ['"a"']],
  [
    {
      if: { properties: { k: { const: 1 } }, required: ["k"] },
      then: { required: ["x"] },
      else: { required: ["y"] },
    },
    ['{"k":1,"x":0}', '{"y":0}'],
    ['{"k":1}', '{"k":2,"x":0}'],
  ],
  [
    {
      prefixItems: [{ type: "null" }],
      items: { type: "integer" },
      minItems: 1,
    },
    ["[null]", "[null, 1, 2]"],
    ["[]", "[1]", '[null, "a"]'],
  ],
  [
    { uniqueItems: true },
    ['[1, "1", [1]]'],
    ['["a", "\\u0061"]', "[1, 1.0]", '[{"a":1,"b":2}, {"b":2,"a":1}]'],
  ],
  [
    { contains: { const: 1 }, maxContains: 1, maxItems: 3 },
    ["[1]", "[0, 0, 1]"],
    ["[]", "[1, 1]", "[0, 0, 0]"],
  ],
  [{ enum: [{ a: [1] }, [null], 2.5, true] }, ['{"a": [1]}', "2.5", "true"], [
    "{}",
    "[]",
    "2",
    "false",
  ]],
  [
    {
      $defs: { "a/b": { enum: [1, 2] }, n: { $id: "n", items: { $ref: "#" } } },
      properties: { x: { $ref: "#/$defs/a~1b" }, y: { $ref: "n" } },
    },
    ['{"x": 2, "y": [[]]}'],
    ['{"x": 3}'],
  ],
  [{ type: "string", nullable: true, maxLength: 1 }, ["null", '"a"'], ["1"]],
  [{ $ref: "#/x", x: { type: "string" }, maxLength: 1 }, ['"a"'], ['"ab"']],
  [
    {
      $schema: "http://json-schema.org/draft-07/schema#",
      $ref: "#/definitions/x",
      definitions: { x: { type: "string" } },
      maxLength: 1,
    },
    ['"ab"'],
    ["1"],
  ],
  [{ pattern: "^(?!a)" }, ['"b"'], ['"a"']],
  [{ pattern: "^(?!ab)(?=.*\\d)[a-c\\d]+$" }, ['"ac1"', '"1"'], [
    '"ab1"',
    '"ac"',
    '"d1"',
  ]],
  [{ format: "hostname" }, ['"a-b.c--d.ab"', '"a"'], [
    '"xn--x"',
    '"-a"',
    '"ab--c"',
    `"${"a".repeat(64)}"`,
    `"${"abcdefg.".repeat(32)}a"`,
  ]],
  [{ format: "uri-template" }, ['"a\'b/{c}"'], ['"a\x7fb"']],
  [
    {
      anyOf: [{ $ref: "http://x/a" }],
      unknown: { $id: "http://x/a", type: "null" },
      $defs: { real: { $id: "http://x/a", type: "string" } },
    },
    ['"b"'],
    ["null"],
  ],
  [{ $ref: "http://x/a", unknown: { $id: "http://x/a", const: 1 } }, ["1"], [
    "2",
  ]],
  [{ pattern: "^\\s\\S$" }, ['" a"', '"\u3000b"'], [
    '"\ufeffa"',
    '" \ufeff"',
  ]],
  [{ format: "idn-email" }, ['"é@bücher.example"', '"a@b"'], ['"é"', '"@b"']],
  [
    { anyOf: [{ const: "ab" }, { pattern: "c$" }], not: { const: "c" } },
    ['"ab"', '"bc"', '"\\u0001c"'],
    ['"c"', '"a"'],
  ],
  [
    { allOf: [{ enum: ["ba", "c"] }, { anyOf: [{ pattern: "^b" }] }] },
    ['"ba"'],
    ['"c"', '"\\u0001"'],
  ],
  [{ pattern: "^a(?!b)" }, ['"ac"', '"a"'], ['"ab"']],
  [{ additionalProperties: false, required: ["a"] }, ["1"], ["{}", '{"a":1}']],
  [{ "x-note": 1, example: 2, properties: { "a ": false } }, ["{}"], [
    '{"a ":1}',
  ]],
  [{ propertyOrdering: ["b", "a"], properties: { a: {}, b: {} } }, [
    '{"b":1,"a":1}',
    '{"a":1}',
  ], ['{"a":1,"b":1}']],
];

Deno.test("SchemaStates takes what a schema takes, and nothing else", () => {
  for (const [schema, valid, invalid] of CASES) {
    const start = startOf(schema);
    for (const text of valid) {
      assert(takes(start, text), `${JSON.stringify(schema)}: ${text}`);
    }
    for (const text of invalid) {
      assert(!takes(start, text), `${JSON.stringify(schema)}: ${text}`);
    }
  }
});

Deno.test("SchemaStates lets nobody into a dead end, and every end is JSON", () => {
  let ended = 0;
  for (const [schema, valid] of CASES) {
    if (valid.length === 0) continue;
    for (let seed = 0; seed < 4; seed++) {
      const text = drawn(startOf(schema), random(seed));
      if (text === undefined) continue;
      JSON.parse(text);
      ended++;
    }
  }
  assert(ended > CASES.length, String(ended));
});

Deno.test("SchemaStates closes objects where they are strict, over allOf", () => {
  const schema = {
    type: "object",
    properties: { a: {} },
    allOf: [{ properties: { b: {} } }],
  };
  assert(takes(startOf(schema, true), '{"a": 1, "b": 2}'));
  assert(!takes(startOf(schema, true), '{"c": 1}'));
  assert(takes(startOf(schema, false), '{"c": 1}'));
});

Deno.test("SchemaStates ends strings, numbers and depths of any length", () => {
  const start = startOf({});
  assert(takes(start, `"${"a".repeat(LIMITS.characters)}"`));
  assert(!takes(start, `"${"a".repeat(LIMITS.characters + 1)}"`));
  assert(!takes(start, "1".repeat(LIMITS.whole + 1)));
  assert(!takes(start, "[".repeat(LIMITS.depth + 1)));
  const long = { type: "string", minLength: 5000 };
  assert(takes(startOf(long), `"${"a".repeat(5000)}"`));
});

Deno.test("callSchema() takes arguments by each function's own references", () => {
  const tool = (name: string, kind: string) => ({
    name,
    parameters: {
      type: "object",
      properties: { x: { $ref: "#/$defs/x" }, next: { $ref: "#" } },
      $defs: { x: { type: kind } },
    },
  });
  const start = startOf(callSchema([tool("a", "string"), tool("b", "null")]));
  assert(takes(start, '{"name":"a","arguments":{"x":"","next":{"x":"b"}}}'));
  assert(takes(start, '{"name":"b","arguments":{"x":null,"next":{}}}'));
  assert(!takes(start, '{"arguments":{},"name":"b"}'), "the name comes first");
  assert(!takes(start, '{"name":"a","arguments":{"x":null}}'));
  assert(!takes(start, '{"name":"b","arguments":{"next":{"x":1}}}'));
  assert(!takes(start, '{"name":"b","arguments":[]}'));
});

Deno.test("callSchema() heeds no words beside $ref in draft 7", () => {
  const beside = (draft: string) =>
    startOf(callSchema([{
      name: "a",
      parameters: {
        $schema: draft,
        type: "object",
        properties: { x: { $ref: "#/definitions/x", maxLength: 2 } },
        definitions: { x: { type: "string" } },
      },
    }]));
  const long = '{"name":"a","arguments":{"x":"long"}}';
  assert(takes(beside("http://json-schema.org/draft-07/schema#"), long));
  const now = beside("https://json-schema.org/draft/2020-12/schema");
  assert(!takes(now, long));
});

Deno.test("SchemaStates reads a mark at the beginning of a name", () => {
  const start = startOf({
    properties: { "\ufeffa": { type: "integer" }, a: { type: "null" } },
  });
  assert(takes(start, '{"\ufeffa":1}'));
  assert(!takes(start, '{"\ufeffa":null}'));
  assert(!takes(start, '{"\ufeffa":1,"\ufeffa":1}'));
  const unique = startOf({ uniqueItems: true });
  assert(takes(unique, '["a","\ufeffa"]'));
});

Deno.test("TokenTree.mask() has the tokens whose bytes may come", async () => {
  const { size, end, bytes } = await worldVocabulary().then((tokenizer) => ({
    size: tokenizer.size,
    end: tokenizer.end,
    bytes: (token: number) => tokenizer.bytes(token),
  }));
  const tree = new TokenTree(bytes, size, end, size);
  for (const [i, [schema, [text]]] of CASES.entries()) {
    if (text === undefined) continue;
    let state: AnswerState | undefined = startOf(schema);
    const all = new TextEncoder().encode(text);
    const cut = Math.floor(random(i)() * all.length);
    for (const byte of all.subarray(0, cut)) state = state?.step(byte);
    assert(state !== undefined);
    const mask = tree.mask(state);
    for (let token = 0; token < size; token++) {
      let after: AnswerState | undefined = state;
      for (const byte of bytes(token)) after = after?.step(byte);
      const may = token === end
        ? state.whole
        : bytes(token).length > 0 && after !== undefined;
      const bit = ((mask[token >>> 5] >>> (token & 31)) & 1) === 1;
      assertEquals(bit, may, `${JSON.stringify(schema)} at ${cut}: ${token}`);
    }
  }
});
