/**
 * llama.cpp's routes against fakes.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { promptText } from "../../../src/text/prompt_pieces.ts";
import { eventsOf, harness } from "../client.ts";
import { byteTokenizer } from "../fake_engine.ts";

const TEXT = "User: Hi\n\nAssistant:";

interface Answer {
  readonly content: string;
  readonly stop: boolean;
  readonly stop_type: string;
  readonly stopping_word: string;
  readonly tokens: readonly number[];
  readonly tokens_evaluated: number;
  readonly tokens_predicted: number;
  readonly state: string;
  readonly timings: Readonly<Record<string, number>>;
  readonly completion_probabilities?: readonly {
    readonly probs: readonly { readonly tok_str: string }[];
  }[];
}

function serve(options: Parameters<typeof harness>[0] = {}) {
  const here = harness(options);
  const ask = async (body: object): Promise<Answer> => {
    const response = await here.post("/completion", body);
    const text = await response.text();
    assertEquals(response.status, 200, text);
    if (!("stream" in body)) return JSON.parse(text);
    const events = eventsOf(text) as Answer[];
    assertEquals(events.map(({ stop }) => stop), [
      ...events.slice(1).map(() => false),
      true,
    ]);
    const content = events.map((event) => event.content).join("");
    const tokens = events.flatMap((event) => event.tokens);
    return { ...events.at(-1) as Answer, content, tokens };
  };
  const read = () => {
    const turn = here.engine.turns.at(-1);
    return turn === undefined ? "" : promptText(turn.prompt, byteTokenizer);
  };
  return { ...here, ask, read };
}

for (const way of [{}, { stream: true }]) {
  const how = "stream" in way ? "in a stream" : "at once";
  Deno.test(`/completion ${how} goes on with text and from a state, and says why it ended`, async () => {
    const { ask, read, engine } = serve();
    const first = await ask({ ...way, prompt: TEXT, n_predict: 4 });
    assertEquals([read(), first.content], [TEXT, " Hel"]);
    assertEquals([first.stop_type, first.tokens_predicted], ["limit", 4]);
    assertEquals(first.tokens, []);
    const second = await ask({
      ...way,
      prompt: "lo!\n\n",
      state: first.state,
      stop: ["llo"],
      cache_prompt: true,
      id_slot: -1,
      seed: -1,
    });
    assertEquals([read(), second.content], ["lo!\n\n", " He"]);
    assertEquals([second.stop_type, second.stopping_word], ["word", "llo"]);
    assert((second.timings.cache_n ?? 0) > 0);
    const mixed = await ask({ ...way, prompt: [74, "i"], return_tokens: true });
    assertEquals(read(), "Ii");
    assertEquals(engine.turns.at(-1)?.bos, false);
    assertEquals(mixed.tokens.length, 9);
    await ask({ ...way, prompt: { prompt_string: "Hi" } });
    assertEquals(read(), "Hi");
  });
}

Deno.test("/completion gives several answers as a list, or by their index", async () => {
  const replies = [" One", " Two", " Three"];
  const here = harness({ reply: () => replies.shift() ?? " More" });
  const ask = { prompt: TEXT, n: 2, n_predict: 9 };
  const list = await (await here.post("/completion", ask)).json() as (
    & Answer
    & { readonly index: number }
  )[];
  const said = list.map(({ index, content }) => [index, content]);
  assertEquals(said, [[0, " One"], [1, " Two"]]);
  assertEquals(new Set(list.map(({ state }) => state)).size, 2);
  const streamed = await here.post("/completion", { ...ask, stream: true });
  const events = eventsOf(await streamed.text()) as typeof list;
  for (const [i, text] of [" Three", " More"].entries()) {
    const own = events.filter(({ index }) => index === i);
    assertEquals(own.map(({ content }) => content).join(""), text);
    assertEquals(own.filter(({ stop }) => stop).length, 1);
    assertEquals(own.at(-1)?.tokens_predicted, text.length);
  }
});

Deno.test("/completion takes biases in both forms, rules and schemas, and gives probabilities", async () => {
  const { ask, engine } = serve({ reply: () => "{}" });
  const bias = () => [...engine.turns.at(-1)?.sampling.logitBias ?? []];
  await ask({ prompt: "a", logit_bias: [[5, -1.5], ["6", false]] });
  assertEquals(bias(), [[5, -1.5], [6, -100]]);
  await ask({ prompt: "a", logit_bias: { "7": 1e9 } });
  assertEquals(bias(), [[7, 100]]);
  // A text stands for its tokens, and no bias is none.
  await ask({ prompt: "a", logit_bias: [["!?", false], [8, 0]] });
  assertEquals(bias(), [[8, 0], [34, -100], [64, -100]]);
  await ask({ prompt: "a", logit_bias: { "!": 2 } });
  assertEquals(bias(), [[34, 2]]);
  await ask({ prompt: "a", grammar: 'root ::= "{}"' });
  assert(engine.turns.at(-1)?.constraint !== undefined);
  await ask({ prompt: "a", grammar: "", json_schema: { type: "object" } });
  assert(engine.turns.at(-1)?.constraint !== undefined);
  const { completion_probabilities: said = [] } = await ask({
    prompt: "a",
    n_probs: 2,
  });
  assertEquals(said[0]?.probs.length, 2);
});

Deno.test("llama.cpp's errors are in its words, and what is not here is refused by name", async () => {
  const { post, get } = harness();
  for (
    const [path, body, status, found] of [
      ["/completion", { prompt: ["a", "b"] }, 400, "several prompts"],
      ["/completion", { prompt: [999] }, 400, "/prompt/0"],
      ["/completion", { prompt: "a", temperature: "x" }, 400, "/temperature"],
      ["/completion", { prompt: "a", model: "b" }, 404, "Cannot use model"],
      ["/infill", { input_prefix: "a" }, 400, "Cannot fill a gap"],
      ["/slots/0?action=save", { filename: "a" }, 400, "nothing is kept"],
      ["/slots/0?action=restore", { filename: "a" }, 400, "nothing is kept"],
      ["/slots/0?action=burn", {}, 400, "save, restore, erase"],
      ["/slots/x", {}, 404, "Cannot find"],
      ["/tokenize", {}, 400, "either content or prompt"],
    ] as const
  ) {
    const response = await post(path, body);
    const { error, code } = await response.json();
    assertEquals([response.status, error.code], [status, status], path);
    assert(error.message.includes(found), error.message);
    assertMatch(code, /^ERR_/);
  }
  const method = await get("/completion");
  assertEquals([method.status, (await method.json()).error.code], [405, 405]);
});

Deno.test("/tokenize and /detokenize answer llama.cpp's clients and vLLM's", async () => {
  const { post } = harness();
  const ask = async (path: string, body: object) =>
    await (await post(path, body)).json();
  const plain = await ask("/tokenize", { content: "Hé" });
  assertEquals(plain.tokens, [73, 196, 170]);
  const special = await ask("/tokenize", { content: "H", add_special: true });
  assertEquals(special.tokens, [0, 73]);
  const pieces = await ask("/tokenize", { content: "Hé", with_pieces: true });
  assertEquals(pieces.tokens, [
    { id: 73, piece: "H" },
    { id: 196, piece: [195] },
    { id: 170, piece: [169] },
  ]);
  const vllm = await ask("/tokenize", { model: "fake", prompt: "Hi" });
  assertEquals([vllm.count, vllm.tokens.length], [2, 2]);
  const text = await ask("/detokenize", { tokens: [73, 196, 170] });
  assertEquals([text.content, text.prompt], ["Hé", "Hé"]);
});

Deno.test("/props and /slots tell of lanes, and saving a slot gives the state out", async () => {
  const { post, get, ask, read } = serve();
  const props = await (await get("/props")).json();
  assertEquals([props.total_slots, props.model_alias], [2, "fake"]);
  const slots = await (await get("/slots")).json();
  assertEquals(slots.length, 2);
  assert(!JSON.stringify(slots).includes("prompt"));
  const slot = async (action: string, body: object) =>
    await (await post(`/slots/0?action=${action}`, body)).json();
  const saved = await slot("save", { filename: "mine", prompt: "Once" });
  assertEquals([saved.filename, saved.n_saved], ["mine", 4]);
  assertEquals(read(), "Once");
  const restored = await slot("restore", { filename: saved.state });
  assertEquals([restored.n_restored, restored.filename], [4, ""]);
  const next = await ask({ prompt: " upon", state: restored.state });
  assertEquals(next.tokens_evaluated, 9);
  const { state } = await slot("save", { state: next.state });
  assertEquals(typeof state, "string");
  assertEquals(await slot("erase", {}), { id_slot: 0, n_erased: 0 });
});
