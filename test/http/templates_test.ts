/**
 * Every route that takes turns, with every kind of chat template, on the first, the
 * second and the third turn of one conversation.
 */

import { assert, assertEquals } from "@std/assert";
import type { ChatTemplate } from "../../src/chat/template/chat_template.ts";
import { chatForm } from "../../src/chat/template/chat_forms.ts";
import { jinjaThread } from "../../src/chat/template/jinja_thread.ts";
import {
  ModelTemplate,
  openTemplate,
} from "../../src/chat/template/model_template.ts";
import {
  plainTemplate,
  readTokenizerConfig,
  type TemplateSource,
} from "../../src/model/template_source.ts";
import { promptText } from "../../src/text/prompt_pieces.ts";
import { harness } from "./client.ts";
import { byteTokenizer } from "./fake_engine.ts";

const fixture = (name: string) =>
  Deno.readTextFileSync(
    new URL(`../fixtures/templates/${name}`, import.meta.url),
  );

const CHATML = `{%- for m in messages %}
{{- '<|im_start|>' ~ m.role ~ '\n' ~ m.content ~ '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}`;

/** As templates of thinking models do: the last answer has a thought, earlier none. */
const LAST_THINKS = `{%- for m in messages %}
{{- '<|im_start|>' ~ m.role ~ '\n' }}
{%- if m.role == 'assistant' and loop.last %}{{- '<think>\n\n</think>\n\n' }}{%- endif %}
{{- m.content.split('</think>')[-1].lstrip('\n') ~ '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}
{%- if not enable_thinking %}{{- '<think>\n\n</think>\n\n' }}{%- endif %}{%- endif %}`;

/** Turns are joined: the last has no end of its own. */
const JOINED = `{%- set out = namespace(parts=[]) %}
{%- for m in messages %}
{%- set out.parts = out.parts + [{'system': 'System', 'user': 'User', 'assistant': 'Assistant'}[m.role] ~ ': ' ~ m.content] %}
{%- endfor %}
{%- if add_generation_prompt %}{%- set out.parts = out.parts + ['Assistant: <think></think'] %}{%- endif %}
{{- out.parts | join('\n\n') }}`;

/** Turns end with the token that ends texts, by whatever name. */
const ENDED_BY_EOS = `{%- for m in messages %}
{{- m.role ~ ': ' ~ m.content ~ (eos_token if m.role == 'assistant' else '\n') }}
{%- endfor %}{%- if add_generation_prompt %}{{- 'assistant: ' }}{%- endif %}`;

/** It wants to be told who it is. */
const SYSTEM_FIRST = `{%- if messages[0].role != 'system' %}
{{- raise_exception('A system message comes first') }}{%- endif %}${CHATML}`;

interface Case {
  readonly name: string;
  readonly template: TemplateSource | ChatTemplate;
  /** The prompts of three turns. */
  readonly prompts: readonly [string, string, string];
  /** What the model writes; `Yo` by default. */
  readonly reply: string;
  readonly system?: boolean;
}

const plain = (source: string) => plainTemplate(source, "test");

const CASES: readonly Case[] = [
  {
    name: "the generation prompt skips a thought",
    template: plain(fixture("thinking.jinja")),
    prompts: [
      "User: Hi\n\nAssistant: <think>\n</think>",
      "User: More?\n\nAssistant: <think>\n</think>",
      "User: Bye.\n\nAssistant: <think>\n</think>",
    ],
    reply: "\nYo\n\n",
  },
  {
    name: "as llama.cpp writes it into its files",
    template: plain(fixture("llama.jinja")),
    prompts: [
      "User: Hi\n\nAssistant: <think>\n</think>",
      "User: More?\n\nAssistant: <think>\n</think>",
      "User: Bye.\n\nAssistant: <think>\n</think>",
    ],
    reply: " Yo\n\n",
  },
  {
    name: "as rwkv-rs publishes it",
    template: plain(fixture("sections.jinja")),
    prompts: [
      "User✿Hi✿\nBot✿<think></think",
      "\nUser✿More?✿\nBot✿<think></think",
      "\nUser✿Bye.✿\nBot✿<think></think",
    ],
    reply: ">Yo✿",
  },
  {
    name: "flowers, in Jinja",
    template: plain(fixture("flower.jinja")),
    prompts: [
      "User✿Hi✿\nBot✿<think></think>",
      "\nUser✿More?✿\nBot✿<think></think>",
      "\nUser✿Bye.✿\nBot✿<think></think>",
    ],
    reply: "Yo✿",
  },
  {
    name: "flowers, built in",
    template: chatForm("flower"),
    prompts: [
      "User✿Hi✿\nBot✿<think></think>",
      "\nUser✿More?✿\nBot✿<think></think>",
      "\nUser✿Bye.✿\nBot✿<think></think>",
    ],
    reply: "Yo✿",
  },
  ...(["world", "g1"] as const).map((name): Case => ({
    name: `${name}, built in`,
    template: chatForm(name),
    prompts: [
      "User: Hi\n\nAssistant:",
      "User: More?\n\nAssistant:",
      "User: Bye.\n\nAssistant:",
    ],
    reply: " Yo\n\n",
  })),
  {
    name: "only the last answer has a thought",
    template: plain(LAST_THINKS),
    prompts: ["", "\n", "\n"].map((before, i) =>
      `${before}<|im_start|>user\n${
        ["Hi", "More?", "Bye."][i]
      }<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n`
    ) as unknown as Case["prompts"],
    reply: "Yo<|im_end|>",
  },
  {
    name: "turns that are joined",
    template: plain(JOINED),
    prompts: [
      "User: Hi\n\nAssistant: <think></think",
      "User: More?\n\nAssistant: <think></think",
      "User: Bye.\n\nAssistant: <think></think",
    ],
    reply: ">Yo\n\n",
  },
  {
    name: "turns that end with a text called eos_token",
    template: plainTemplate(ENDED_BY_EOS, "test", {
      bos: "",
      eos: "</s>",
      ids: new Map(),
    }),
    prompts: [
      "user: Hi\nassistant: ",
      "user: More?\nassistant: ",
      "user: Bye.\nassistant: ",
    ],
    reply: "Yo</s>",
  },
  {
    name: "blank lines called eos_token",
    template: (() => {
      const config = readTokenizerConfig(
        fixture("eos_newlines.tokenizer_config.json"),
        "test",
      );
      return plainTemplate(config.template ?? "", "test", config.specials);
    })(),
    prompts: [
      "User: Hi\n\nAssistant:",
      "User: More?\n\nAssistant:",
      "User: Bye.\n\nAssistant:",
    ],
    reply: " Yo\n\n",
  },
  {
    name: "a system message is demanded",
    template: plain(SYSTEM_FIRST),
    system: true,
    prompts: [
      "<|im_start|>system\nBe.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
      "\n<|im_start|>user\nMore?<|im_end|>\n<|im_start|>assistant\n",
      "\n<|im_start|>user\nBye.<|im_end|>\n<|im_start|>assistant\n",
    ],
    reply: "Yo<|im_end|>",
  },
];

interface Opened extends Disposable {
  readonly template: ChatTemplate;
}

async function opened(given: Case["template"]): Promise<Opened> {
  if ("open" in given) return { template: given, [Symbol.dispose]() {} };
  const found = await openTemplate(given, {
    jinja: jinjaThread(),
    tokenizer: byteTokenizer,
  });
  return found instanceof ModelTemplate
    ? { template: found, [Symbol.dispose]: () => found.close() }
    : { template: chatForm("world"), [Symbol.dispose]() {} };
}

/** One conversation by one route; gives what was answered. */
type Route = (
  post: (path: string, body: unknown) => Promise<Response>,
  system: boolean,
) => Promise<string[]>;

const SAID = ["Hi", "More?", "Bye."];
const SYSTEM = { role: "system", content: "Be." };

const ROUTES: Readonly<Record<string, Route>> = {
  async generate(post, system) {
    const texts: string[] = [];
    let state: string | undefined;
    for (const [i, content] of SAID.entries()) {
      const messages = [
        ...(system && i === 0 ? [SYSTEM] : []),
        { role: "user", content },
      ];
      const answer =
        await (await post("/v1/generate", { messages, state, stream: false }))
          .json();
      texts.push(answer.text);
      state = answer.state;
    }
    return texts;
  },
  async "chat completions"(post, system) {
    const texts: string[] = [];
    const messages: object[] = system ? [SYSTEM] : [];
    let state: string | undefined;
    for (const content of SAID) {
      messages.push({ role: "user", content });
      const answer = await (await post("/v1/chat/completions", {
        messages,
        state,
      })).json();
      messages.push({ role: "assistant", content: "Yo" });
      texts.push(answer.choices[0].message.content);
      state = answer.state;
    }
    return texts;
  },
  async "chat completions in streams"(post, system) {
    const texts: string[] = [];
    const messages: object[] = system ? [SYSTEM] : [];
    let state: string | undefined;
    for (const content of SAID) {
      messages.push({ role: "user", content });
      const body = { messages, ...(state && { state }), stream: true };
      const lines = (await (await post("/v1/chat/completions", body)).text())
        .split("\n").filter((line) => line.startsWith("data: {"))
        .map((line) => JSON.parse(line.slice(6)));
      messages.push({ role: "assistant", content: "Yo" });
      texts.push(
        lines.map(({ choices }) => choices[0]?.delta.content ?? "").join(""),
      );
      state = lines.find((line) => line.state)?.state;
    }
    return texts;
  },
  async "messages (Anthropic)"(post, system) {
    const texts: string[] = [];
    const messages: object[] = [];
    for (const content of SAID) {
      messages.push({ role: "user", content });
      const answer = await (await post("/v1/messages", {
        model: "fake",
        max_tokens: 64,
        messages,
        ...(system && { system: "Be." }),
      })).json();
      messages.push({ role: "assistant", content: answer.content });
      const said = answer.content as { type: string; text?: string }[];
      texts.push(said.map(({ text = "" }) => text).join(""));
    }
    return texts;
  },
  async "responses by previous_response_id"(post, system) {
    const texts: string[] = [];
    let previous_response_id: string | undefined;
    for (const input of SAID) {
      const answer = await (await post("/v1/responses", {
        input,
        ...(system && { instructions: "Be." }),
        ...(previous_response_id && { previous_response_id }),
      })).json();
      texts.push(answer.output[0].content[0].text);
      previous_response_id = answer.id;
    }
    return texts;
  },
};

for (const { name, template: given, prompts, reply, system } of CASES) {
  Deno.test(`three turns with a state, by every route: ${name}`, async () => {
    using open = await opened(given);
    for (const [route, talk] of Object.entries(ROUTES)) {
      const { post, engine } = harness({
        template: open.template,
        reply: () => reply,
      });
      const texts = await talk(
        (path, body) => post(path, JSON.parse(JSON.stringify(body))),
        system ?? false,
      );
      assertEquals([route, texts], [route, ["Yo", "Yo", "Yo"]]);
      assertEquals(
        [
          route,
          engine.turns.map(({ prompt }) => promptText(prompt, byteTokenizer)),
        ],
        [route, prompts],
      );
      assert(engine.turns.slice(1).every(({ save }) => save !== undefined));
    }
  });
}

Deno.test("a thought that the prompt opens is told apart, and stays in the state, by every route", async () => {
  for (
    const [given, opening] of [
      [plain(fixture("thinking.jinja")), " <think>"],
      [plain(fixture("flower.jinja")), "<think"],
      [plain(fixture("llama.jinja")), " <think>"],
      [plain(fixture("sections.jinja")), "<think"],
      [chatForm("g1"), " <think"],
      [chatForm("flower"), "<think"],
    ] as const
  ) {
    using open = await opened(given);
    const flower = opening === "<think";
    const { post, engine } = harness({
      template: open.template,
      reply: (prompt) =>
        `${prompt.endsWith(">") ? "" : ">"}\nHm.\n\nSo.</think>\nYo${
          flower ? "✿" : "\n\nUser:"
        }`,
    });
    const think = { chat_template_kwargs: { enable_thinking: true } };
    const messages = [{ role: "user", content: "Hi" }];
    const first = await (await post("/v1/chat/completions", {
      messages,
      ...think,
    })).json();
    assertEquals(first.choices[0].message.content, "Yo");
    assertEquals(first.choices[0].message.reasoning_content, "Hm.\n\nSo.");
    const second = await (await post("/v1/generate", {
      messages: [{ role: "user", content: "More?" }],
      state: first.state,
      ...think,
    })).json();
    assertEquals([second.text, second.reasoning], ["Yo", "Hm.\n\nSo."]);
    const third = await (await post("/v1/responses", {
      input: "Bye.",
      state: second.state,
      reasoning: { effort: "high" },
    })).json();
    assertEquals(third.output.at(-1).type, "reasoning");
    const prompts = engine.turns.map(({ prompt }) =>
      promptText(prompt, byteTokenizer)
    );
    assert(prompts.every((prompt) => prompt.endsWith(opening)), `${prompts}`);
    assert(prompts[1]?.startsWith(flower ? "\nUser✿More?" : "\n\nUser: More?"));
  }
});

Deno.test("a user who spells out a special token is read as text", async () => {
  const end = "<|rwkv_tokenizer_end_of_text|>";
  const source = `{{ bos_token }}${CHATML}{{ '' if messages else '${end}' }}`;
  using open = await opened(plain(source));
  const { post, engine } = harness({
    template: open.template,
    reply: () => "Yo<|im_end|>",
  });
  const content = `What is ${end}?`;
  const messages = [{ role: "user", content }];
  await post("/v1/chat/completions", { messages });
  const [{ prompt, bos } = { prompt: "" }] = engine.turns;
  assertEquals(
    prompt,
    `<|im_start|>user\n${content}<|im_end|>\n<|im_start|>assistant\n`,
  );
  assertEquals(bos, true);
  await post("/v1/chat/completions", { messages, bos: false });
  assertEquals(engine.turns[1]?.bos, false);
});

Deno.test("an answer that ends with the end-of-text token ends a turn that ends with it", async () => {
  const source = ENDED_BY_EOS;
  using open = await opened(plain(source));
  const opening = await open.template.open([
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Yo" },
    { role: "user", content: "More?" },
  ], {
    phase: { open: false, thinking: false },
    begun: false,
    answer: true,
    effort: "none",
  });
  assertEquals(
    opening.prompt,
    [
      "user: Hi\nassistant: Yo",
      0,
      "user: More?\nassistant: ",
    ],
  );
  assertEquals([opening.ends, opening.endsWithToken], [[], true]);
});

Deno.test("a last message by the assistant is gone on with, in every form and by every route", async () => {
  for (
    const [given, before, reply] of [
      [
        chatForm("world"),
        "User: Hi\n\nAssistant: Nice, your name",
        " is Al\n\n",
      ],
      [chatForm("flower"), "User✿Hi✿\nBot✿Nice, your name", " is Al✿"],
      [
        plain(CHATML),
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nNice, your name",
        " is Al<|im_end|>",
      ],
    ] as const
  ) {
    using open = await opened(given);
    const { post, engine } = harness({
      template: open.template,
      reply: () => reply,
    });
    const messages = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Nice, your name" },
    ];
    const chat = await (await post("/v1/chat/completions", { messages }))
      .json();
    assertEquals(chat.choices[0].message.content, " is Al");
    const native = await (await post("/v1/generate", { messages })).json();
    assertEquals(native.text, " is Al");
    await post("/v1/responses", { input: messages });
    const prompts = engine.turns.map(({ prompt }) => prompt);
    assertEquals(prompts, [before, before, before]);
    await post("/v1/generate", { messages, continue_final_message: false });
    assert(`${engine.turns.at(-1)?.prompt}`.length > before.length);
    // After a state it is new where the request says so.
    await post("/v1/chat/completions", {
      messages: [...messages, ...messages],
      state: chat.state,
      continue_final_message: true,
    });
    const last = `${engine.turns.at(-1)?.prompt}`;
    assert(last.endsWith(before) && last.length <= before.length + 1, last);
  }
});

Deno.test("an answer that was cut off is gone on with where nothing else is said", async () => {
  const { post, engine } = harness({ reply: () => " Hello there" });
  const messages = [{ role: "user", content: "Hi" }];
  const first = await (await post("/v1/generate", { messages, max_tokens: 4 }))
    .json();
  const said = [...messages, { role: "assistant", content: first.text }];
  await post("/v1/chat/completions", { messages: said, state: first.state });
  assertEquals(engine.turns[1]?.prompt, "");
});
