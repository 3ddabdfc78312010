/**
 * Functions in every kind of chat form: the model is told of them, calls one beside
 * some text, is given two results in a row, and goes on; with a state and without.
 */

import { assert, assertEquals } from "@std/assert";
import type { ChatTemplate } from "../../src/chat/template/chat_template.ts";
import { chatForm } from "../../src/chat/template/chat_forms.ts";
import { jinjaThread } from "../../src/chat/template/jinja_thread.ts";
import {
  ModelTemplate,
  openTemplate,
} from "../../src/chat/template/model_template.ts";
import { plainTemplate } from "../../src/model/template_source.ts";
import { promptText } from "../../src/text/prompt_pieces.ts";
import { harness } from "./client.ts";
import { byteTokenizer } from "./fake_engine.ts";

const fixture = (name: string) =>
  Deno.readTextFileSync(
    new URL(`../fixtures/templates/${name}.jinja`, import.meta.url),
  );

/** The user and the assistant take turns, or it refuses; it knows no functions. */
const ALTERNATING = `{%- for m in messages %}
{%- if m.role != 'system' and (m.role == 'user') != (loop.index0 % 2 == (1 if messages[0].role == 'system' else 0)) %}
{{- raise_exception('Roles must alternate') }}{%- endif %}
{{- '[' ~ m.role ~ ']' ~ m.content ~ '</s>' }}
{%- endfor %}{%- if add_generation_prompt %}{{- '[assistant]' }}{%- endif %}`;

/** It names tools, and writes nothing that functions gave. */
const FORGETFUL = `{%- if tools %}{{- 'Tools!</s>' }}{%- endif %}
{%- for m in messages if m.role != 'tool' %}
{{- '[' ~ m.role ~ ']' ~ m.content }}
{%- for call in m.tool_calls or [] %}{{- {'name': call.function.name, 'arguments': call.function.arguments} | tojson }}{%- endfor %}
{{- '</s>' }}
{%- endfor %}{%- if add_generation_prompt %}{{- '[assistant]' }}{%- endif %}`;

interface Form {
  readonly name: string;
  readonly template: ChatTemplate | string;
  /** What the model answers at first: a text, and a call beside it. */
  readonly call: string;
  /** What it answers to what functions gave. */
  readonly reply: string;
  /** What it reads: the question, and what functions gave. */
  readonly prompts: readonly [string, string, string];
}

const TOOLS = [{
  type: "function",
  function: { name: "now", parameters: { type: "object" } },
}];
const JSON_TOOL =
  '{"type": "function", "function": {"name": "now", "description": "", "parameters": {"type": "object"}}}';
const WORDS = "Tools:\n- now()\nReturn only a JSON function call.";

const FORMS: readonly Form[] = [
  {
    name: "world",
    template: chatForm("world"),
    call: ' Wait.\n```json\n{"name": "now", "arguments": {}}\n```\n\n',
    reply: " Noon.\n\n",
    prompts: [
      `System: ${WORDS}\n\nUser: Time?\n\nAssistant:`,
      "User: Function output:\nnoon\n\nUser: Function output:\nlate\n\nAssistant:",
      "User: Bye.\n\nAssistant:",
    ],
  },
  {
    name: "flower",
    template: chatForm("flower"),
    call:
      'Wait.\n**Tool Call:**\n```json\n{"name": "now", "arguments": {}}\n```\n### User',
    reply: "Noon.\n### User",
    prompts: [
      '### System\n### `now`\n**Parameters:**\n```json\n{\n  "type": "object"\n}\n```\n' +
      "A call of a tool is written like this:\n**Tool Call:**\n```json\n" +
      '{"name": "NAME", "arguments": {"KEY": "VALUE"}}\n```\n' +
      "### User\nTime?\n### Assistant\n<think></think>",
      '\n### Tool Output\n```json\n"noon"\n```\n' +
      '### Tool Output\n```json\n"late"\n```\n### Assistant\n<think></think>',
      "\n### User\nBye.\n### Assistant\n<think></think>",
    ],
  },
  {
    name: "sections, in Jinja",
    template: fixture("sections"),
    call:
      '>Wait.\n**Tool Call:**\n```json\n{\n  "name": "now",\n  "arguments": {}\n}\n```\n### User',
    reply: ">Noon.\n### User",
    prompts: [
      '### System\n### `now`\n```json\n{\n  "type": "object"\n}\n```\n' +
      "### User\nTime?\n### Assistant\n<think></think",
      '\n### Tool Output\n```json\n"noon"\n```\n' +
      '### Tool Output\n```json\n"late"\n```\n### Assistant\n<think></think',
      "\n### User\nBye.\n### Assistant\n<think></think",
    ],
  },
  {
    name: "tags, in Jinja",
    template: fixture("hermes"),
    call:
      'Wait.\n<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call><|im_end|>',
    reply: "Noon.<|im_end|>",
    prompts: [
      `<|im_start|>system\n<tools>\n${JSON_TOOL}\n</tools><|im_end|>\n` +
      "<|im_start|>user\nTime?<|im_end|>\n<|im_start|>assistant\n",
      "\n<|im_start|>user\n<tool_response>\nnoon\n</tool_response>" +
      "\n<tool_response>\nlate\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
      "\n<|im_start|>user\nBye.<|im_end|>\n<|im_start|>assistant\n",
    ],
  },
  ...[["no functions, roles alternate", ALTERNATING], [
    "functions whose results it forgets",
    FORGETFUL,
  ]].map(([name = "", template = ""]): Form => ({
    name,
    template,
    call: 'Wait.\n```json\n{"name": "now", "arguments": {}}\n```</s>',
    reply: "Noon.</s>",
    prompts: [
      `[system]${WORDS}</s>[user]Time?</s>[assistant]`,
      "[user]Function output:\nnoon\nFunction output:\nlate</s>[assistant]",
      "[user]Bye.</s>[assistant]",
    ],
  })),
];

interface Opened extends Disposable {
  readonly template: ChatTemplate;
}

async function opened(given: ChatTemplate | string): Promise<Opened> {
  if (typeof given !== "string") {
    return { template: given, [Symbol.dispose]() {} };
  }
  const found = await openTemplate(plainTemplate(given, "test"), {
    jinja: jinjaThread(),
    tokenizer: byteTokenizer,
  });
  assert(found instanceof ModelTemplate);
  return { template: found, [Symbol.dispose]: () => found.close() };
}

const ASKED = [{ role: "user", content: "Time?" }];
const GAVE = ["noon", "late"].map((content) => ({
  role: "tool",
  tool_call_id: "call_1",
  content,
}));

for (const { name, template, call, reply, prompts } of FORMS) {
  Deno.test(`tools are told, called beside a text, answered twice and gone on from: ${name}`, async () => {
    using open = await opened(template);
    const replies = [call, reply, reply];
    const { post, engine } = harness({
      template: open.template,
      reply: () => replies.shift() ?? "",
    });
    const chat = async (body: object) =>
      await (await post("/v1/chat/completions", { tools: TOOLS, ...body }))
        .json();
    const first = await chat({ messages: ASKED });
    const [{ message, finish_reason }] = first.choices;
    assertEquals(finish_reason, "tool_calls");
    assertEquals(message.content, "Wait.");
    assertEquals(
      message.tool_calls.map(({ function: made }: { function: unknown }) =>
        made
      ),
      [{ name: "now", arguments: "{}" }],
    );
    const messages = [...ASKED, message, ...GAVE];
    const second = await chat({ messages, state: first.state });
    assertEquals(second.choices[0].message.content, "Noon.");
    const last = [
      ...messages,
      second.choices[0].message,
      { role: "user", content: "Bye." },
    ];
    const third = await chat({ messages: last, state: second.state });
    assertEquals(third.choices[0].message.content, "Noon.");
    const read = engine.turns.map(({ prompt }) =>
      promptText(prompt, byteTokenizer)
    );
    assertEquals(read, [...prompts]);
    // All of it at once says the same, with the answers where they were given.
    await chat({ messages: last });
    const whole = promptText(engine.turns.at(-1)?.prompt ?? "", byteTokenizer);
    assert(whole.startsWith(prompts[0].replace(/<think>.*$/, "")), whole);
    assert(whole.endsWith(prompts[2].trimStart()), whole);
    const [wait, noon, late] = ["Wait.", "noon", "late"]
      .map((text) => whole.indexOf(text));
    assert(wait > 0 && wait < noon && noon < late, whole);
    assert(/"now"/.test(whole.slice(wait, noon)), whole);
  });
}

for (
  const { name, template, prompts } of FORMS.filter(({ name }) =>
    /Jinja/.test(name)
  )
) {
  Deno.test(`tools that have to be called are, in the frame of the form: ${name}`, async () => {
    using open = await opened(template);
    const { post, engine } = harness({
      template: open.template,
      // As the engine reads it: what ends the turn stands for the end of text.
      reply: () =>
        `{"name": "now", "arguments": {}}${open.template.calls.after}${open.template.end}`,
    });
    const body = { messages: ASKED, tools: TOOLS, tool_choice: "required" };
    const path = "/v1/chat/completions";
    const { choices, state } = await (await post(path, body)).json();
    assertEquals(choices[0].finish_reason, "tool_calls");
    const before = open.template.calls.before;
    const prompt = promptText(engine.turns[0]?.prompt ?? "", byteTokenizer);
    assert(prompt.endsWith(before), prompt);
    assert(!/<\/think(?!>)/.test(prompt), prompt);
    const messages = [...ASKED, choices[0].message, ...GAVE];
    await post(path, { ...body, messages, state, tool_choice: "auto" });
    assertEquals(
      promptText(engine.turns[1]?.prompt ?? "", byteTokenizer),
      prompts[1],
    );
  });
}

Deno.test("results of functions are read where a request no longer names the functions", async () => {
  using open = await opened(fixture("sections"));
  const { post, engine } = harness({
    template: open.template,
    reply: () => ">Yo\n### User",
  });
  const path = "/v1/chat/completions";
  const { state } = await (await post(path, { messages: ASKED, tools: TOOLS }))
    .json();
  const response = await post(path, { messages: GAVE, state });
  assertEquals(response.status, 200);
  assertEquals(
    promptText(engine.turns[1]?.prompt ?? "", byteTokenizer),
    FORMS[2]?.prompts[1],
  );
});

Deno.test("responses keep a text beside calls, whole and streamed", async () => {
  const reply = FORMS[0]?.call ?? "";
  const { post } = harness({ reply: () => reply });
  const tools = [{ type: "function", name: "now", parameters: null }];
  const body = { input: "Time?", tools };
  const whole = await (await post("/v1/responses", body)).json();
  const kinds = (output: readonly { type: string }[]) =>
    output.map(({ type }) => type);
  const expected = ["message", "function_call", "reasoning"];
  assertEquals(kinds(whole.output), expected);
  assertEquals(whole.output[0].content[0].text, "Wait.");
  const events = (await (await post("/v1/responses", { ...body, stream: true }))
    .text()).split("\n").filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)));
  assertEquals(kinds(events.at(-1).response.output), expected);
  assertEquals(
    events.filter(({ type }) => type === "response.output_item.done")
      .map(({ output_index, item }) => [output_index, item.type]),
    expected.map((type, i) => [i, type]),
  );
  assertEquals(
    events.map(({ type, delta }) =>
      type === "response.output_text.delta" ? delta : ""
    ).join(""),
    "Wait.",
  );
});
