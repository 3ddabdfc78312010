import { assert, assertEquals, assertMatch } from "@std/assert";
import { harness } from "../client.ts";
import { officialClient } from "./official_client.ts";

const ONCE = { model: "fake", prompt: "Once" };
const upon = { reply: () => " upon a time" };

Deno.test("completions have OpenAI's shape and a state on top", async () => {
  const { post } = officialClient(upon);
  const response = await post("/v1/completions", ONCE);
  const { created: _, id, ...answer } = await response.json();
  assertEquals(id, `cmpl-${response.headers.get("x-request-id")}`);
  assertEquals(answer, {
    object: "text_completion",
    model: "fake",
    choices: [{
      text: " upon a time",
      index: 0,
      logprobs: null,
      finish_reason: "length",
    }],
    usage: {
      prompt_tokens: 4,
      completion_tokens: 12,
      total_tokens: 16,
      prompt_tokens_details: { cached_tokens: 0 },
    },
    state: "save..0",
  });
});

Deno.test("completions take a prompt in each of its four forms", async () => {
  const { openai, engine } = officialClient(upon);
  const tokens = engine.tokenizer.encode("Once");
  for (const prompt of ["Once", ["Once"], tokens, [tokens]]) {
    await openai.completions.create({ model: "fake", prompt });
  }
  assertEquals(engine.turns.map(({ prompt }) => prompt), [
    "Once",
    "Once",
    tokens,
    tokens,
  ]);
  const { choices } = await openai.completions.create({
    model: "fake",
    prompt: ["A", "B"],
    n: 2,
  });
  assertEquals(choices.map(({ index }) => index), [0, 1, 2, 3]);
  assertEquals(engine.turns.slice(4).map(({ prompt }) => prompt), [
    "A",
    "A",
    "B",
    "B",
  ]);
});

Deno.test("completions stream, and echo the prompt", async () => {
  const { openai } = officialClient(upon);
  const stream = await openai.completions.create({
    ...ONCE,
    echo: true,
    stream: true,
  });
  const chunks = await Array.fromAsync(stream);
  const texts = chunks.map(({ choices: [choice] }) => choice?.text);
  assertEquals(texts[0], "Once");
  assertEquals(texts.join(""), "Once upon a time");
  assertEquals(chunks.at(-1)?.choices[0]?.finish_reason, "length");
  assertEquals((chunks.at(-1) as { state?: string }).state, "save..0");
});

Deno.test("completions say how likely the tokens were, echoed ones too", async () => {
  const { openai } = officialClient({ reply: () => "b" });
  const { choices: [choice] } = await openai.completions.create({
    model: "fake",
    prompt: "a",
    echo: true,
    logprobs: 2,
  });
  assertEquals(choice?.logprobs, {
    tokens: ["a", "b"],
    token_logprobs: [-98, -99],
    top_logprobs: [{ a: -98, b: -99 }, { b: -99, c: -100 }],
    text_offset: [0, 1],
  });
});

Deno.test("completions only score where nothing is to be written", async () => {
  const { openai } = officialClient();
  const { choices: [choice] } = await openai.completions.create({
    model: "fake",
    prompt: "ab",
    echo: true,
    logprobs: 0,
    max_tokens: 0,
  });
  assertEquals(choice?.text, "ab");
  assertEquals(choice?.logprobs?.token_logprobs, [-98, -99]);
});

Deno.test("completions return the likeliest of best_of", async () => {
  let turn = 0;
  const { openai } = officialClient({
    reply: () => "zya"[turn++ % 3] ?? "",
  });
  const { choices, usage } = await openai.completions.create({
    ...ONCE,
    n: 2,
    best_of: 3,
  });
  assertEquals(choices.map(({ text }) => text), ["a", "y"]);
  assertEquals(usage?.completion_tokens, 3);
});

Deno.test("completions refuse what cannot be", async () => {
  const { post } = officialClient();
  for (
    const [more, param] of [
      [{ best_of: 1, n: 2 }, "best_of"],
      [{ best_of: 2, stream: true }, "best_of"],
      [{ suffix: "end" }, "suffix"],
      [{ prompt: [[9999]] }, "prompt.0.0"],
    ] as const
  ) {
    const response = await post("/v1/completions", { ...ONCE, ...more });
    const { error } = await response.json();
    assertEquals([response.status, error.param], [400, param]);
  }
});

Deno.test("completions go on from a state", async () => {
  const { openai, engine } = officialClient(upon);
  const first = await openai.completions.create(ONCE);
  const { state } = first as { state?: string };
  assert(state !== undefined);
  const more = { model: "fake", prompt: "", state };
  const { usage } = await openai.completions.create(more);
  assertEquals(engine.turns[1]?.save?.position, 16);
  assertEquals(usage?.prompt_tokens_details?.cached_tokens, 16);
});

Deno.test("completions read token ids as they are, and answer for exactly those", async () => {
  const { post, engine } = harness({ reply: () => "!" });
  // Three bytes of U+FEFF, a lone byte of a character, the end of text.
  const prompt = [0xef + 1, 0xbb + 1, 0xbf + 1, 0xe9 + 1, 0, 0x61 + 1];
  for (const given of [prompt, [prompt]]) {
    const response = await post("/v1/completions", {
      prompt: given,
      echo: true,
      logprobs: 1,
      max_tokens: 1,
    });
    const { choices: [choice], usage } = await response.json();
    assertEquals(usage.prompt_tokens, prompt.length);
    assertEquals(choice.text, "\uFEFF\uFFFDa!");
    const { logprobs } = choice;
    assertEquals(logprobs.tokens.length, prompt.length + 1);
    assertEquals(logprobs.tokens.slice(0, 4), [
      "bytes:\\xef",
      "bytes:\\xbb",
      "bytes:\\xbf",
      "bytes:\\xe9",
    ]);
  }
  assertEquals(engine.turns.map(({ prompt, bos }) => ({ prompt, bos })), [
    { prompt, bos: false },
    { prompt, bos: false },
  ]);
});

Deno.test("completions refuse an id that is no token, by its place", async () => {
  const { post } = harness();
  const response = await post("/v1/completions", { prompt: [[1], [2, 257]] });
  assertEquals(response.status, 400);
  assertMatch(
    (await response.json()).error.message,
    /\/prompt\/1\/1: is no token/,
  );
});

Deno.test("a request says how its text begins, and the tokenizer how the model's do", async () => {
  const { post, engine } = harness({ bos: { text: false, chat: true } });
  const messages = [{ role: "user", content: "Hi" }];
  for (
    const [path, body] of [
      ["/v1/completions", { prompt: "Hi" }],
      ["/v1/completions", { prompt: "Hi", bos: true }],
      ["/v1/generate", { prompt: "Hi" }],
      ["/v1/generate", { messages }],
      ["/v1/generate", { messages, bos: false }],
      ["/v1/chat/completions", { messages }],
      ["/v1/chat/completions", { messages, bos: false }],
      ["/v1/responses", { input: "Hi" }],
      ["/v1/responses", { input: "Hi", bos: false }],
    ] as const
  ) assertEquals([path, (await post(path, body)).status], [path, 200]);
  assertEquals(
    engine.turns.map(({ bos }) => bos),
    [false, true, false, true, false, true, false, true, false],
  );
  const tokens = async (body: object) =>
    await (await post("/v1/tokenize", body)).json();
  assertEquals(await tokens({ text: "\uFEFF" }), {
    tokens: [0xf0, 0xbc, 0xc0],
    bos: false,
  });
  assertEquals(
    (await tokens({ text: "a", bos: true })).tokens,
    [0, 0x62],
  );
  const { text } = await (await post("/v1/detokenize", {
    tokens: [0, 0xf0, 0xbc, 0xc0, 0x62],
  })).json();
  assertEquals(text, "\uFEFFa");
});
