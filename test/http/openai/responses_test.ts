import { assert, assertEquals, assertMatch } from "@std/assert";
import { officialClient } from "./official_client.ts";

const HI = { model: "fake", input: "Hi" };

Deno.test("responses have OpenAI's shape", async () => {
  const { openai, engine } = officialClient();
  const response = await openai.responses.create(HI);
  assertEquals(response.object, "response");
  assertEquals(response.status, "completed");
  assertEquals(response.output_text, "Hello!");
  assertEquals(response.output.map(({ type }) => type), [
    "message",
    "reasoning",
  ]);
  assertEquals(
    response.usage,
    {
      input_tokens: 20,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 9,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 29,
    } as typeof response.usage,
  );
  assertEquals(engine.turns[0]?.prompt, "User: Hi\n\nAssistant:");
});

Deno.test("responses go on from previous_response_id, which is the state", async () => {
  const { openai, engine } = officialClient();
  const first = await openai.responses.create(HI);
  assertEquals(first.id, "resp_save..0");
  await openai.responses.create({
    ...HI,
    input: "Who are you?",
    previous_response_id: first.id,
  });
  assertEquals(engine.turns[1]?.save?.position, 29);
  assertEquals(engine.turns[1]?.prompt, "User: Who are you?\n\nAssistant:");
});

Deno.test("responses carry the state in the items of a client that keeps them", async () => {
  const { openai, engine } = officialClient();
  const input: OpenAIInput = [{ role: "user", content: "Hi" }];
  const first = await openai.responses.create({
    model: "fake",
    input,
    store: false,
    include: ["reasoning.encrypted_content"],
  });
  assertMatch(first.id, /^resp_[\da-f-]{36}$/);
  await openai.responses.create({
    model: "fake",
    input: [...input, ...first.output as OpenAIInput, {
      role: "user",
      content: "And?",
    }],
    store: false,
  });
  assertEquals(engine.turns[1]?.prompt, "User: And?\n\nAssistant:");
  assertEquals(engine.turns[1]?.save?.position, 29);
});

Deno.test("responses read instructions and the whole input without a state", async () => {
  const { openai, engine } = officialClient();
  await openai.responses.create({
    model: "fake",
    instructions: "Be brief.",
    input: [
      { role: "user", content: [{ type: "input_text", text: "Hi" }] },
      { role: "assistant", content: "Hello!" },
      { role: "user", content: "And?" },
    ],
  });
  assertEquals(
    engine.turns[0]?.prompt,
    "System: Be brief.\n\nUser: Hi\n\nAssistant: Hello!\n\nUser: And?\n\nAssistant:",
  );
});

Deno.test("responses stream OpenAI's events in their order", async () => {
  const { openai } = officialClient({ reply: () => " Hi\n\n" });
  const stream = await openai.responses.create({ ...HI, stream: true });
  const events = await Array.fromAsync(stream);
  assertEquals(events.map(({ type }) => type), [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.output_item.added",
    "response.output_item.done",
    "response.completed",
  ]);
  assertEquals(
    events.map(({ sequence_number }) => sequence_number),
    events.map((_, i) => i),
  );
  const last = events.at(-1);
  assert(last?.type === "response.completed");
  assertEquals((last.response as { state?: string }).state, "save..0");
});

Deno.test("responses keep one id in a stream whose ids hold no state, and carry it in an item", async () => {
  const { openai, engine } = officialClient();
  const request = { ...HI, state_in: "answer" };
  const final = await openai.responses.stream(request).finalResponse();
  assertEquals(final.output_text, "Hello!");
  assertMatch(final.id, /^resp_[\da-f-]{36}$/);
  const next = [
    ...final.output as OpenAIInput,
    { role: "user" as const, content: "And?" },
  ];
  await openai.responses.create({ model: "fake", input: next });
  assertEquals(engine.turns[1]?.save?.position, 29);
});

Deno.test("responses say that the id of a stream holds no state, and what does", async () => {
  const { post } = officialClient();
  const response = await post("/v1/responses", {
    ...HI,
    previous_response_id: `resp_${crypto.randomUUID()}`,
  });
  const { error } = await response.json();
  assertEquals([response.status, error.code], [400, "ERR_STATE_UNREADABLE"]);
  assertMatch(error.message, /stream.*its field state/);
});

Deno.test("responses that were cut say so", async () => {
  const { openai } = officialClient();
  const response = await openai.responses.create({
    ...HI,
    max_output_tokens: 2,
  });
  assertEquals(response.status, "incomplete");
  assertEquals(response.incomplete_details?.reason, "max_output_tokens");
});

Deno.test("responses refuse what they cannot do by name", async () => {
  const { post } = officialClient();
  for (
    const [more, param] of [
      [{ tool_choice: { type: "web_search" } }, "tool_choice.type"],
      [{ background: true }, "background"],
      [{ text: { format: { type: "xml" } } }, "text.format.type"],
      [{ input: "" }, "input"],
    ] as const
  ) {
    const response = await post("/v1/responses", { ...HI, ...more });
    const { error } = await response.json();
    assertEquals([response.status, error.param], [400, param]);
  }
});

Deno.test("responses show a thought as a reasoning item", async () => {
  const { openai } = officialClient({
    model: "rwkv7-g1d-0.4b",
    reply: () => ">Two and two</think>Four.\n\nUser:",
  });
  const { output_text, output } = await openai.responses.create({
    model: "rwkv7-g1d-0.4b",
    input: "2 + 2?",
    reasoning: { effort: "medium" },
  });
  assertEquals(output_text, "Four.");
  const thought = output.find(({ type }) => type === "reasoning");
  assert(thought?.type === "reasoning");
  assertEquals(thought.content?.[0]?.text, "Two and two");
});

Deno.test("responses say how likely tokens were, whole and in a stream", async () => {
  const { openai } = officialClient();
  const asked = {
    ...HI,
    include: ["message.output_text.logprobs" as const],
    top_logprobs: 2,
  };
  const { output: [message] } = await openai.responses.create(asked);
  assert(message?.type === "message");
  const [part] = message.content;
  assert(part?.type === "output_text");
  assertEquals(part.logprobs?.map(({ token }) => token).join(""), " Hello!");
  assert(part.logprobs?.every(({ top_logprobs }) => top_logprobs.length === 2));
  const stream = openai.responses.stream(asked);
  const tokens = (await Array.fromAsync(stream)).flatMap((event) =>
    event.type === "response.output_text.delta" ? event.logprobs : []
  );
  assertEquals(tokens.map(({ token }) => token).join(""), " Hello!");
});

type OpenAIInput = NonNullable<
  Exclude<
    Parameters<
      ReturnType<typeof officialClient>["openai"]["responses"]["create"]
    >[0]["input"],
    string
  >
>;
