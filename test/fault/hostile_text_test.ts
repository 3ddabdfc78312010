import { assert, assertEquals, assertMatch } from "@std/assert";
import { StopSequenceMatcher } from "../../src/engine/turn/stop_sequences.ts";
import { screen } from "../../src/grammar/screen/screen_grammar.ts";
import { TEXTS } from "../fuzz/hostile.ts";
import { MODEL, tinyServer } from "../fuzz/tiny_server.ts";
import { listen, Raw } from "./raw.ts";

/** Milliseconds that a slow machine may take for what takes a few. */
const SOON = 2000;

Deno.test("no path leads out of the routes", async (t) => {
  await using listener = await listen();
  const paths = [
    "/../../../../etc/passwd",
    "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2f..%2fetc%2fpasswd",
    "/..%5c..%5cdeno.json",
    "/%252e%252e/deno.json",
    "//etc/passwd",
    "/page.js/../../../deno.json",
    "/page.js%00.json",
    "/deno.json",
    "/main.ts",
    "/.git/config",
    "/models/gosling/model.safetensors",
    "/v1/models/..%2f..%2fdeno.json",
    "/v1/../deno.json",
    "/problems/..%2f..%2fdeno.json",
    "/problems/__proto__",
    "/problems/constructor",
    "file:///etc/passwd",
  ];
  for (const path of paths) {
    await t.step(path, async () => {
      using client = await Raw.open(listener.port);
      await client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const answer = await client.until(/\r\n\r\n.*[}\n]|^HTTP\/1\.1 400/s);
      assertMatch(answer, /^HTTP\/1\.1 40[04] /);
      assert(!/root:|"imports"|\[core\]/.test(answer), answer);
    });
  }
});

Deno.test("names of models and of initial states are names and nothing else", async () => {
  await using server = await tinyServer();
  for (const name of TEXTS.filter((text) => text.length <= 64)) {
    const initial = await server.post("/v1/generate", {
      prompt: "",
      initial: name,
    });
    assertEquals(initial.status, 404, name);
    assertEquals((await initial.json()).code, "ERR_STATE_NOT_FOUND");
    const model = await server.post("/v1/generate", {
      prompt: "",
      model: name,
    });
    assertEquals(model.status, 404, name);
    assertEquals((await model.json()).code, "ERR_MODEL_NOT_FOUND");
  }
});

/** JSON whose members would change every object if they were copied carelessly. */
const POLLUTED = [
  '"__proto__":{"polluted":1}',
  '"constructor":{"prototype":{"polluted":1}}',
  '"logit_bias":{"__proto__":5}',
  '"logit_bias":{"constructor":5,"toString":1}',
  '"messages":[{"role":"user","content":"a","__proto__":{"polluted":1}}]',
  '"grammar":{"type":"json_schema","schema":{"properties":{"__proto__":' +
  '{"type":"integer","default":{"polluted":1}}}}}',
  '"grammar":{"type":"__proto__"}',
  '"response_format":{"type":"json_schema","json_schema":{"name":"__proto__",' +
  '"schema":{"__proto__":{"polluted":1}}}}',
  '"tools":[{"type":"function","function":{"name":"__proto__","parameters":' +
  '{"properties":{"__proto__":{"type":"string"}}}}}]',
  '"from":"__proto__","data":"AAAA"',
  '"to":"constructor","state":"x"',
  '"branches":[{"prompt":"a","__proto__":{"polluted":1}}]',
];

Deno.test("no member of a request changes what objects are", async () => {
  await using server = await tinyServer();
  const { paths } = await (await server.fetch(
    new Request("http://tiny/openapi.json"),
  )).json();
  for (const path of Object.keys(paths)) {
    for (const member of POLLUTED) {
      for (const start of [`"prompt":"a","max_tokens":1,`, ""]) {
        const response = await server.fetch(
          new Request(`http://tiny${path}`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: `{"model":"${MODEL}",${start}${member}}`,
          }),
        );
        assert(response.status < 500, `${path} ${member}`);
        await response.body?.cancel();
      }
    }
  }
  assertEquals("polluted" in {}, false);
  assertEquals(Object.keys(Object.prototype), []);
  assertEquals(server.reported, []);
});

Deno.test("StopMatcher takes time by the length of the text, whatever the stops", () => {
  const stops = Array.from({ length: 16 }, (_, i) => ({
    text: "a".repeat(255 - i) + "b",
    kept: false,
  }));
  const matcher = new StopSequenceMatcher(stops);
  const from = performance.now();
  for (let i = 0; i < 1_000_000; i++) {
    // Every other stretch breaks off just before its stop would be whole.
    matcher.push(i % 254 === 253 ? 99 : 97);
  }
  assert(performance.now() - from < SOON, `${performance.now() - from} ms`);
});

/** Grammars that cost a careless reader time without end. */
const SLOW: readonly Parameters<typeof screen>[0][] = [
  { type: "regex", pattern: `a{${"1".repeat(65_000)}` },
  { type: "ebnf", rules: `root ::= a{${"1".repeat(65_000)}` },
  { type: "ebnf", rules: `root ::= ${"{1,".repeat(21_000)}` },
  { type: "regex", pattern: "\\{".repeat(32_000) },
  { type: "regex", pattern: "(?:".repeat(13_000) + ")".repeat(13_000) },
  {
    type: "json_schema",
    schema: { type: "string", pattern: `[${"[".repeat(64_000)}]` },
    strict: true,
  },
  {
    type: "json_schema",
    schema: { type: "string", pattern: "\\u{61}".repeat(8000) },
    strict: true,
  },
  {
    type: "json_schema",
    schema: { enum: Array.from({ length: 9000 }, (_, i) => i) },
    strict: true,
  },
];

for (const [i, grammar] of SLOW.entries()) {
  Deno.test(`screen() is done with slow grammar ${i} at once`, () => {
    const from = performance.now();
    try {
      screen(grammar);
    } catch (error) {
      assertEquals(error instanceof Error && error.name, "RequestError");
    }
    assert(performance.now() - from < SOON, `${performance.now() - from} ms`);
  });
}

Deno.test("a grammar that takes for ever holds up nobody, and is refused in time", async () => {
  await using server = await tinyServer({ patience: 500 });
  const patterns = [
    "((a{0,64}){0,64}){0,64}",
    "(a|a)*(a|a)*(a|a)*b",
    "(.*)*x",
    `(${"a?".repeat(200)}${"a".repeat(200)})`,
    `(${Array.from({ length: 2000 }, (_, i) => `w${i}`).join("|")}){1,50}`,
  ];
  const from = performance.now();
  const answers = patterns.map((pattern) =>
    server.post("/v1/generate", {
      prompt: "x",
      max_tokens: 4,
      grammar: { type: "regex", pattern },
    })
  );
  const plain = await server.post("/v1/generate", {
    prompt: "x",
    max_tokens: 4,
  });
  assertEquals(plain.status, 200);
  for (const answer of answers) {
    const { status, body } = await answer;
    assert(status === 200 || status === 422, `${status}`);
    await body?.cancel();
  }
  assert(performance.now() - from < 30_000);
  assertEquals(server.reported, []);
});

Deno.test("a logit_bias with all tokens there could be is read or refused at once", async () => {
  await using server = await tinyServer();
  const bias = (size: number) =>
    Object.fromEntries(Array.from({ length: size }, (_, i) => [i, -100]));
  const ask = async (size: number, path: string) => {
    const from = performance.now();
    const body = { prompt: "a", model: MODEL, max_tokens: 3 };
    const { status } = await server.post(path, {
      ...body,
      logit_bias: bias(size),
    });
    assert(performance.now() - from < 10 * SOON, `${size} entries`);
    return status;
  };
  // Every token forbidden alike is as good as none.
  assertEquals(await ask(300, "/v1/generate"), 200);
  assertEquals(await ask(300, "/v1/completions"), 200);
  assertEquals(await ask(60_000, "/v1/generate"), 422);
  assertEquals(await ask(60_000, "/v1/completions"), 400);
  for (const size of [250_000, 2_000_000]) {
    assertEquals(await ask(size, "/v1/generate"), 413);
    assertEquals(await ask(size, "/v1/completions"), 413);
  }
});

Deno.test("text comes back as it went in, or with U+FFFD for what is no text", async () => {
  await using server = await tinyServer();
  for (const text of TEXTS) {
    const { tokens } = await (await server.post("/v1/tokenize", { text }))
      .json();
    const back = await (await server.post("/v1/detokenize", { tokens })).json();
    // A mark at the very beginning is text too.
    assertEquals(
      back.text.replace(/^\ufeff/, ""),
      text.toWellFormed().replace(/^\ufeff/, ""),
    );
    const turn = await server.post("/v1/generate", {
      prompt: text,
      stop: [text.slice(0, 200) || "x"],
      max_tokens: 2,
    });
    assertEquals(turn.status, 200, text);
    const { text: written } = await turn.json();
    assert(written.isWellFormed());
  }
});

/** Bytes that are no UTF-8, and such that are but not JSON. */
const BYTES: readonly [string, number, readonly number[]][] = [
  ["half a character", 400, [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ["a slash of two bytes", 400, [0x22, 0xc0, 0xaf, 0x22]],
  ["a NUL of two bytes", 400, [0x22, 0xc0, 0x80, 0x22]],
  ["beyond U+10FFFF", 400, [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ["a character cut off", 400, [0x22, 0xe2, 0x82]],
  ["a bare NUL", 400, [0x22, 0x00, 0x22]],
  ["UTF-16", 400, [0xff, 0xfe, 0x22, 0x00, 0x61, 0x00, 0x22, 0x00]],
  ["a byte order mark", 200, [0xef, 0xbb, 0xbf, 0x22, 0x61, 0x22]],
];

for (const [what, status, text] of BYTES) {
  Deno.test(`a body with ${what} is answered with ${status}`, async () => {
    await using server = await tinyServer();
    const bom = text[0] === 0xef ? text.slice(0, 3) : [];
    const bytes = [
      ...bom,
      ...new TextEncoder().encode('{"text":'),
      ...text.slice(bom.length),
      ...new TextEncoder().encode("}"),
    ];
    const response = await server.fetch(
      new Request("http://tiny/v1/tokenize", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: new Uint8Array(bytes),
      }),
    );
    assertEquals(response.status, status);
    await response.body?.cancel();
  });
}

Deno.test("a request that is wrong in many places gets a short answer", async () => {
  await using server = await tinyServer();
  const many = <T>(value: (i: number) => T) =>
    Array.from({ length: 50_000 }, (_, i) => value(i));
  const requests: [string, object][] = [
    ["/v1/generate", {
      prompt: "",
      logit_bias: Object.fromEntries(many((i) => [`x${i}`, 1])),
    }],
    ["/v1/generate", Object.fromEntries(many((i) => [`x${i}`, 1]))],
    ["/v1/detokenize", { tokens: many(() => "x") }],
    ["/v1/completions", { model: MODEL, prompt: many(() => -1) }],
  ];
  for (const [path, body] of requests) {
    const response = await server.post(path, body);
    assert(response.status === 422 || response.status === 400);
    const { length } = await response.text();
    assert(length < 10_000, `${length} characters`);
  }
});
