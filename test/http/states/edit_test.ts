import { assert, assertEquals, assertMatch } from "@std/assert";
import { randomKey } from "../../../src/state/state_keys.ts";
import { Vault } from "../../../src/state/vault.ts";
import { type Harness, harness } from "../client.ts";
import { byteTokenizer, fakeEngine } from "../fake_engine.ts";

/** What teaching, forgetting and merging take and give, with a fake behind them. */

const FACT = { question: "Who?", answer: "Me" };

async function ask(at: Harness, path: string, body: unknown) {
  const response = await at.post(`/v1/state/${path}`, body);
  return { status: response.status, ...await response.json() };
}

async function stateAfter(at: Harness, prompt: string): Promise<string> {
  const response = await at.post("/v1/generate", { prompt });
  return (await response.json()).state;
}

Deno.test("teach reads statements with replies, and claims nothing unless it is asked to", async () => {
  const here = harness();
  const blind = await ask(here, "teach", { statements: ["A", "B"] });
  assertEquals(
    [blind.status, blind.object, blind.achieved, blind.method],
    [200, "edited_state", null, "read once, in order"],
  );
  assertMatch(blind.summary, /nothing was measured/);
  assertEquals(here.engine.turns.map(({ prompt }) => prompt), [
    "User: A\n\nAssistant:",
    "User: B\n\nAssistant:",
  ]);
  assertEquals(
    [blind.facts, blind.kept, blind.attempts, blind.held_out],
    [[], [], [], undefined],
  );
  assertEquals(blind.told, [
    { user: "A", assistant: "Hello!" },
    { user: "B", assistant: "Hello!" },
  ]);
  const next = await ask(here, "teach", {
    state: blind.state,
    statements: ["C"],
    examples: [{ user: "D", assistant: "E" }],
  });
  assertEquals(next.told, [
    { user: "C", assistant: "Hello!" },
    { user: "D", assistant: "E" },
  ]);
  assert(next.position > blind.position);
});

Deno.test("an edit that makes nothing likelier leaves the state as it was, and says so", async () => {
  // The fake finds a text as likely after one state as after another.
  const here = harness();
  const state = await stateAfter(here, "Hi");
  const taught = await ask(here, "teach", {
    state,
    statements: ["A"],
    facts: [FACT],
    keep: [FACT],
  });
  assertEquals(
    [taught.achieved, taught.method, taught.position],
    [false, "nothing", 11],
  );
  assertEquals(taught.told, []);
  assertMatch(taught.summary, /^Not learned: .*; kept 1 of 1/);
  assertEquals(
    taught.attempts.map(({ chosen }: { chosen: boolean }) => chosen),
    [
      true,
      false,
      false,
      false,
    ],
  );
  const logprob = -[...byteTokenizer.encode(" Me")]
    .reduce((sum, token) => sum + token, 0);
  assertEquals(taught.facts, [{
    ...FACT,
    tokens: 3,
    ...{ blank: logprob, before: logprob, after: logprob },
    says: "Hello!",
    achieved: false,
  }]);
  assertEquals(taught.held_out, {
    blank: logprob / 3,
    before: logprob / 3,
    read: logprob / 3,
    taught: logprob / 3,
  });
});

Deno.test("teach says that a fact is learned when the model says it", async () => {
  const here = harness({ reply: () => " It is Me, of course.\n\n" });
  const { facts: [fact], held_out } = await ask(here, "teach", {
    examples: [{ user: "a", assistant: "b" }],
    facts: [FACT],
  });
  assertEquals([fact.says, fact.achieved], ["It is Me, of course.", true]);
  assertEquals(Object.keys(held_out), ["blank", "before", "read", "taught"]);
});

Deno.test("teach holds out every fourth example, and never reads it", async () => {
  const here = harness();
  const examples = [..."abcdefgh"].map((letter) => ({
    user: letter,
    assistant: letter.toUpperCase(),
  }));
  const { facts, attempts } = await ask(here, "teach", {
    examples,
    candidates: 16,
  });
  assertEquals(
    facts.map(({ question }: { question: string }) => question),
    ["d", "h"],
  );
  assertEquals(attempts.length, 1 + 15);
  const prompts = here.engine.turns.map(({ prompt }) => `${prompt}`)
    .filter((prompt) => prompt !== "");
  assertEquals(new Set(prompts).size, 15);
  for (const prompt of prompts) {
    assertEquals(/User: [dh]/.test(prompt), false);
    assertMatch(prompt, /User: [abcefg]/);
  }
  const [first] = here.engine.turns;
  assertMatch(`${first?.prompt}`, /^User: a\n\nAssistant: A\n\nUser: b/);
});

Deno.test("forget shows what a blank state answers, and says when it is of no use", async () => {
  const here = harness({
    reply: (_, position) => position === 0 ? " No idea.\n\n" : " Me\n\n",
  });
  const state = await stateAfter(here, "Hi");
  const found = await ask(here, "forget", { state, facts: [FACT] });
  assertEquals([found.status, found.achieved], [200, false]);
  assertMatch(found.summary, /^Not forgotten: this model still knows 1 of 1/);
  assertEquals(found.facts[0].says, "Me");
  const prompts = here.engine.turns.map(({ prompt }) => `${prompt}`);
  assert(
    prompts.includes("\n\nUser: Who?\n\nAssistant: No idea.\n\n") ||
      prompts.includes("User: Who?\n\nAssistant: No idea.\n\n"),
    prompts.join("|"),
  );
  assert(
    prompts.some((text) =>
      text.includes("Forget what I told you about this: Who?")
    ),
  );
  const none = await ask(here, "forget", { state, facts: [] });
  assertEquals([none.status, none.errors[0].pointer], [422, "/facts"]);
});

Deno.test("forget reads words anew without the exchanges that have the fact", async () => {
  const here = harness({
    reply: (_, position) => position === 0 ? " No idea.\n\n" : " Me\n\n",
  });
  const state = await stateAfter(here, "Hi");
  const say = (user: string, assistant: string) => [
    { role: "user", content: user },
    { role: "assistant", content: assistant },
  ];
  const { attempts } = await ask(here, "forget", {
    state,
    facts: [FACT],
    candidates: 1,
    messages: [
      ...say("Hi", "Ho"),
      ...say("Who is it?", "It is me!"),
      ...say("It is me again", "So it is"),
      ...say("Meat?", "Yes"),
    ],
  });
  const anew = here.engine.turns.filter(({ save }) => save === undefined)
    .map(({ prompt }) => `${prompt}`);
  assert(
    anew.includes(
      "User: Hi\n\nAssistant: Ho\n\nUser: Meat?\n\nAssistant: Yes\n\n",
    ),
    anew.join("|"),
  );
  assertEquals(
    attempts.map(({ method }: { method: string }) => method),
    ["nothing", "read anew without it", "said"],
  );
});

Deno.test("forget finds what tells a fact where no spaces are between words", async () => {
  const here = harness({
    reply: (_, position) =>
      position === 0 ? " 你没有告诉我\n\n" : " 你叫小明。\n\n",
  });
  const told = [["你好", "嗯"], ["我叫小明", "好"], ["明天", "好"]];
  await ask(here, "forget", {
    state: await stateAfter(here, "Hi"),
    facts: [{ question: "我叫什么？", answer: "你叫小明" }],
    candidates: 1,
    messages: told.flatMap(([user, assistant]) => [
      { role: "user", content: user },
      { role: "assistant", content: assistant },
    ]),
  });
  assert(
    here.engine.turns.some(({ prompt }) =>
      prompt ===
        "User: 你好\n\nAssistant: 嗯\n\nUser: 明天\n\nAssistant: 好\n\n"
    ),
  );
});

Deno.test("merge averages states without words, and reads words where there are some", async () => {
  const sealer = await Vault.create({
    keys: [randomKey()],
    format: fakeEngine().format,
    audience: "test",
  });
  const here = harness({ sealer });
  const a = await stateAfter(here, "Hi"), b = await stateAfter(here, "Hi you");
  const messages = [{ role: "user", content: "I am B." }, {
    role: "assistant",
    content: "Hello B.",
  }];
  const mean = await ask(here, "merge", {
    states: [{ state: a }, { state: b, weight: 3 }],
    facts: [FACT],
  });
  assertEquals(
    [mean.method, mean.achieved, mean.facts[0].achieved],
    ["weighted mean", true, true],
  );
  assertMatch(mean.summary, /what the states were told is not known/);
  const same = await ask(here, "mix", {
    states: [{ state: a, weight: 1 }, { state: b, weight: 3 }],
  });
  const { equal } = await ask(here, "diff", { a: mean.state, b: same.state });
  assert(equal);
  const read = await ask(here, "merge", {
    states: [{ state: a }, { state: b, messages }],
  });
  assertEquals(
    [read.method, read.achieved],
    ["state 1 read what the others were told", null],
  );
  // Nothing was measured, so nothing was tried.
  assertEquals(read.attempts, []);
  assertMatch(`${here.engine.turns.at(-1)?.prompt}`, /User: I am B\./);
  assertEquals(here.engine.turns.at(-1)?.save?.position, 11);
});

Deno.test("edits read what a transcript says", async () => {
  const sealer = await Vault.create({
    keys: [randomKey()],
    format: fakeEngine().format,
    audience: "test",
  });
  const here = harness({
    sealer,
    reply: (prompt, position) =>
      /How/.test(prompt)
        ? " Fine\n\n"
        : position > 0 || /it is me/.test(prompt)
        ? " Me\n\n"
        : " No\n\n",
  });
  const { state } = await (await here.post("/v1/generate", {
    messages: [{ role: "user", content: "Hi, it is me" }],
    transcript: true,
  })).json();
  const next = await (await here.post("/v1/generate", {
    messages: [{ role: "user", content: "How are you?" }],
    state,
  })).json();
  const merged = await ask(here, "merge", {
    states: [{ state: next.state }, { state: next.state }],
  });
  assertEquals(merged.method, "state 1 read what the others were told");
  assertMatch(
    `${here.engine.turns.at(-1)?.prompt}`,
    /User: Hi, it is me\n\nAssistant: Me\n\nUser: How are you\?/,
  );
  const edited = await ask(here, "forget", {
    state: next.state,
    facts: [FACT],
    candidates: 1,
  });
  const anew = here.engine.turns.filter(({ save, transcript }) =>
    save === undefined && transcript
  ).map(({ prompt }) => `${prompt}`);
  assertEquals(anew.at(-1), "User: How are you?\n\nAssistant: Fine\n\n");
  const left = await sealer.read(edited.state);
  assertEquals(
    [edited.method, left.save.transcript],
    ["nothing", undefined],
  );
});

Deno.test("edits are bounded before they begin", async () => {
  const here = harness();
  const state = await stateAfter(here, "Hi");
  const before = here.engine.turns.length;
  const long = "x".repeat(20_000);
  for (
    const [path, body] of [
      ["teach", { statements: [long], facts: [FACT] }],
      ["forget", { state, facts: [{ ...FACT, answer: long }] }],
      ["merge", {
        states: [{ state }, { state }],
        facts: [{ ...FACT, answer: long }],
      }],
    ] as const
  ) {
    const { status, code, detail } = await ask(here, path, body);
    assertEquals([path, status, code], [path, 422, "ERR_REQUEST_INVALID"]);
    assertMatch(detail, /up to \d+ tokens, and the most is 65536/);
  }
  for (
    const [path, body, pointer] of [
      ["teach", {}, ""],
      ["teach", { statements: ["a"], candidates: 17 }, "/candidates"],
      ["teach", { statements: Array(33).fill("a") }, "/statements"],
      ["merge", { states: [{ state }] }, "/states"],
      ["merge", { states: Array(5).fill({ state }) }, "/states"],
      [
        "merge",
        { states: [{ state, weight: 0 }, { state }] },
        "/states/0/weight",
      ],
      // So little weight that the values times it would lose their bits.
      [
        "merge",
        { states: [{ state, weight: 1e-320 }, { state, weight: 1e-320 }] },
        "/states/0/weight",
      ],
      ["teach", { statements: [" \n"] }, "/statements/0"],
      [
        "teach",
        { statements: ["a"], facts: [{ ...FACT, answer: " " }] },
        "/facts/0/answer",
      ],
      [
        "forget",
        { state, facts: [{ ...FACT, question: "\t" }] },
        "/facts/0/question",
      ],
    ] as const
  ) {
    const { status, errors } = await ask(here, path, body);
    assertEquals([status, errors?.[0]?.pointer], [422, pointer]);
  }
  assertEquals(here.engine.turns.length, before);
});

Deno.test("edits do without words that are too many to be read again, and say so", async () => {
  const here = harness({
    reply: (_, position) => position === 0 ? " No idea.\n\n" : " Me\n\n",
  });
  const state = await stateAfter(here, "Hi");
  const messages = Array(4).fill({ role: "user", content: "x".repeat(20_000) });
  const merged = await ask(here, "merge", {
    states: [{ state }, { state, messages }],
    facts: [FACT],
  });
  assertEquals([merged.status, merged.method], [200, "weighted mean"]);
  assertMatch(merged.summary, /told is too long to be read again/);
  const edited = await ask(here, "forget", { state, facts: [FACT], messages });
  assertEquals(edited.status, 200);
  assertMatch(edited.summary, /told is too long to be read again$/);
  const methods = edited.attempts.map(({ method }: { method: string }) =>
    method
  );
  assertEquals(methods.slice(0, 2), ["nothing", "said"]);
  for (const { prompt } of here.engine.turns) assert(prompt.length < 10_000);
});

Deno.test("a state that is refused among several is named by its place", async () => {
  const here = harness();
  const state = await stateAfter(here, "Hi");
  const broken = state.slice(1);
  for (
    const [path, body, place] of [
      ["merge", { states: [{ state }, { state: broken }] }, "/states/1/state"],
      [
        "mix",
        { states: [{ state: broken, weight: 1 }, { state, weight: 1 }] },
        "/states/0/state",
      ],
      ["diff", { a: state, b: broken }, "/b"],
      ["diff", { a: broken, b: state }, "/a"],
    ] as const
  ) {
    const { status, code, detail } = await ask(here, path, body);
    assertEquals([path, status >= 400, code.slice(0, 9)], [
      path,
      true,
      "ERR_STATE",
    ]);
    assertMatch(detail, new RegExp(`^Cannot [a-z ]+: ${place}: `));
  }
});

Deno.test("an edit whose turn is cut off is no edit", async () => {
  const here = harness({
    tokenMs: 2,
    reply: () => "x".repeat(60),
    limits: { timeout: 0.02 },
  });
  const { status, code } = await ask(here, "teach", { statements: ["A"] });
  assertEquals([status, code], [503, "ERR_TIME_LIMIT"]);
});

Deno.test("edits are charged for all that they try", async () => {
  const here = harness({ limits: { rate: { tokens: 10_000 } } });
  const left = async () => {
    const response = await here.get("/v1/model");
    await response.body?.cancel();
    return Number(
      /"tokens";r=(\d+)/.exec(response.headers.get("ratelimit") ?? "")?.[1],
    );
  };
  const before = await left();
  await ask(here, "teach", { statements: ["A"], facts: [FACT] });
  // Three ways to read it, each with a reply, and facts scored in five states.
  const spent = before - await left();
  assert(spent > 3 * 20 + 5 * 20, `${spent}`);
});
