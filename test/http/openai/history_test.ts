/**
 * History is data: whatever a model or another server wrote is read, and what a
 * state was never told is told.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { harness } from "../client.ts";

const CHAT = "/v1/chat/completions";
const RESPONSES = "/v1/responses";
const call = (given: string) => ({
  id: "call_1",
  type: "function",
  function: { name: "now", arguments: given },
});
const tool = (name: string) => ({ type: "function", function: { name } });
const TOLD = (...names: string[]) =>
  `Tools:\n${names.map((name) => `- ${name}()\n`).join("")}` +
  "Return only a JSON function call.";

const PASTS: [name: string, message: object, read: string][] = [
  [
    "a malformed call",
    { content: null, tool_calls: [call('{"a": 1')] },
    '```json\n{"name":"now","arguments":"{\\"a\\": 1"}\n```',
  ],
  [
    "arguments that are no object",
    { content: "", tool_calls: [call("[1]")] },
    '```json\n{"name":"now","arguments":[1]}\n```',
  ],
  [
    "text beside a call",
    { content: "Let me look.", tool_calls: [call("{}")] },
    'Let me look.\n```json\n{"name":"now","arguments":{}}\n```',
  ],
  [
    "a call in the older form",
    { content: null, function_call: { name: "now", arguments: "{}" } },
    '```json\n{"name":"now","arguments":{}}\n```',
  ],
  [
    "a thought",
    { content: "Noon.", reasoning_content: "It is\n\nlate." },
    "<think>\nIt is\nlate.\n</think>\nNoon.",
  ],
  ["a refusal", { content: null, refusal: "No." }, "No."],
];

for (const [name, message, read] of PASTS) {
  Deno.test(`chat completions read ${name} in the history`, async () => {
    const { post, engine } = harness();
    const response = await post(CHAT, {
      messages: [
        { role: "user", content: "Hi" },
        { role: "assistant", ...message },
        { role: "tool", tool_call_id: "call_1", content: "noon" },
      ],
    });
    assertEquals(response.status, 200);
    assertEquals(
      engine.turns[0].prompt,
      `User: Hi\n\nAssistant: ${read}\n\n` +
        "User: Function output:\nnoon\n\nAssistant:",
    );
  });
}

Deno.test("responses read text, thoughts and malformed calls in the history", async () => {
  const { post, engine } = harness();
  await post(RESPONSES, {
    input: [
      { role: "user", content: "Hi" },
      {
        type: "reasoning",
        summary: [],
        content: [{ type: "reasoning_text", text: "Hm" }],
      },
      { role: "assistant", content: "Let me look." },
      { type: "function_call", call_id: "1", name: "now", arguments: "{" },
      {
        type: "custom_tool_call",
        call_id: "2",
        name: "patch",
        input: "*** Begin",
      },
      { type: "function_call_output", call_id: "1", output: "noon" },
      { type: "custom_tool_call_output", call_id: "2", output: "done" },
    ],
  });
  assertEquals(
    engine.turns[0].prompt,
    "User: Hi\n\nAssistant: <think>\nHm\n</think>\nLet me look.\n```json\n" +
      '[{"name":"now","arguments":"{"},{"name":"patch","arguments":"*** Begin"}]' +
      "\n```\n\nUser: Function output:\nnoon\n\n" +
      "User: Function output:\ndone\n\nAssistant:",
  );
});

Deno.test("a state that was never told of tools, or of others, is told of them", async () => {
  const { post, engine } = harness();
  const user = (content: string) => ({ role: "user", content });
  const system = { role: "system", content: "Be brief." };
  const turn = async (body: object) => {
    const answer = await post(CHAT, body);
    assertEquals(answer.status, 200);
    return (await answer.json()).state;
  };
  let state = await turn({ messages: [system, user("1")] });
  const past = [system, user("0"), { role: "assistant", content: "x" }];
  for (
    const [text, tools, head] of [
      ["2", [tool("now")], `System: Be brief.\n${TOLD("now")}\n\n`],
      ["3", [tool("now")], ""],
      [
        "4",
        [tool("now"), tool("later")],
        `System: Be brief.\n${TOLD("now", "later")}\n\n`,
      ],
      ["5", [tool("now"), tool("later")], ""],
    ] as const
  ) {
    state = await turn({ messages: [...past, user(text)], tools, state });
    assertEquals(
      engine.turns.at(-1)?.prompt,
      `${head}User: ${text}\n\nAssistant:`,
    );
  }
  // A tool that has to be called now is one of those told before.
  state = await turn({
    messages: [...past, user("6")],
    tools: [tool("now"), tool("later")],
    tool_choice: { type: "function", function: { name: "now" } },
    state,
    max_tokens: 1,
  });
  assertEquals(
    engine.turns.at(-1)?.prompt,
    "User: 6\n\nAssistant: ```json\n",
  );
});

Deno.test("instructions that a state was never told are told, others are not read twice", async () => {
  const { post, engine } = harness();
  let previous_response_id: string | undefined;
  for (
    const [input, instructions, head] of [
      ["1", "Be brief.", "System: Be brief.\n\n"],
      ["2", "Be brief.", ""],
      ["3", undefined, ""],
      ["4", "Be kind.", "System: Be kind.\n\n"],
      ["5", "Be kind.", ""],
    ]
  ) {
    const answer = await post(RESPONSES, {
      input,
      instructions,
      previous_response_id,
    });
    previous_response_id = (await answer.json()).id;
    assertEquals(
      engine.turns.at(-1)?.prompt,
      `${head}User: ${input}\n\nAssistant:`,
    );
  }
});

Deno.test("a state of the native route knows what its system said", async () => {
  const { post, engine } = harness();
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hi" },
  ];
  const { state } = await (await post("/v1/generate", { messages })).json();
  await post(CHAT, { messages: [...messages, ...messages.slice(1)], state });
  assertEquals(
    engine.turns[1].prompt,
    "User: Hi\n\nUser: Hi\n\nAssistant:",
  );
});

Deno.test("tools that are not allowed are neither told nor called", async () => {
  const { post, engine } = harness({
    reply: () => ' ```json\n{"name": "later", "arguments": {}}\n```\n\n',
  });
  const answer = await post(CHAT, {
    messages: [{ role: "user", content: "Hi" }],
    tools: [tool("now"), tool("later")],
    tool_choice: {
      type: "allowed_tools",
      allowed_tools: { mode: "auto", tools: [tool("now")] },
    },
  });
  const { choices: [choice] } = await answer.json();
  assertEquals(choice.finish_reason, "stop");
  assertEquals(
    engine.turns[0].prompt,
    `System: ${TOLD("now")}\n\nUser: Hi\n\nAssistant:`,
  );
});

Deno.test("a tool without a schema is called with an object", async () => {
  const { post, engine } = harness({ reply: () => "" });
  for (const parameters of [{}, null, undefined]) {
    const response = await post(CHAT, {
      messages: [{ role: "user", content: "Hi" }],
      tools: [{ type: "function", function: { name: "now", parameters } }],
      tool_choice: "required",
    });
    assertEquals(response.status, 200, await response.text());
    const { constraint } = engine.turns.at(-1) ?? {};
    const text = '{"name": "now", "arguments": ';
    const bytes = [...new TextEncoder().encode(text)];
    for (const byte of bytes) await constraint?.accept(byte + 1);
    const mask = constraint?.mask;
    const allows = (letter: string) => {
      const token = letter.charCodeAt(0) + 1;
      return ((mask?.[token >> 5] ?? 0) >>> (token & 31)) & 1;
    };
    assertEquals([allows("{"), allows("4"), allows('"')], [1, 0, 0]);
  }
});
