/**
 * What SillyTavern sends to its text-completion back ends, made anew by hand, with the
 * names of its fields: it asks for a model, generates at once and in a stream, with
 * token probabilities on, and counts tokens. Source: `text-completions.js`,
 * `kobold.js`, `tokenizers.js` and `textgen-settings.js` of SillyTavern, read for what
 * they send and what of an answer they read.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { eventsOf, harness } from "./client.ts";

const PROMPT = "Mira is a baker in Rome.\n***\nDave: Hello!\nMira:";

/** Stops of a chat of ten people: a name at the start of a line, in two forms. */
const STOPS = Array.from({ length: 10 }, (_, i) => [
  `\nGuest ${i}:`,
  `\n*Guest ${i}`,
]).flat();

/** Sliders and switches that every back end gets, at their defaults. */
const SLIDERS = {
  prompt: PROMPT,
  max_new_tokens: 32,
  max_tokens: 32,
  temperature: 0.7,
  top_p: 0.5,
  typical_p: 1,
  typical: 1,
  sampler_seed: -1,
  min_p: 0,
  repetition_penalty: 1.2,
  frequency_penalty: 0,
  presence_penalty: 0,
  top_k: 40,
  skew: 0,
  min_tokens: 0,
  add_bos_token: true,
  smoothing_factor: 0,
  smoothing_curve: 1,
  dry_allowed_length: 2,
  dry_multiplier: 0,
  dry_base: 1.75,
  dry_sequence_breakers: '["\\n", ":"]',
  dry_penalty_last_n: 0,
  max_tokens_second: 0,
  stopping_strings: STOPS,
  stop: STOPS,
  truncation_length: 8192,
  ban_eos_token: false,
  skip_special_tokens: true,
  top_a: 0,
  tfs: 1,
  mirostat_mode: 0,
  mirostat_tau: 5,
  mirostat_eta: 0.1,
  custom_token_bans: "",
  banned_strings: [],
  api_server: "http://127.0.0.1:8000/",
  legacy_api: false,
  xtc_threshold: 0.1,
  xtc_probability: 0,
};

/** More of them, for all back ends but vLLM. */
const MORE = {
  rep_pen: 1.2,
  rep_pen_range: 0,
  repetition_penalty_range: 0,
  seed: -1,
  guidance_scale: 1,
  negative_prompt: "",
  grammar_string: "",
  repeat_penalty: 1.2,
  tfs_z: 1,
  repeat_last_n: 0,
  n_predict: 32,
  num_predict: 32,
  num_ctx: 8192,
  mirostat: 0,
  ignore_eos: false,
  n_probs: 10,
  rep_pen_slope: 1,
};

/** A back end. */
interface BackEnd {
  readonly type: string;
  readonly generate: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The text of an answer, or of one event. */
  readonly text: (answer: Answer) => string | undefined;
  readonly count: readonly [path: string, body: object];
  /** Where the likeliest tokens are, of one event. */
  readonly candidates: (answer: Answer) => readonly unknown[] | undefined;
}

interface Answer {
  readonly content?: string;
  readonly choices?: readonly {
    readonly text: string;
    readonly logprobs?: { readonly top_logprobs: readonly object[] };
  }[];
  readonly completion_probabilities?: readonly {
    readonly probs: readonly { readonly tok_str: string }[];
  }[];
}

const completion = {
  generate: "/v1/completions",
  text: (answer: Answer) => answer.choices?.[0]?.text,
  candidates: ({ choices }: Answer) =>
    Object.entries(choices?.[0]?.logprobs?.top_logprobs[0] ?? {}),
};

const BACK_ENDS: readonly BackEnd[] = [
  {
    ...completion,
    type: "ooba",
    body: {
      ...SLIDERS,
      ...MORE,
      logprobs: 10,
      min_length: 0,
      num_beams: 1,
      length_penalty: 1,
      early_stopping: false,
      sampler_priority: ["temperature", "top_k"],
      do_sample: true,
      logit_bias: { "5": -1 },
    },
    count: ["/v1/internal/encode", { text: PROMPT }],
  },
  {
    ...completion,
    type: "vllm",
    body: {
      model: "fake",
      prompt: PROMPT,
      best_of: 1,
      n: 1,
      frequency_penalty: 0,
      logprobs: 5,
      max_tokens: 32,
      presence_penalty: 0,
      stop: STOPS,
      temperature: 0.7,
      top_p: 0.5,
      top_k: 40,
      min_p: 0,
      repetition_penalty: 1.2,
      ignore_eos: false,
      min_tokens: 0,
      skip_special_tokens: true,
      spaces_between_special_tokens: true,
    },
    count: ["/tokenize", { model: "fake", prompt: PROMPT }],
  },
  {
    ...completion,
    type: "koboldcpp",
    body: { ...SLIDERS, ...MORE, sampler_order: [6, 0, 1], grammar: "" },
    count: ["/api/extra/tokencount", { prompt: PROMPT }],
    candidates: () => ["none are shown"],
  },
  {
    type: "llamacpp",
    generate: "/completion",
    body: {
      ...SLIDERS,
      ...MORE,
      samplers: ["top_k", "temperature"],
      logit_bias: [[5, -1], [6, false]],
      grammar: "",
      cache_prompt: true,
    },
    text: ({ content }) => content,
    count: ["/tokenize", { content: PROMPT }],
    candidates: ({ completion_probabilities: said }) => said?.[0]?.probs,
  },
];

const serve = () =>
  harness({ reply: () => " Good morning!\nGuest 3: And to you." });

for (const { type, generate, body, text, count, candidates } of BACK_ENDS) {
  Deno.test(`SillyTavern's back end ${type} connects, generates, streams and counts`, async () => {
    const { get, post } = serve();
    const { data } = await (await get("/v1/models")).json();
    assertEquals(data[0].id, "fake");
    if (type === "ooba") {
      const info = await (await get("/v1/internal/model/info")).json();
      assertEquals(info.model_name, "fake");
    }
    const sent = { ...body, api_type: type };
    const whole = await post(generate, sent);
    const answer = await whole.json();
    assertEquals([whole.status, text(answer)], [200, " Good morning!"]);
    const streamed = await post(generate, { ...sent, stream: true });
    const said = await streamed.text();
    const events = eventsOf(said.replace("data: [DONE]\n\n", "")) as Answer[];
    assertEquals(
      events.map((event) => text(event) ?? "").join(""),
      " Good morning!",
    );
    const [first] = events;
    assert(first !== undefined && (candidates(first)?.length ?? 0) > 0);
    const counted = await (await post(...count)).json();
    const tokens = counted.length ?? counted.count ?? counted.value ??
      counted.tokens.length;
    assertEquals(tokens, PROMPT.length);
  });
}

Deno.test("SillyTavern's KoboldAI connects, generates, streams, counts and ends", async () => {
  const { get, post } = serve();
  const url = "/api";
  const model = await (await get(`${url}/v1/model`)).json();
  assertEquals(model.result, "koboldcpp/fake");
  for (const path of ["/v1/info/version", "/extra/version"]) {
    assert(typeof (await (await get(url + path)).json()).result === "string");
  }
  const settings = {
    prompt: PROMPT,
    use_story: false,
    use_memory: false,
    use_authors_note: false,
    use_world_info: false,
    max_context_length: 8192,
    max_length: 32,
    rep_pen: 1.1,
    rep_pen_range: 1024,
    rep_pen_slope: 0.7,
    temperature: 0.7,
    tfs: 1,
    top_a: 0,
    top_k: 0,
    top_p: 0.9,
    min_p: 0,
    typical: 1,
    sampler_order: [6, 0, 1, 3, 4, 2, 5],
    singleline: false,
    use_default_badwordsids: false,
    mirostat: 0,
    mirostat_eta: 0.1,
    mirostat_tau: 5,
    grammar: "",
    sampler_seed: 4,
    stop_sequence: STOPS,
  };
  const { results } = await (await post(`${url}/v1/generate`, settings)).json();
  assertEquals(results[0].text, " Good morning!");
  const streamed = await post(`${url}/extra/generate/stream`, settings);
  const tokens = [...(await streamed.text()).matchAll(/"token":("[^"]*")/g)]
    .map(([, token = ""]) => JSON.parse(token));
  assertEquals(tokens.join(""), " Good morning!");
  const counted = await post(`${url}/extra/tokencount`, { prompt: PROMPT });
  assertEquals((await counted.json()).value, PROMPT.length);
  const ended = await post(`${url}/extra/abort`, "");
  assertEquals(ended.status, 200);
});

Deno.test("SillyTavern's Ollama connects and generates", async () => {
  const { get, post } = serve();
  const { models } = await (await get("/api/tags")).json();
  const body = {
    model: models[0].name,
    prompt: PROMPT,
    stream: false,
    keep_alive: -1,
    raw: true,
    options: {
      num_predict: 32,
      num_ctx: 8192,
      stop: STOPS,
      temperature: 0.7,
      repeat_penalty: 1.2,
      presence_penalty: 0,
      frequency_penalty: 0,
      top_k: 40,
      top_p: 0.5,
      tfs_z: 1,
      typical_p: 1,
      seed: -1,
      repeat_last_n: 0,
      mirostat: 0,
      mirostat_tau: 5,
      mirostat_eta: 0.1,
      min_p: 0,
    },
  };
  const answer = await (await post("/api/generate", body)).json();
  assertEquals(answer.response, " Good morning!");
  const lines = await (await post("/api/generate", { ...body, stream: true }))
    .text();
  const said = lines.trimEnd().split("\n").map((line) =>
    JSON.parse(line).response
  );
  assertEquals(said.join(""), " Good morning!");
});
