import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { randomTensors, safetensors } from "../support/models/random_model.ts";
import { createApp } from "../../src/http/app.ts";
import { modelPlaces } from "../../src/hub/resolve_model.ts";
import { openModels } from "../../src/serve/served_models.ts";
import { parseCommand } from "../../src/config/command_line.ts";
import { readConfig } from "../../src/config/read_config.ts";
import { eventsOf } from "../http/client.ts";

const GOSLING = new URL("../../models/gosling/", import.meta.url).pathname;
const VOCABULARY = join(GOSLING, "vocab.txt");

/** Sizes of two small models, and of two that differ only in their weights. */
const RANDOM = {
  narrow: { L: 1, D: 64, V: 4096, type: "F16" },
  wide: { L: 2, D: 128, V: 4096, type: "F16" },
  twin: { L: 2, D: 128, V: 4096, type: "F16", seed: 2 },
} as const;

/** A folder with random models that have no vocabulary. */
async function folderOfModels(): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const [name, model] of Object.entries(RANDOM)) {
    await Deno.writeFile(
      join(folder, `${name}.safetensors`),
      ReadableStream.from(safetensors(randomTensors(model), "F16")),
    );
  }
  return folder;
}

const folder = await folderOfModels();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** A server of models, called without a socket. */
async function server(...flags: string[]) {
  const { flags: given } = parseCommand([
    ...["--device", "wasm", "--threads", "1", "--lanes", "1"],
    ...["--vocab", VOCABULARY],
    ...flags,
  ]);
  const config = readConfig(given, () => undefined);
  const notes: string[] = [];
  const models = await openModels(
    config,
    await modelPlaces(config, () => undefined),
    (line) => notes.push(line),
  );
  const app = createApp({
    loader: models,
    keys: [],
    report: (error) => notes.push(String(error)),
  });
  const post = async (path: string, body: unknown) =>
    await app.request(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  return {
    models,
    notes,
    post,
    generate: async (body: object) => {
      const response = await post("/v1/generate", {
        max_tokens: 2,
        temperature: 0,
        ...body,
      });
      return { status: response.status, ...await response.json() };
    },
    statuses: async () => {
      const { data } = await (await app.request("/v1/models")).json();
      return data.map(({ id, status }: { id: string; status: string }) =>
        `${id} ${status}`
      );
    },
    ready: async () => (await app.request("/readyz")).status,
    get: async (path: string) => {
      const response = await app.request(path);
      return { status: response.status, ...await response.json() };
    },
    [Symbol.asyncDispose]: () => models.dispose(),
  };
}

const flagsOf = (...names: string[]) =>
  names.flatMap((name) => ["--model", join(folder, `${name}.safetensors`)]);

Deno.test("openModels() loads each model at the first request that names it", async () => {
  await using served = await server(...flagsOf("narrow", "wide"));
  assertEquals(await served.statuses(), ["narrow unloaded", "wide unloaded"]);
  assertEquals(await served.ready(), 503);
  const { summary, others } = await served.models.start();
  assertMatch(summary, /^narrow on wasm /);
  assertEquals(others, ["wide"]);
  assertEquals(await served.statuses(), ["narrow loaded", "wide unloaded"]);
  const { models: tags } = await served.get("/api/tags");
  assertEquals(
    tags.map((tag: { details: { quantization_level: string } }) =>
      tag.details.quantization_level
    ),
    ["F16", "F16"],
  );
  assertEquals(await served.ready(), 200);
  assertEquals((await served.generate({ prompt: "a" })).model, "narrow");
  const [wide, again] = await Promise.all([
    served.generate({ prompt: "a", model: "wide" }),
    served.post("/v1/chat/completions", {
      model: "wide",
      messages: [{ role: "user", content: "a" }],
      max_tokens: 1,
    }),
  ]);
  assertEquals([wide.model, (await again.json()).model], ["wide", "wide"]);
  assertEquals(await served.statuses(), ["narrow loaded", "wide loaded"]);
  const unknown = await served.generate({ prompt: "a", model: "other" });
  assertEquals([unknown.status, unknown.code], [404, "ERR_MODEL_NOT_FOUND"]);
  assertMatch(unknown.detail, /this server has narrow, wide/);
  assertEquals((await served.get("/v1/model")).id, "narrow");
  assertEquals((await served.get("/v1/model?model=wide")).shape.width, 128);
});

Deno.test("openModels() finds the model that made a state", async () => {
  const flags = ["--model-memory", "1GB"];
  await using served = await server(...flagsOf("narrow", "wide"), ...flags);
  const { state } = await served.generate({ prompt: "a", model: "wide" });
  const next = await served.generate({ prompt: "b", state });
  assertEquals(next.model, "wide");
  assert(next.usage.prefill_saved_tokens > 0);
  const named = await served.generate({ prompt: "b", state, model: "narrow" });
  assertEquals([named.status, named.code], [409, "ERR_STATE_MISMATCH"]);
  const inspected = await served.post("/v1/state/inspect", { state });
  assertEquals((await inspected.json()).model.D, 128);
  const diff = await served.post("/v1/state/diff", { a: state, b: state });
  assertEquals((await diff.json()).equal, true);
  const broken = await served.generate({ prompt: "b", state: "x" });
  assertEquals([broken.status, broken.code], [400, "ERR_STATE_UNREADABLE"]);
});

Deno.test("openModels() finds it by its sizes while it is not loaded", async () => {
  const key = `k:${new Uint8Array(32).toBase64({ alphabet: "base64url" })}`;
  const keys = ["--state-keys", key.replaceAll("=", "")];
  const made = await (async () => {
    await using served = await server(...flagsOf("wide"), ...keys);
    return await served.generate({ prompt: "a" });
  })();
  await using served = await server(...flagsOf("narrow", "wide"), ...keys);
  const next = await served.generate({ prompt: "b", state: made.state });
  assertEquals(next.model, "wide");
  // Two of the same sizes cannot be told apart before one of them is loaded.
  const twins = flagsOf("narrow", "wide", "twin");
  await using others = await server(...twins, ...keys);
  const unsure = await others.generate({ prompt: "b", state: made.state });
  assertEquals(unsure.code, "ERR_STATE_MISMATCH");
  await others.generate({ prompt: "a", model: "twin" });
  const sure = await others.generate({ prompt: "b", state: made.state });
  assertEquals(sure.model, "wide");
});

Deno.test("openModels() unloads what was unused for longest to make room", async () => {
  // Each takes over 4 MB, of which most is for rows of the vocabulary.
  const all = flagsOf("narrow", "wide", "twin");
  await using served = await server(...all, "--model-memory", "14MB");
  for (const model of ["narrow", "wide"]) {
    assertEquals((await served.generate({ prompt: "a", model })).status, 200);
  }
  const first = await served.generate({ prompt: "a", model: "wide" });
  assertEquals((await served.statuses())[0], "narrow loaded");
  const twin = await served.generate({ prompt: "a", model: "twin" });
  assertEquals(twin.status, 200, JSON.stringify(twin));
  const loaded = (await served.statuses()).filter((line: string) =>
    line.endsWith(" loaded")
  );
  assert(loaded.length < 3, loaded.join());
  assert(loaded.includes("twin loaded"));
  assertEquals(await served.ready(), 200);
  // A save of a model that was unloaded meanwhile goes on as if it had not been.
  const next = await served.generate({ prompt: "b", state: first.state });
  assertEquals([next.model, next.status], ["wide", 200]);
});

Deno.test("openModels() refuses a model while answers of others take its room", async () => {
  const both = flagsOf("wide", "twin");
  await using served = await server(...both, "--model-memory", "9MB");
  const stream = await served.post("/v1/generate", {
    prompt: "a",
    max_tokens: 20_000,
    logit_bias: { "0": -100 },
    stream: true,
  });
  const reader = stream.body?.getReader();
  await reader?.read();
  const busy = await served.post("/v1/generate", {
    prompt: "a",
    model: "twin",
  });
  assertEquals([busy.status, busy.headers.get("retry-after")], [503, "5"]);
  const { code, detail } = await busy.json();
  assertEquals(code, "ERR_MODEL_BUSY");
  assertMatch(detail, /^Cannot load twin now: it takes .* wide is in use;/);
  await reader?.cancel();
  // The answer ends at its next token.
  let after = 503;
  for (let i = 0; after === 503 && i < 100; i++) {
    await new Promise((done) => setTimeout(done, 10));
    after = (await served.generate({ prompt: "a", model: "twin" })).status;
  }
  assertEquals(after, 200);
  assertEquals(await served.statuses(), ["wide unloaded", "twin loaded"]);
  const whole = await served.post("/v1/generate", {
    prompt: "a",
    model: "wide",
    max_tokens: 3,
    stream: true,
  });
  assertEquals(eventsOf(await whole.text()).length > 0, true);
});

Deno.test("openModels() refuses what can never fit, before it is loaded", async () => {
  const both = flagsOf("narrow", "wide");
  await using served = await server(...both, "--model-memory", "1MB");
  const refused = await served.generate({ prompt: "a", model: "wide" });
  assertEquals([refused.status, refused.code], [422, "ERR_MODEL_TOO_LARGE"]);
  const chat = await served.post("/v1/completions", {
    model: "wide",
    prompt: "a",
  });
  assertEquals([chat.status, (await chat.json()).error.code], [
    400,
    "ERR_MODEL_TOO_LARGE",
  ]);
  await assertRejects(() => served.models.start(), {
    code: "ERR_MODEL_TOO_LARGE",
  });
});

Deno.test("openModels() refuses names twice, and vocabularies of nobody", async () => {
  const path = join(folder, "wide.safetensors");
  await assertRejects(() => server(...flagsOf("wide", "wide")), {
    message: "Cannot serve two models called wide: give one another name, " +
      "--model NAME=PATH",
  });
  await using named = await server("--model", path, "--model", `b=${path}`);
  assertEquals(await named.statuses(), ["wide unloaded", "b unloaded"]);
  await assertRejects(
    () => server("--model", `a=${path}`, "--vocab", `b=${VOCABULARY}`),
    {
      code: "ERR_CONFIG_INVALID",
      message: /it is for b, and --model names a$/,
    },
  );
  for (const flag of ["--chat-form=b=g1", "--bos=b=yes"]) {
    await assertRejects(() => server("--model", `a=${path}`, flag), {
      code: "ERR_CONFIG_INVALID",
      message: /it is for b, and --model names a$/,
    });
  }
  await assertRejects(() => server("--model", `gosling,none`), {
    code: "ERR_MODEL_NOT_FOUND",
  });
});

Deno.test("openModels() lets each model converse as its name and the operator have it", async () => {
  const path = join(folder, "narrow.safetensors");
  await using served = await server(
    ...["--model", `rwkv7-g1h-0.1b=${path}`, "--model", `other=${path}`],
    ...["--model", `third=${path}`, "--chat-form", "other=g1"],
    ...["--bos", "other=yes", "--bos", "no"],
  );
  const facts = async (name: string) => {
    const { generation, chat, bos, decoding } = await served.get(
      `/v1/model?model=${name}`,
    );
    return [generation, chat, bos.text, bos.chat, decoding?.name];
  };
  assertEquals(await facts("rwkv7-g1h-0.1b"), [
    "G1h",
    { form: "flower", source: "the practice of G1h", thinking: true },
    false,
    false,
    "G1h and later",
  ]);
  assertEquals(await facts("other"), [
    "World",
    { form: "g1", source: "--chat-form", thinking: true },
    true,
    true,
    undefined,
  ]);
  assertEquals(await facts("third"), [
    "World",
    { form: "world", source: "the practice of World", thinking: false },
    false,
    false,
    undefined,
  ]);
  const read = async (model: string) =>
    (await served.generate({ model, prompt: "a", max_tokens: 1 })).usage
      .prompt_tokens;
  assertEquals([await read("other"), await read("third")], [2, 1]);
});

Deno.test("openModels() opens a state once, though its model is told by it", async () => {
  await using served = await server(...flagsOf("narrow", "wide"));
  const { state } = await served.generate({ prompt: "a", model: "wide" });
  const { subtle } = crypto;
  const decrypt = subtle.decrypt.bind(subtle);
  let opened = 0;
  subtle.decrypt = (...args: Parameters<typeof decrypt>) => {
    opened++;
    return decrypt(...args);
  };
  try {
    assertEquals((await served.generate({ prompt: "b", state })).model, "wide");
    assertEquals(opened, 1);
    const both = { a: state, b: state };
    assertEquals((await served.post("/v1/state/diff", both)).status, 200);
  } finally {
    subtle.decrypt = decrypt;
  }
});

Deno.test("openModels() loads nothing once its models end", async () => {
  await using served = await server(...flagsOf("narrow", "wide"));
  await served.models.start();
  await served.models.dispose();
  for (const model of ["narrow", "wide"]) {
    const refused = await served.generate({ prompt: "a", model });
    assertEquals([refused.status, refused.code], [503, "ERR_SHUTTING_DOWN"]);
  }
  assertEquals(await served.statuses(), ["narrow unloaded", "wide unloaded"]);
});
