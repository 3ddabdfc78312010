import { assertEquals, assertMatch } from "@std/assert";
import { eventsOf, harness } from "../client.ts";
import { officialClient } from "./official_client.ts";

const TOOLS = [{
  type: "function" as const,
  function: {
    name: "weather",
    description: "The weather somewhere",
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer" } },
      required: ["city"],
      additionalProperties: false,
    },
  },
}, {
  type: "function" as const,
  function: { name: "now" },
}];
const ASKED = {
  model: "fake",
  messages: [{ role: "user" as const, content: "Weather in Bern?" }],
  tools: TOOLS,
};
const CALL =
  ' ```json\n{"name": "weather", "arguments": {"city": "Bern"}}\n```\n\n';

Deno.test("tools are told to the model, called, and answered to it", async () => {
  const replies = [CALL, " Rain.\n\n"];
  const { openai, engine } = officialClient({
    reply: () => replies.shift() ?? "",
  });
  const first = await openai.chat.completions.create(ASKED);
  const [{ message, finish_reason }] = first.choices;
  assertEquals(finish_reason, "tool_calls");
  assertEquals(message.content, null);
  const [call] = message.tool_calls ?? [];
  if (call?.type !== "function") throw new TypeError("No function was called");
  assertMatch(call.id, /^call_[0-9a-f]{24}$/);
  assertEquals(call.function.name, "weather");
  assertEquals(JSON.parse(call.function.arguments), { city: "Bern" });
  assertEquals(
    engine.turns[0].prompt,
    "System: Tools:\n- weather(city: string, days: integer): The weather " +
      "somewhere\n- now()\nReturn only a JSON function call.\n\n" +
      "User: Weather in Bern?\n\nAssistant:",
  );
  const output = {
    role: "tool" as const,
    tool_call_id: call.id,
    content: '{"sky":"rain"}',
  };
  const second = await openai.chat.completions.create({
    ...ASKED,
    messages: [...ASKED.messages, message, output],
  });
  assertEquals(second.choices[0].message.content, "Rain.");
  assertEquals(second.choices[0].finish_reason, "stop");
  assertMatch(
    `${engine.turns[1]?.prompt}`,
    /Bern\?\n\nAssistant: ```json\n\{"name":"weather","arguments":\{"city":"Bern"\}\}\n```\n\nUser: Function output:\n\{"sky":"rain"\}\n\nAssistant:$/,
  );
});

Deno.test("tools with a state read only what the function gave", async () => {
  const replies = [CALL, " Rain.\n\n"];
  const { post, engine } = harness({ reply: () => replies.shift() ?? "" });
  const path = "/v1/chat/completions";
  const { state, choices } = await (await post(path, ASKED)).json();
  const messages = [
    ...ASKED.messages,
    choices[0].message,
    { role: "tool", tool_call_id: "x", content: "rain" },
  ];
  const response = await post(path, { ...ASKED, messages, state });
  assertEquals(response.status, 200);
  assertEquals(
    engine.turns[1].prompt,
    "User: Function output:\nrain\n\nAssistant:",
  );
});

Deno.test("tools are called in a stream, several at once", async () => {
  const calls = [
    { name: "now", arguments: {} },
    { name: "weather", arguments: { city: "Zürich" } },
  ];
  const { openai } = officialClient({
    reply: () => ` \`\`\`json\n${JSON.stringify(calls)}\n\`\`\`\n\n`,
  });
  const stream = openai.chat.completions.stream(ASKED);
  const { choices: [{ message, finish_reason }] } = await stream
    .finalChatCompletion();
  assertEquals(finish_reason, "tool_calls");
  assertEquals(
    message.tool_calls?.map((call) =>
      call.type === "function" &&
      [call.function.name, JSON.parse(call.function.arguments)]
    ),
    [["now", {}], ["weather", { city: "Zürich" }]],
  );
});

Deno.test("tools that are not called leave the text as it is", async () => {
  for (
    const text of [
      "Hello!",
      "```js\ncode\n```",
      '```json\n{"name": "unknown", "arguments": {}}\n```',
      "```json\n{broken\n```",
      "``",
    ]
  ) {
    const { post } = harness({ reply: () => ` ${text}\n\n` });
    const path = "/v1/chat/completions";
    const { choices } = await (await post(path, ASKED)).json();
    assertEquals(choices[0].message.content, text);
    assertEquals(choices[0].finish_reason, "stop");
    const streamed = await (await post(path, { ...ASKED, stream: true }))
      .text();
    const chunks = eventsOf(streamed.replace("data: [DONE]\n\n", "")) as {
      choices: { delta: { content?: string } }[];
    }[];
    assertEquals(
      chunks.map(({ choices: [{ delta }] }) => delta.content ?? "").join(""),
      text,
    );
  }
});

Deno.test("tools are refused where the request cannot mean them", async () => {
  const { post } = harness();
  for (
    const [more, param] of [
      [
        { tools: [{ type: "web_search" }], tool_choice: "required" },
        "tool_choice",
      ],
      [{ tools: [], tool_choice: "required" }, "tool_choice"],
      [
        { tool_choice: { type: "function", function: { name: "none" } } },
        "tool_choice",
      ],
      [
        { tools: [{ type: "function", function: { name: "a b" } }] },
        "tools.0.function.name",
      ],
    ] as const
  ) {
    const response = await post("/v1/chat/completions", { ...ASKED, ...more });
    const { error } = await response.json();
    assertEquals([response.status, error.param], [400, param]);
  }
  const none = { ...ASKED, tool_choice: "none" };
  const response = await post("/v1/chat/completions", none);
  assertEquals(response.status, 200);
});
