import { assertEquals } from "@std/assert";
import { openConversation } from "../../src/chat/conversation_form.ts";
import { jinjaThread } from "../../src/chat/template/jinja_thread.ts";
import { chatForm } from "../../src/chat/template/chat_forms.ts";
import { generationOf } from "../../src/chat/model_generation.ts";
import { plainTemplate } from "../../src/model/template_source.ts";
import {
  readAnswerEnds,
  readGenerationConfig,
} from "../../src/model/model_settings.ts";
import { byteTokenizer } from "../http/fake_engine.ts";
import { harness } from "../http/client.ts";

const tokenizer = byteTokenizer;

Deno.test("generationOf() tells form and beginning from names, the first that tells", () => {
  for (
    const [names, ...expected] of [
      [["rwkv7-g1h-7.2b-20260710-ctx10240"], "G1h", "flower", true],
      [["rwkv7-g1j-2.9b.pth"], "G1j", "flower", true],
      [["rwkv7-g2-1.5b"], "G2", "flower", true],
      [["rwkv7-g1g-0.4b"], "G1g", "g1", false],
      [["rwkv7-g1a2-0.1b"], "G1a", "g1", false],
      [["rwkv7-g0a-7.2b"], "G0a", "g1", false],
      [["mine", "rwkv7-g1d-0.4b-20260210-ctx8192.pth"], "G1d", "g1", false],
      [["gosling"], "World", "world", false],
      [["RWKV-x070-World-1.5B"], "World", "world", false],
    ] as const
  ) {
    const { name, form, bos } = generationOf(...names);
    assertEquals([names, name, form, bos], [names, ...expected]);
  }
});

Deno.test("openConversation() lets the operator win over files, and files over the generation", async () => {
  const names = ["rwkv7-g1h-0.4b"];
  const open = async (
    settings: Parameters<typeof openConversation>[0],
    form?: "world",
  ) => {
    const { template, bos, decoding, close } = await openConversation(
      settings,
      { names, tokenizer, jinja: jinjaThread(), form },
    );
    close();
    return [template.name, bos.text, decoding?.name];
  };
  assertEquals(await open({}), ["flower", true, "G1h and later"]);
  const decoding = { name: "own", thinking: {}, plain: { top_k: 5 } };
  const template = plainTemplate(
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}" +
      "{% if add_generation_prompt %}<assistant>{% endif %}",
    "t",
  );
  const settings = { bos: false, decoding, template };
  assertEquals(await open(settings), [
    "the model's own template",
    false,
    "own",
  ]);
  assertEquals(await open(settings, "world"), ["world", false, "own"]);
});

Deno.test("readGenerationConfig() takes what it can mean, and null as not said", () => {
  const read = (config: unknown) =>
    readGenerationConfig(JSON.stringify(config), "g.json");
  assertEquals(
    read({ temperature: 0.7, top_k: null, top_p: 2, bos_token_id: 0 }),
    {
      temperature: 0.7,
    },
  );
  assertEquals(read({ do_sample: false, top_p: 0.5 }), {
    temperature: 0,
    top_p: 0.5,
  });
  assertEquals(read({ bos_token_id: 0 }), undefined);
  assertEquals(readGenerationConfig("", "g.json"), undefined);
});

Deno.test("readAnswerEnds() takes texts and ids, one or several", () => {
  const read = (config: unknown) =>
    readAnswerEnds(JSON.stringify(config), "g.json");
  assertEquals(read({ stop_strings: ["✿", "\nUser:"], eos_token_id: 0 }), {
    texts: ["✿", "\nUser:"],
    tokens: [0],
  });
  assertEquals(read({ stop_strings: "end", eos_token_id: [0, 261] }), {
    texts: ["end"],
    tokens: [0, 261],
  });
  assertEquals(read({ stop_strings: null, eos_token_id: null }), undefined);
  assertEquals(read({ stop_strings: [""] }), undefined);
});

Deno.test("a model's own ends end its answers in chats, and its texts nowhere", async () => {
  const settings = {
    ends: { texts: ["Q", "\n\n"], tokens: [0, 0x5a + 1, 9999] },
  };
  const { ends } = await openConversation(settings, {
    names: ["x"],
    tokenizer,
  });
  const kept = false;
  assertEquals(ends, ["Z", "Q", "\n\n"].map((text) => ({ text, kept })));
  const { post, engine } = harness({ ends, reply: () => " HiQ no" });
  const messages = [{ role: "user", content: "Hi" }];
  for (
    const [path, body] of [
      ["/v1/generate", { messages }],
      ["/v1/chat/completions", { messages }],
      ["/v1/responses", { input: "Hi" }],
      ["/v1/generate", { prompt: "Hi" }],
      ["/v1/completions", { prompt: "Hi" }],
    ] as const
  ) assertEquals([path, (await post(path, body)).status], [path, 200]);
  const stops = engine.turns.map(({ stops }) => stops.map(({ text }) => text));
  assertEquals(stops, [
    ...Array(3).fill(["\n\n", "Z", "Q"]),
    [],
    [],
  ]);
  const { choices } = await (await post("/v1/chat/completions", { messages }))
    .json();
  assertEquals(choices[0].message.content, "Hi");
  // A thought may have empty lines.
  const g1 = harness({ ends, template: chatForm("g1") });
  await g1.post("/v1/chat/completions", { messages, reasoning_effort: "high" });
  assertEquals(
    g1.engine.turns[0]?.stops.map(({ text }) => text),
    ["\n\nUser:", "Z", "Q"],
  );
});

Deno.test("a profile for functions is used where there are some", async () => {
  const decoding = {
    name: "test",
    thinking: {},
    plain: { temperature: 0.5 },
    tools: { temperature: 0.25 },
  };
  const { post, engine } = harness({ decoding });
  const messages = [{ role: "user", content: "Hi" }];
  const tools = [{ type: "function", function: { name: "now" } }];
  for (const more of [{}, { tools }, { tools, tool_choice: "none" }]) {
    await post("/v1/chat/completions", { messages, ...more });
  }
  assertEquals(engine.turns.map(({ sampling }) => sampling.temperature), [
    0.5,
    0.25,
    0.5,
  ]);
});

Deno.test("a model's profile fills in what a request leaves out, by every route", async () => {
  const decoding = {
    name: "test",
    thinking: { temperature: 0.96, presence_penalty: 1 },
    plain: { temperature: 0.5, top_k: 32, presence_penalty: 0.25 },
  };
  const { post, get, engine } = harness({ decoding, model: "x-g1-y" });
  const messages = [{ role: "user", content: "Hi" }];
  for (
    const [path, body] of [
      ["/v1/generate", { messages }],
      ["/v1/generate", { prompt: "Hi" }],
      ["/v1/completions", { prompt: "Hi" }],
      ["/v1/chat/completions", { messages }],
      ["/v1/responses", { input: "Hi" }],
      ["/v1/chat/completions", { messages, reasoning_effort: "high" }],
      ["/v1/chat/completions", { messages, temperature: 0 }],
      ["/v1/chat/completions", { messages, top_k: 3, presence_penalty: 0 }],
    ] as const
  ) assertEquals([path, (await post(path, body)).status], [path, 200]);
  assertEquals(
    engine.turns.map(({ sampling: { temperature, topK, presencePenalty } }) => [
      temperature,
      topK,
      presencePenalty,
    ]),
    [
      ...Array(5).fill([0.5, 32, 0.25]),
      [0.96, 0, 1],
      [0, 32, 0],
      [0.5, 3, 0],
    ],
  );
  const model = await (await get("/v1/model")).json();
  assertEquals(model.decoding, decoding);
});
