import { assert, assertEquals } from "@std/assert";
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
  assertEquals(engine.turns.map(({ prompt }) => prompt), Array(4).fill("Once"));
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
