import { assert, assertEquals, assertMatch } from "@std/assert";
import { harness } from "../client.ts";
import { officialClient } from "./official_client.ts";

const TOOLS = [{
  type: "function" as const,
  name: "weather",
  description: "The weather somewhere",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: true,
}, {
  type: "function" as const,
  name: "now",
  parameters: null,
  strict: null,
}];
const ASKED = { model: "fake", input: "Weather in Bern?", tools: TOOLS };
const TOLD =
  "System: Tools:\n- weather(city: string): The weather somewhere\n" +
  "- now()\nReturn only a JSON function call.\n\n";
const CALL =
  ' ```json\n{"name": "weather", "arguments": {"city": "Bern"}}\n```\n\n';
const BOTH = `[{"name": "now", "arguments": {}}, ` +
  `{"name": "weather", "arguments": {"city": "Zürich"}}]`;

function replying(...replies: string[]) {
  return officialClient({ reply: () => replies.shift() ?? "" });
}

Deno.test("responses call a function, and go on from previous_response_id", async () => {
  const { openai, engine } = replying(CALL, " Rain.\n\n");
  const first = await openai.responses.create(ASKED);
  const [call] = first.output;
  assert(call?.type === "function_call");
  assertMatch(call.call_id, /^call_[\da-f]{24}$/);
  assertEquals([call.name, JSON.parse(call.arguments), call.status], [
    "weather",
    { city: "Bern" },
    "completed",
  ]);
  assertEquals(first.output_text, "");
  assertEquals([first.tool_choice, first.tools.length], ["auto", 2]);
  assertEquals(
    engine.turns[0].prompt,
    `${TOLD}User: Weather in Bern?\n\nAssistant:`,
  );
  const second = await openai.responses.create({
    ...ASKED,
    previous_response_id: first.id,
    input: [{
      type: "function_call_output",
      call_id: call.call_id,
      output: '{"sky":"rain"}',
    }],
  });
  assertEquals(second.output_text, "Rain.");
  assertEquals(
    engine.turns[1].prompt,
    'User: Function output:\n{"sky":"rain"}\n\nAssistant:',
  );
});

Deno.test("responses carry the state through a call in the items of a client", async () => {
  const { openai, engine } = replying(CALL, " Rain.\n\n");
  const input: OpenAIInput = [{ role: "user", content: "Weather in Bern?" }];
  const asked = {
    ...ASKED,
    store: false,
    include: ["reasoning.encrypted_content" as const],
  };
  const { output } = await openai.responses.create({ ...asked, input });
  assertEquals(output.map(({ type }) => type), ["function_call", "reasoning"]);
  const [call] = output;
  assert(call?.type === "function_call");
  const { call_id } = call;
  const gave = { type: "function_call_output" as const, call_id };
  const next = [...input, ...output as OpenAIInput, {
    ...gave,
    output: [{ type: "input_text" as const, text: "rain" }],
  }];
  await openai.responses.create({ ...asked, input: next });
  assertEquals(
    engine.turns[1].prompt,
    "User: Function output:\nrain\n\nAssistant:",
  );
  assert((engine.turns[1].save?.position ?? 0) > 0);
});

Deno.test("responses read calls and what they gave without a state", async () => {
  const { openai, engine } = replying(" It rains.\n\n");
  const call = (name: string, given: string) => ({
    type: "function_call" as const,
    call_id: name,
    name,
    arguments: given,
  });
  const gave = (call_id: string, output: string) => ({
    type: "function_call_output" as const,
    call_id,
    output,
  });
  await openai.responses.create({
    ...ASKED,
    instructions: "Be brief.",
    input: [
      { role: "user", content: "Weather, time?" },
      call("now", "{}"),
      call("weather", '{"city":"Bern"}'),
      gave("now", "noon"),
      gave("weather", "rain"),
    ],
  });
  assertEquals(
    engine.turns[0].prompt,
    TOLD.replace("System: ", "System: Be brief.\n") +
      "User: Weather, time?\n\nAssistant: ```json\n" +
      '[{"name":"now","arguments":{}},{"name":"weather","arguments":{"city":"Bern"}}]' +
      "\n```\n\nUser: Function output:\nnoon\n\n" +
      "User: Function output:\nrain\n\nAssistant:",
  );
});

Deno.test("responses stream calls in OpenAI's events", async () => {
  const { openai } = replying(` \`\`\`json\n${BOTH}\n\`\`\`\n\n`);
  const stream = openai.responses.stream(ASKED);
  const events = await Array.fromAsync(stream);
  const one = [
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
  ];
  assertEquals(events.map(({ type }) => type), [
    "response.created",
    "response.in_progress",
    ...one,
    ...one,
    "response.output_item.added",
    "response.output_item.done",
    "response.completed",
  ]);
  assertEquals(
    events.map(({ sequence_number }) => sequence_number),
    events.map((_, i) => i),
  );
  const { output } = await stream.finalResponse();
  assertEquals(
    output.flatMap((item) =>
      item.type === "function_call"
        ? [[item.name, JSON.parse(item.arguments)]]
        : []
    ),
    [["now", {}], ["weather", { city: "Zürich" }]],
  );
});

Deno.test("responses with tools stream text that is no call as text", async () => {
  const { openai } = replying(" ```js\ncode\n```\n\n");
  const stream = openai.responses.stream(ASKED);
  const events = await Array.fromAsync(stream);
  const deltas = events.flatMap((event) =>
    event.type === "response.output_text.delta" ? [event.delta] : []
  );
  assertEquals(deltas.join(""), "```js\ncode\n```");
  const { output_text } = await stream.finalResponse();
  assertEquals(output_text, "```js\ncode\n```");
});

Deno.test("responses refuse tools that they cannot mean", async () => {
  const { post } = harness();
  for (
    const [more, param] of [
      [
        { tools: [{ type: "web_search" }], tool_choice: "required" },
        "tool_choice",
      ],
      [{ tools: [{ type: "function", name: "a b" }] }, "tools.0.name"],
      [{ tools: [], tool_choice: "required" }, "tool_choice"],
      [{ tool_choice: { type: "function", name: "no" } }, "tool_choice"],
      [{
        input: [{ type: "function_call", call_id: "a", arguments: "{" }],
      }, "input.0.name"],
    ] as const
  ) {
    const response = await post("/v1/responses", { ...ASKED, ...more });
    const { error } = await response.json();
    assertEquals([response.status, error.param], [400, param]);
  }
});

type OpenAIInput = Exclude<
  NonNullable<
    Parameters<
      ReturnType<typeof officialClient>["openai"]["responses"]["create"]
    >[0]["input"]
  >,
  string
>;
