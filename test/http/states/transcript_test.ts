import { assert, assertEquals, assertMatch } from "@std/assert";
import { chatForm } from "../../../src/chat/template/chat_forms.ts";
import { blankChain, extendChain } from "../../../src/state/token_chain.ts";
import { randomKey } from "../../../src/state/state_keys.ts";
import { Vault, type VaultOptions } from "../../../src/state/vault.ts";
import { eventsOf, type Harness, harness } from "../client.ts";
import { byteTokenizer, fakeEngine } from "../fake_engine.ts";

/** Transcripts, audits and texts read anew, over routes and a model of bytes. */

const KEY = randomKey();
const { format } = fakeEngine();
/** Another model's saves: their fingerprint differs. */
const OTHER = { ...format, fingerprint: new Uint8Array(32).fill(0xcd) };

function vaultOf(options: Partial<VaultOptions> = {}): Promise<Vault> {
  return Vault.create({ keys: [KEY], format, audience: "test", ...options });
}

async function serve(
  options: Parameters<typeof harness>[0] = {},
  vault: Partial<VaultOptions> = {},
): Promise<Harness> {
  return harness({ sealer: await vaultOf(vault), ...options });
}

async function post(
  { post }: Harness,
  path: string,
  body: unknown,
  // deno-lint-ignore no-explicit-any
): Promise<any> {
  const response = await post(path, body);
  return { ...await response.json(), status: response.status };
}

const user = (content: string) => ({ role: "user", content });

/** A chat of two turns with a transcript. */
async function chat(here: Harness): Promise<string> {
  const told = await post(here, "/v1/generate", {
    messages: [
      { role: "system", content: " Be  brief. " },
      user("s\n\n\nMy name is Dave"),
    ],
    transcript: true,
  });
  const asked = await post(here, "/v1/generate", {
    messages: [user("Who?")],
    state: told.state,
  });
  return asked.state;
}

const TURNS = [
  { role: "system", text: "Be  brief." },
  { role: "user", text: "s\nMy name is Dave" },
  { role: "assistant", text: "Hello!" },
  { role: "user", text: "Who?" },
  { role: "assistant", text: "Hello!" },
];

Deno.test("a transcript is kept from turn to turn, and told by turns", async () => {
  const here = await serve();
  const state = await chat(here);
  const found = await post(here, "/v1/state/transcript", { state });
  assertEquals(found.turns, TURNS);
  assertEquals(
    found.text,
    "System: Be  brief.\n\nUser: s\nMy name is Dave\n\nAssistant: Hello!\n\n" +
      "User: Who?\n\nAssistant: Hello!\n\n",
  );
  assertEquals(found.position, found.text.length);
});

Deno.test("the words are found in every chat form, thoughts and calls too", async () => {
  for (const name of ["world", "g1", "flower"] as const) {
    const template = chatForm(name);
    const reply = () =>
      name === "flower"
        ? ">Hm, Bob.</think>Bob\n### User"
        : ">\nHm, Bob.\n</think>\nBob";
    const here = await serve({ template, reply, model: `rwkv7-${name}` });
    const thinks = name !== "world";
    const told = await post(here, "/v1/chat/completions", {
      model: `rwkv7-${name}`,
      messages: [
        user("Call me Bob"),
        {
          role: "assistant",
          content: "",
          tool_calls: [{
            id: "c1",
            type: "function",
            function: { name: "store", arguments: '{"name":"Bob"}' },
          }],
        },
        { role: "tool", tool_call_id: "c1", content: '{"ok":true}' },
        user("Who am I?"),
      ],
      tools: [{
        type: "function",
        function: { name: "store", parameters: { type: "object" } },
      }],
      tool_choice: "none",
      ...(thinks && { reasoning_effort: "high" }),
      transcript: true,
    });
    const { turns } = await post(here, "/v1/state/transcript", {
      state: told.state,
    });
    const roles = turns.map(({ role }: { role: string }) => role);
    const head = roles[0] === "tools" ? roles.slice(1) : roles;
    assertEquals(head, [
      "user",
      "assistant",
      "tool",
      "user",
      ...(thinks ? ["thought"] : []),
      "assistant",
    ]);
    const texts = turns.slice(-head.length)
      .map(({ text }: { text: string }) => text);
    assertEquals(texts[0], "Call me Bob");
    assertMatch(texts[1], /"name":"store","arguments":\{"name":"Bob"\}/);
    assertMatch(texts[2], /"ok":\s*true/);
    assertEquals(texts[3], "Who am I?");
    if (thinks) assertEquals(texts.slice(4), ["Hm, Bob.", "Bob"]);
  }
});

Deno.test("an answer that was cut off and goes on is one turn", async () => {
  const here = await serve();
  const first = await post(here, "/v1/generate", {
    messages: [user("Hi")],
    max_tokens: 3,
    transcript: true,
  });
  const more = await serve({ reply: () => "llo!\n\n" });
  const { state } = await post(more, "/v1/generate", {
    prompt: "",
    state: first.state,
  });
  const { turns } = await post(here, "/v1/state/transcript", { state });
  assertEquals(turns, [
    { role: "user", text: "Hi" },
    { role: "assistant", text: "Hello!" },
  ]);
});

Deno.test("texts are told apart from what was written after them", async () => {
  const here = await serve({ reply: () => " upon a time" });
  const { state } = await post(here, "/v1/completions", {
    prompt: "Once",
    transcript: true,
  });
  const { turns } = await post(here, "/v1/state/transcript", { state });
  assertEquals(turns, [
    { role: "text", text: "Once" },
    { role: "continuation", text: " upon a time" },
  ]);
});

Deno.test("an audit recomputes the chain, and finds words that were exchanged", async () => {
  const here = await serve();
  const vault = await vaultOf();
  const state = await chat(here);
  const audit = await post(here, "/v1/state/audit", { state });
  const { text } = await post(here, "/v1/state/transcript", { state });
  const chain = extendChain(blankChain(), byteTokenizer.encode(text)).toHex();
  assertEquals(
    [audit.intact, audit.chain, audit.recomputed, audit.words],
    [true, chain, chain, "checked"],
  );
  assertEquals(audit.model, { fingerprint: "ab".repeat(32), name: "fake" });
  assertEquals(audit.seal.renewals, 1);
  assertMatch(audit.seal.issued, /^20/);

  const save = await vault.open(state);
  const { transcript } = save;
  assert(transcript !== undefined);
  const [dave, bob] = ["Dave", "Burt"].map(byteTokenizer.encode);
  const at = transcript.tokens.findIndex((_, i) =>
    dave.every((token, j) => transcript.tokens[i + j] === token)
  );
  const tokens = transcript.tokens.slice();
  tokens.set(bob, at);
  const words = new Map(transcript.words);
  for (const token of bob) words.set(token, byteTokenizer.bytes(token));
  for (
    const [forged, verdict] of [
      // Other tokens: another chain.
      [{ ...transcript, tokens, words }, "checked"],
      // The same tokens with other words: not the vocabulary's.
      [{
        ...transcript,
        words: new Map(transcript.words)
          .set(dave[0], new TextEncoder().encode("B")),
      }, "wrong"],
    ] as const
  ) {
    const { token } = await vault.seal({ ...save, transcript: forged }, {
      codec: "int8",
    });
    const found = await post(here, "/v1/state/audit", { state: token });
    assertEquals([found.status, found.intact, found.words], [
      200,
      false,
      verdict,
    ]);
  }
});

Deno.test("a state without a transcript says so, and cannot get one later", async () => {
  const here = await serve();
  const { state } = await post(here, "/v1/generate", { prompt: "a" });
  for (const path of ["/v1/state/transcript", "/v1/state/audit"]) {
    const refused = await post(here, path, { state });
    assertEquals([refused.status, refused.code], [422, "ERR_STATE_TRANSCRIPT"]);
  }
  const refused = await post(here, "/v1/generate", {
    prompt: "b",
    state,
    transcript: true,
  });
  assertMatch(refused.detail, /has read \d+ tokens without one/);
  const stream = await here.post("/v1/generate", {
    prompt: "b",
    state,
    transcript: true,
    stream: true,
  });
  assertEquals(stream.status, 422);
});

Deno.test("the server's policy comes before the request's wish", async () => {
  const allow = await serve();
  const state = await chat(allow);
  const never = await serve({ transcripts: "never" });
  const always = await serve({ transcripts: "always" });
  const turn = { prompt: "", max_tokens: 0 };
  const found = async (here: Harness, body: object) => {
    const { status, state } = await post(here, "/v1/generate", body);
    if (status !== 200) return status;
    const inspected = await post(allow, "/v1/state/inspect", { state });
    return inspected.transcript !== undefined;
  };
  assertEquals(await found(allow, { ...turn, state }), true);
  assertEquals(
    await found(allow, { ...turn, state, transcript: false }),
    false,
  );
  assertEquals(await found(never, { ...turn, prompt: "a" }), false);
  assertEquals(await found(never, { ...turn, transcript: true }), 422);
  assertEquals(await found(never, { ...turn, state }), 422);
  assertEquals(
    await found(never, { ...turn, state, transcript: false }),
    false,
  );
  assertEquals(await found(always, { ...turn, prompt: "a" }), true);
  assertEquals(await found(always, { ...turn, transcript: false }), 422);
  const { state: bare } = await post(allow, "/v1/generate", { prompt: "a" });
  assertEquals(await found(always, { ...turn, state: bare }), false);
});

Deno.test("a turn that could outgrow the transcript is refused before it", async () => {
  const here = await serve();
  const long = await post(here, "/v1/generate", {
    prompt: "a".repeat(200_000),
    max_tokens: 65_536,
    transcript: true,
  });
  assertEquals([long.status, long.code], [422, "ERR_STATE_TRANSCRIPT"]);
  assertEquals(here.engine.turns.length, 0);
});

Deno.test("a mix has no transcript, a mix of one keeps it", async () => {
  const here = await serve();
  const state = await chat(here);
  const other = await chat(here);
  const mixed = await post(here, "/v1/state/mix", {
    states: [{ state, weight: 1 }, { state: other, weight: 1 }],
  });
  const one = await post(here, "/v1/state/mix", {
    states: [{ state, weight: 1 }],
  });
  assertEquals(
    [
      (await post(here, "/v1/state/audit", { state: mixed.state })).status,
      (await post(here, "/v1/state/audit", { state: one.state })).intact,
    ],
    [422, true],
  );
});

Deno.test("a state that is made to forget loses the words, one that is taught has more", async () => {
  const here = await serve();
  const state = await chat(here);
  const facts = [{ question: "Who am I?", answer: "Dave" }];
  const taught = await post(here, "/v1/state/teach", {
    state,
    statements: ["I am Bob"],
  });
  const audit = await post(here, "/v1/state/audit", { state: taught.state });
  assertEquals(audit.intact, true);
  const { text } = await post(here, "/v1/state/transcript", {
    state: taught.state,
  });
  assertMatch(text, /Dave[^]*I am Bob/);
  const forgot = await post(here, "/v1/state/forget", { state, facts });
  const refused = await post(here, "/v1/state/transcript", {
    state: forgot.state,
  });
  assertEquals([forgot.status, refused.code], [200, "ERR_STATE_TRANSCRIPT"]);
});

/** A state with a transcript that another model made. */
async function foreign(): Promise<string> {
  return await chat(await serve({}, { format: OTHER }));
}

Deno.test("another model's text is read anew where the request says so, in this model's form", async () => {
  const state = await foreign();
  const template = chatForm("flower");
  const here = await serve({ template, reply: () => "Dave✿" });
  const refused = await post(here, "/v1/generate", {
    messages: [user("Still?")],
    state,
  });
  assertEquals([refused.status, refused.code], [409, "ERR_STATE_MISMATCH"]);
  const found = await post(here, "/v1/generate", {
    messages: [user("Still?")],
    state,
    on_mismatch: "rebase",
  });
  const anew = "System✿Be  brief.✿\nUser✿s\nMy name is Dave✿\nBot✿Hello!✿\n" +
    "User✿Who?✿\nBot✿Hello!✿";
  assertEquals(found.text, "Dave");
  assertEquals(found.rebased.from, "cd".repeat(32));
  assertEquals(
    found.rebased.tokens,
    new TextEncoder().encode(anew).length,
  );
  const next = await post(here, "/v1/state/transcript", {
    state: found.state,
  });
  assertEquals(
    next.text,
    `${anew}\nUser✿Still?✿\nBot✿<think></think>Dave✿`,
  );
  assertEquals(next.turns.slice(0, 5), TURNS);
  // The next turn is native: nothing is read anew.
  const later = await post(here, "/v1/generate", {
    messages: [user("And?")],
    state: found.state,
    on_mismatch: "rebase",
  });
  assertEquals([later.status, later.rebased], [200, undefined]);
});

Deno.test("every route that goes on from a state reads it anew once, if the server is set so", async () => {
  const state = await foreign();
  const asks: readonly (readonly [string, object])[] = [
    ["/v1/chat/completions", { messages: [user("a")], n: 3 }],
    ["/v1/completions", { prompt: "a" }],
    ["/v1/responses", { input: "a" }],
    ["/v1/messages", { messages: [user("a")], max_tokens: 9 }],
    ["/api/chat", { messages: [user("a")], stream: false }],
    ["/api/generate", { prompt: "a", stream: false }],
    ["/completion", { prompt: "a" }],
    ["/slots/0?action=save", {}],
    ["/api/v1/generate", { prompt: "a" }],
    ["/v1/state/branch", { branches: [{ prompt: "a" }, { prompt: "b" }] }],
    ["/v1/state/score", { texts: ["a", "b"] }],
    ["/v1/state/rebase", {}],
  ];
  for (const [path, body] of asks) {
    const here = await serve({ onMismatch: "rebase" });
    const found = await post(here, path, { ...body, state });
    assertEquals([path, found.status], [path, 200]);
    const readings = here.engine.turns.filter(({ maxTokens, prompt }) =>
      maxTokens === 0 && prompt !== ""
    );
    assertEquals([path, readings.length], [path, 1]);
    const report = found.rebased ?? found.branches?.[1].rebased ??
      found.results?.[0].rebased;
    if (path !== "/v1/state/score") {
      assertEquals([path, report?.from], [path, "cd".repeat(32)]);
    }
  }
  const here = await serve({ onMismatch: "rebase" });
  const refused = await post(here, "/v1/generate", {
    prompt: "a",
    state,
    on_mismatch: "refuse",
  });
  assertEquals(refused.status, 409);
  for (
    const [path, body] of [
      ["/v1/state/mix", { states: [{ state, weight: 1 }] }],
      ["/v1/state/diff", { a: state, b: state }],
    ] as const
  ) assertEquals((await post(here, path, body)).status, 409);
});

Deno.test("another model's state without a transcript stays refused, and says why", async () => {
  const there = await serve({}, { format: OTHER });
  const { state } = await post(there, "/v1/generate", { prompt: "a" });
  const here = await serve({ onMismatch: "rebase" });
  const refused = await post(here, "/v1/generate", { prompt: "a", state });
  assertEquals([refused.status, refused.code], [409, "ERR_STATE_MISMATCH"]);
  assertMatch(refused.detail, /no transcript to read again/);
});

Deno.test("reading anew is charged before it is done, and needs what a turn needs", async () => {
  const state = await foreign();
  const here = await serve({ limits: { rate: { tokens: 50 } } });
  const ask = { messages: [user("a")], state, on_mismatch: "rebase" };
  const first = await here.post("/v1/generate", ask);
  assertEquals(first.status, 200);
  const second = await here.post("/v1/generate", ask);
  assertEquals(second.status, 429);
  const full = await serve({
    full: () => {
      throw new Error("Full");
    },
  });
  assertEquals((await full.post("/v1/generate", ask)).status, 500);
  assertEquals(full.engine.turns.length, 0);
});

Deno.test("streams say how far the reading is, then answer", async () => {
  const state = await foreign();
  const here = await serve();
  const { generate } = here.engine;
  // An engine that tells of its reading, as the real one does.
  Object.assign(here.engine, {
    async *generate(...[turn, signal]: Parameters<typeof generate>) {
      if (turn.maxTokens === 0) {
        turn.progress?.(40);
        await new Promise((resolve) => setTimeout(resolve));
      }
      yield* generate(turn, signal);
    },
  });
  const native = await here.post("/v1/generate", {
    messages: [user("a")],
    state,
    on_mismatch: "rebase",
    stream: true,
  });
  const events = eventsOf(await native.text()) as Record<string, unknown>[];
  assertEquals(events[0], { type: "rebase", read: 40, of: 43 });
  assertEquals(events.at(-1)?.["type"], "done");
  assert(events.at(-1)?.["rebased"] !== undefined);
  for (
    const [path, body] of [
      ["/v1/chat/completions", { messages: [user("a")] }],
      ["/v1/completions", { prompt: "a" }],
      ["/v1/responses", { input: "a" }],
      ["/v1/messages", { messages: [user("a")], max_tokens: 9 }],
      ["/api/chat", { messages: [user("a")] }],
      ["/api/generate", { prompt: "a" }],
      ["/completion", { prompt: "a" }],
      ["/api/extra/generate/stream", { prompt: "a" }],
    ] as const
  ) {
    const response = await here.post(path, {
      ...body,
      state,
      on_mismatch: "rebase",
      stream: true,
    });
    const text = await response.text();
    assertMatch(text, /"rebase":\{"read":40,"of":43\}/, path);
    assertMatch(text, /"rebased":\{"from":"cdcd/, path);
  }
});

Deno.test("a text that is not a chat is read anew verbatim", async () => {
  const there = await serve({ reply: () => " a time.\n\nEnd" }, {
    format: OTHER,
  });
  const { state } = await post(there, "/v1/generate", {
    prompt: "Once\n\n upon",
    transcript: true,
  });
  const here = await serve();
  const made = await post(here, "/v1/state/rebase", { state });
  const { text } = await post(here, "/v1/state/transcript", {
    state: made.state,
  });
  assertEquals(made.status, 200);
  assertEquals(text, "Once\n\n upon a time.\n\nEnd");
});
