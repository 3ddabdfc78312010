/**
 * Ollama's routes against fakes: every field answered, refused or ignored and named.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { bytesOfContext, contextOf } from "../../../src/http/ollama/context.ts";
import { promptText } from "../../../src/text/prompt_pieces.ts";
import { harness } from "../client.ts";
import { byteTokenizer, type FakeOptions } from "../fake_engine.ts";

const HI = { role: "user", content: "Hi" };
const CALL = ' ```json\n{"name":"now","arguments":{"a":1}}\n```\n\n';
const TOOLS = [{
  type: "function",
  function: {
    name: "now",
    description: "The time",
    parameters: { type: "object", properties: { a: { type: "integer" } } },
  },
}];

interface Answer {
  readonly model: string;
  readonly done: boolean;
  readonly done_reason?: string;
  readonly message?: {
    readonly role: string;
    readonly content: string;
    readonly thinking?: string;
    readonly tool_calls?: readonly {
      readonly function: { readonly name: string; readonly arguments: unknown };
    }[];
    readonly state?: string;
  };
  readonly response?: string;
  readonly context?: readonly number[];
  readonly state?: string;
  readonly prompt_eval_count: number;
  readonly eval_count: number;
  readonly cached_tokens: number;
  readonly total_duration: number;
  readonly logprobs?: readonly unknown[];
}

function serve(options: FakeOptions & { readonly strict?: boolean } = {}) {
  const here = harness(options);
  const ask = async (
    path: string,
    body: object,
    init?: RequestInit,
  ): Promise<Answer> => {
    const response = await here.post(path, { model: "fake", ...body }, init);
    const text = await response.text();
    assertEquals(response.status, 200, text);
    const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.map(({ done }) => done), [
      ...lines.slice(1).map(() => false),
      true,
    ]);
    return lines.reduce((all, line) => joined(all, line));
  };
  const read = () => {
    const turn = here.engine.turns.at(-1);
    return turn === undefined ? "" : promptText(turn.prompt, byteTokenizer);
  };
  return { ...here, ask, read };
}

/** Two lines as one answer. */
function joined(all: Answer, line: Answer): Answer {
  const { message, response, logprobs = [], ...rest } = line;
  const said = (name: "content" | "thinking") =>
    (all.message?.[name] ?? "") + (message?.[name] ?? "");
  return {
    ...rest,
    logprobs: [...all.logprobs ?? [], ...logprobs],
    ...(response !== undefined && { response: all.response + response }),
    ...(message && {
      message: {
        ...all.message,
        ...message,
        content: said("content"),
        thinking: said("thinking"),
      },
    }),
  };
}

for (const stream of [false, undefined]) {
  const how = stream === false ? "at once" : "in lines";

  Deno.test(`a chat ${how} has its state as a field, and in its message if asked`, async () => {
    const { ask, read } = serve();
    const system = { role: "system", content: "Be kind." };
    const first = await ask("/api/chat", { messages: [system, HI], stream });
    assertEquals(read(), "System: Be kind.\n\nUser: Hi\n\nAssistant:");
    assertEquals(first.message?.content, "Hello!");
    assertEquals([first.done_reason, first.model], ["stop", "fake"]);
    assert(first.total_duration > 0 && first.eval_count === 9);
    assertEquals([typeof first.state, first.message?.state], [
      "string",
      undefined,
    ]);
    const all = [system, HI, { ...first.message, thinking: undefined }, HI];
    const second = await ask("/api/chat", {
      messages: all,
      state: first.state,
      stream,
    });
    assertEquals(read(), "User: Hi\n\nAssistant:");
    assert(second.cached_tokens > 0);
    assertEquals(second.prompt_eval_count, second.cached_tokens + 20);
    const init = { headers: { "gosling-state-in": "message" } };
    const third = await ask("/api/chat", { messages: all, stream }, init);
    assert(read().startsWith("System:"), read());
    assertEquals(third.message?.state, third.state);
    const messages = [...all, third.message, { role: "user", content: "Bye" }];
    await ask("/api/chat", { messages, stream });
    assertEquals(read(), "User: Bye\n\nAssistant:");
  });

  Deno.test(`a generation ${how} gives integers that are the save`, async () => {
    const { ask, read, engine } = serve();
    const first = await ask("/api/generate", {
      context: [],
      prompt: "Hi",
      system: "Be kind.",
      stream,
    });
    assertEquals(read(), "System: Be kind.\n\nUser: Hi\n\nAssistant:");
    assertEquals(first.response, "Hello!");
    const { context = [] } = first;
    const [length = 0] = context;
    assertEquals(context.length, 1 + Math.ceil(length / 4));
    await ask("/api/generate", { prompt: "Bye", context, stream });
    assertEquals(read(), "User: Bye\n\nAssistant:");
    assert(engine.turns.at(-1)?.save !== undefined);
    await ask("/api/generate", { prompt: "Bye", raw: true, context, stream });
    assertEquals(read(), "Bye");
  });

  Deno.test(`calls ${how}, and what tools gave`, async () => {
    const { ask, read } = serve({
      reply: (prompt) => prompt.includes("output") ? " Noon.\n\n" : CALL,
    });
    const first = await ask("/api/chat", {
      messages: [HI],
      tools: TOOLS,
      stream,
    });
    const [call] = first.message?.tool_calls ?? [];
    assertEquals([call?.function.name, call?.function.arguments], ["now", {
      a: 1,
    }]);
    const tool = { role: "tool", content: "12:00", tool_name: "now" };
    const messages = [HI, { ...first.message, state: first.state }, tool];
    const second = await ask("/api/chat", { messages, tools: TOOLS, stream });
    assertEquals(read(), "User: Function output:\n12:00\n\nAssistant:");
    assertEquals(second.message?.content, "Noon.");
    const init = { headers: { "gosling-state-in": "ids" } };
    const carrying = await ask("/api/chat", {
      messages: [HI],
      tools: TOOLS,
      stream,
    }, init);
    const { state: _, ...message } = carrying.message ?? {};
    const byId = [HI, message, tool];
    await ask("/api/chat", { messages: byId, tools: TOOLS, stream });
    assertEquals(read(), "User: Function output:\n12:00\n\nAssistant:");
    const bare = [HI, first.message, tool];
    await ask("/api/chat", { messages: bare, tools: TOOLS, stream });
    assert(read().includes('{"name":"now","arguments":{"a":1}}'), read());
  });

  Deno.test(`a thought ${how} is apart, where a model can think`, async () => {
    const { ask, read } = serve({
      model: "rwkv7-g1-test",
      reply: (prompt) =>
        prompt.endsWith("<think")
          ? ">\nHm.</think>\nYes.\n\nUser:"
          : " Yes.\n\n",
    });
    const model = "rwkv7-g1-test:latest";
    const asked = { model, messages: [HI], stream };
    const thought = await ask("/api/chat", { ...asked, think: "high" });
    assert(read().includes("(think a lot)"), read());
    assertEquals([thought.message?.thinking, thought.message?.content], [
      "Hm.",
      "Yes.",
    ]);
    assertEquals(thought.model, "rwkv7-g1-test");
    const plain = await ask("/api/chat", { ...asked, think: false });
    assertEquals(plain.message?.thinking || "", "");
  });

  Deno.test(`options, format and logprobs ${how}`, async () => {
    const { ask, engine } = serve();
    const cut = await ask("/api/chat", {
      messages: [HI],
      stream,
      keep_alive: "5m",
      logprobs: true,
      top_logprobs: 2,
      options: {
        num_predict: 3,
        num_ctx: 4096,
        temperature: 0,
        top_k: 5,
        seed: 7,
        stop: ["x"],
        presence_penalty: 0.5,
      },
    });
    assertEquals([cut.done_reason, cut.message?.content], ["length", "He"]);
    assert((cut.logprobs?.length ?? 0) > 0);
    const turn = engine.turns.at(-1);
    assertEquals([turn?.seed, turn?.sampling.topK], [[7, 0], 5]);
    assertEquals(turn?.sampling.presencePenalty, 0.5);
    const endless = await ask("/api/generate", {
      prompt: "Hi",
      options: { num_predict: -1, stop: ["llo"] },
      stream,
    });
    assertEquals([endless.response, endless.done_reason], ["He", "stop"]);
    const { ask: form, engine: formed } = serve({ reply: () => "{}" });
    for (const format of ["json", { type: "object", properties: {} }]) {
      await form("/api/chat", { messages: [HI], format, stream });
      assert(formed.turns.at(-1)?.constraint !== undefined);
    }
  });

  Deno.test(`a request that asks for nothing ${how} takes no turn`, async () => {
    const { ask, engine } = serve();
    const chat = await ask("/api/chat", { messages: [], stream });
    assertEquals([chat.done_reason, chat.message?.content], ["load", ""]);
    const generated = await ask("/api/generate", { stream, keep_alive: 0 });
    assertEquals([generated.done_reason, generated.response], ["load", ""]);
    assertEquals(engine.turns.length, 0);
  });
}

Deno.test("models are listed with a tag, and described", async () => {
  const { get, post } = harness();
  const { models: [model] } = await (await get("/api/tags")).json();
  assertEquals([model.name, model.model], ["fake:latest", "fake:latest"]);
  assertMatch(model.digest, /^[\da-f]{64}$/);
  assert(model.size > 0);
  const { models: [loaded] } = await (await get("/api/ps")).json();
  assertEquals(loaded.name, "fake:latest");
  const { version } = await (await get("/api/version")).json();
  assertMatch(version, /^\d+\.\d+\.\d+$/);
  const shown = await (await post("/api/show", { model: "fake:latest" }))
    .json();
  assertEquals(shown.details.family, "rwkv7");
  assertEquals(shown.capabilities, ["completion", "tools"]);
  assert(shown.model_info["rwkv7.context_length"] > 1e9);
  const lost = await post("/api/show", { model: "llama3" });
  assertEquals(lost.status, 404);
  assertMatch((await lost.json()).error, /^Cannot use model "llama3"/);
});

Deno.test("what is not here is refused by name, in Ollama's words", async () => {
  const { post, get } = harness();
  for (const name of ["embed", "embeddings", "pull", "create", "delete"]) {
    const response = await post(`/api/${name}`, { model: "fake", input: "a" });
    const { error, code } = await response.json();
    assertEquals([response.status, code], [400, "ERR_REQUEST_INVALID"]);
    assertMatch(error, new RegExp(`^Cannot ${name}: `));
    // What a refusal tells to type is there to be typed.
    const [, verb = "rm"] = /deno task model (\w+)/.exec(error) ?? [];
    assert(["pull", "rm"].includes(verb), error);
  }
  for (
    const [path, body, found] of [
      ["/api/generate", { prompt: "a", suffix: "b" }, "fills no gaps"],
      ["/api/generate", { prompt: "a", images: ["b"] }, "images are not taken"],
      ["/api/chat", { messages: [{ ...HI, images: ["b"] }] }, "images are not"],
      ["/api/chat", { messages: "a" }, "/messages"],
      ["/api/generate", { prompt: "a", context: [1, 2, 3] }, "no save"],
      ["/api/generate", { prompt: "a", context: [1.5] }, "/context"],
    ] as const
  ) {
    const response = await post(path, { model: "fake", ...body });
    const { error } = await response.json();
    assertEquals(response.status, 400, error);
    assert(error.includes(found), error);
  }
  const unknown = await get("/api/nothing");
  assertEquals([unknown.status, typeof (await unknown.json()).error], [
    404,
    "string",
  ]);
});

Deno.test("options without a counterpart are ignored and named, and any media type is read but from pages", async () => {
  const { post } = harness();
  const body = JSON.stringify({
    model: "fake",
    prompt: "Hi",
    stream: false,
    options: { repeat_penalty: 1.1, num_gpu: 1 },
  });
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await post("/api/generate", body, { headers: form });
  assertEquals(answer.status, 200, await answer.clone().text());
  assertEquals(answer.headers.get("gosling-ignored"), "options.repeat_penalty");
  const page = await post("/api/generate", body, {
    headers: { ...form, origin: "https://elsewhere.example" },
  });
  assertEquals(page.status, 415);
});

Deno.test("contexts are bytes of any number, and nothing else", () => {
  for (let length = 0; length < 9; length++) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    assertEquals(bytesOfContext(contextOf(bytes)), bytes);
  }
  assert(contextOf(Uint8Array.of(255, 255, 255, 255)).includes(-1));
  for (const numbers of [[], [5], [5, 1], [1, 2, 3], [-1], [0, 1]]) {
    assertThrows(() => bytesOfContext(numbers), Error, "no save");
  }
});
