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
import {
  type BackEndType,
  koboldRequest,
  pageRequest,
} from "./sillytavern_requests.ts";

const PROMPT = "Mira is a baker in Rome.\n***\nDave: Hello!\nMira:";

/** Stops of a chat of ten people: a name at the start of a line, in two forms. */
const STOPS = Array.from({ length: 10 }, (_, i) => [
  `\nGuest ${i}:`,
  `\n*Guest ${i}`,
]).flat();

/** A back end. */
interface BackEnd {
  readonly type: BackEndType;
  readonly generate: string;
  /** The fields that its server lets through; absent: all of them. */
  readonly fields?: readonly string[];
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
    count: ["/v1/internal/encode", { text: PROMPT }],
  },
  {
    ...completion,
    type: "vllm",
    fields: [
      "model",
      "prompt",
      "frequency_penalty",
      "logprobs",
      "max_tokens",
      "n",
      "presence_penalty",
      "stop",
      "stream",
      "temperature",
      "top_p",
      "top_k",
      "min_p",
      "repetition_penalty",
      "ignore_eos",
      "min_tokens",
      "skip_special_tokens",
      "spaces_between_special_tokens",
    ],
    count: ["/tokenize", { model: "fake", prompt: PROMPT }],
  },
  {
    ...completion,
    type: "koboldcpp",
    count: ["/api/extra/tokencount", { prompt: PROMPT }],
    candidates: () => ["none are shown"],
  },
  {
    type: "llamacpp",
    generate: "/completion",
    text: ({ content }) => content,
    count: ["/tokenize", { content: PROMPT }],
    candidates: ({ completion_probabilities: said }) => said?.[0]?.probs,
  },
];

const serve = () =>
  harness({ reply: () => " Good morning!\nGuest 3: And to you." });

for (const { type, generate, fields, text, count, candidates } of BACK_ENDS) {
  Deno.test(`SillyTavern's back end ${type} connects, generates, streams and counts`, async () => {
    const { get, post } = serve();
    const { data } = await (await get("/v1/models")).json();
    assertEquals(data[0].id, "fake");
    if (type === "ooba") {
      const info = await (await get("/v1/internal/model/info")).json();
      assertEquals(info.model_name, "fake");
    }
    const asked = pageRequest(type, { prompt: PROMPT, stops: STOPS });
    const sent = Object.fromEntries(
      Object.entries(asked).filter(([name]) => fields?.includes(name) ?? true),
    );
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
  const { api_server: _, ...asked } = koboldRequest({
    prompt: PROMPT,
    stops: STOPS,
  });
  const settings = {
    ...asked,
    use_story: false,
    use_memory: false,
    use_authors_note: false,
    use_world_info: false,
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
