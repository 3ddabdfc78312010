/**
 * A model that was opened here reads and draws the tokens that a server of the same
 * files does: three turns of a chat, and a text.
 */

import { join } from "@std/path";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseCommand } from "../../src/config/command_line.ts";
import { readConfig } from "../../src/config/read_config.ts";
import { modelPlaces } from "../../src/hub/resolve_model.ts";
import { createApp } from "../../src/http/app.ts";
import type { OpenOptions, TurnOptions } from "../../src/library/engine_api.ts";
import { open } from "../../src/library/local_engine.ts";
import { jinja } from "../../src/library/jinja_templates.ts";
import type { ModelManifest } from "../../src/library/tab_protocol.ts";
import { SETTINGS_FILES } from "../../src/model/settings_files.ts";
import { pageModel } from "../../src/serve/page_model.ts";
import { openModels } from "../../src/serve/served_models.ts";
import { decodeSave } from "../../src/state/save_format.ts";
import { openPortable, portableBytes } from "../../src/state/portable_token.ts";
import type { Save, SaveFormat } from "../../src/state/save.ts";
import { randomTensors, safetensors } from "../support/models/random_model.ts";
import { worldLines } from "../support/models/write_gguf.ts";

const SIZES = { L: 1, D: 64, V: 300, type: "F16" } as const;

const TEMPLATE = Deno.readTextFileSync(
  new URL("../fixtures/templates/sections.jinja", import.meta.url),
);

/** Files beside the weights, by what the model is called. */
const MODELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // A template, a thought form, a first token, profiles and ends of its own.
  "all-said": {
    "chat_template.jinja": TEMPLATE,
    "tokenizer_config.json": JSON.stringify({ add_bos_token: true }),
    "generation_config.json": JSON.stringify({
      temperature: 0.7,
      top_k: 40,
      presence_penalty: 0.5,
      stop_strings: ["q"],
    }),
    "fake_think_generation_config.json": JSON.stringify({ top_p: 0.9 }),
  },
  // Its name tells.
  "rwkv7-g1h-0.1b": {},
  "rwkv7-g1d-0.1b": {},
  "some-world": {},
};

/** Flags of every server here. */
const FLAGS = ["--device", "wasm", "--threads", "1", "--lanes", "1"];

/** A model's folder, served without a socket. */
async function serve(name: string) {
  const folder = await Deno.makeTempDir();
  const path = join(folder, name);
  await Deno.mkdir(path);
  const weights = await new Blob(
    await Array.fromAsync(safetensors(randomTensors(SIZES), "F16")),
  ).bytes();
  const vocabulary = new TextEncoder().encode(worldLines(SIZES.V));
  await Deno.writeFile(join(path, `${name}.safetensors`), weights);
  await Deno.writeFile(join(path, "vocab.txt"), vocabulary);
  for (const [file, text] of Object.entries(MODELS[name] ?? {})) {
    await Deno.writeTextFile(join(path, file), text);
  }
  const served = await servedModels("--model", path);
  return {
    ...served,
    weights,
    vocabulary,
    async [Symbol.asyncDispose](): Promise<void> {
      await served[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Models of settings, served without a socket. */
async function servedModels(...more: string[]) {
  const { flags } = parseCommand([...FLAGS, "--portable", "yes", ...more]);
  const config = readConfig(flags, () => undefined);
  const places = await modelPlaces(config, () => undefined);
  const models = await openModels(config, places, () => {});
  const { services, release } = await models.borrow();
  const report = (error: unknown) => {
    throw error;
  };
  const app = createApp({ loader: models, keys: [], report });
  return {
    format: services.engine.format,
    async ask(body: object) {
      const response = await app.request("/v1/generate", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          max_tokens: 24,
          seed: 5,
          state_codec: "exact",
          state_profile: "portable",
          ...body,
        }),
      });
      const answer = await response.json();
      assertEquals(response.status, 200, JSON.stringify(answer));
      return answer;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      release?.();
      await models.dispose();
    },
  };
}

async function opened(bytes: Uint8Array, format: SaveFormat): Promise<Save> {
  return decodeSave(await openPortable(new Uint8Array(bytes)), format);
}

const SAID = ["Hello", "And then?", "Bye."];

for (const [name, files] of Object.entries(MODELS)) {
  Deno.test(`turns read and draw the same tokens as on a server: ${name}`, async () => {
    await using server = await serve(name);
    const engine = await open({
      name,
      weights: server.weights,
      vocabulary: server.vocabulary,
      settings: Object.fromEntries(
        SETTINGS_FILES.map((file) => [file, files[file]]),
      ),
      jinja,
      device: "wasm",
      threads: 1,
    });
    const turn = async (
      input: Parameters<typeof engine.turn>[0],
      { save, ...options }: TurnOptions = {},
    ) =>
      await engine.turn(input, {
        maxTokens: 24,
        seed: 5,
        codec: "exact",
        ...(save && { save }),
        ...options,
      }).result;
    let [state, save]: [string?, Uint8Array?] = [];
    for (const [i, content] of SAID.entries()) {
      const messages = [
        ...(i === 0 ? [{ role: "system" as const, content: "Be kind." }] : []),
        { role: "user" as const, content },
      ];
      // The second one thinks.
      const there = await server.ask({
        messages,
        state,
        ...(i === 1 &&
          { chat_template_kwargs: { enable_thinking: true } }),
      });
      const here = await turn(messages, {
        ...(save && { save }),
        ...(i === 1 && { variables: { enable_thinking: true } }),
      });
      const { usage } = there;
      assertEquals(here.usage, {
        promptTokens: usage.prompt_tokens,
        completionTokens: usage.completion_tokens,
        position: usage.position,
      });
      assertEquals([here.text, here.reasoning], [there.text, there.reasoning]);
      const [mine, its] = await Promise.all(
        [here.save, portableBytes(there.state)].map((bytes) =>
          opened(bytes, server.format)
        ),
      );
      // The chain is a digest of every token that was read, in order.
      assertEquals(mine, its);
      [state, save] = [there.state, here.save];
    }
    const there = await server.ask({ prompt: "Once" });
    const here = await turn("Once");
    assertEquals(here.text, there.text);
    assertEquals(here.usage.position, there.usage.position);
    await engine.close();
  });
}

Deno.test("open() refuses a template that nothing can write, by name", async () => {
  await using server = await serve("all-said");
  const options: OpenOptions = {
    name: "mine",
    weights: server.weights,
    vocabulary: server.vocabulary,
    settings: { "chat_template.jinja": TEMPLATE },
    device: "wasm",
    threads: 1,
  };
  await assertRejects(() => open(options), {
    code: "ERR_MODEL_UNSUPPORTED",
    message: /template of mine \(chat_template\.jinja\): no interpreter/,
  });
  const engine = await open({ ...options, chatForm: "world", bos: true });
  const { usage } = await engine.turn([{ role: "user", content: "Hi" }], {
    maxTokens: 0,
  }).result;
  assert(usage.promptTokens > 1);
  await engine.close();
});

Deno.test("the model of the page converses in a tab as on its server", async () => {
  await using server = await servedModels();
  const read = (name: string) => pageModel.read(name);
  const manifest: ModelManifest = JSON.parse(
    new TextDecoder().decode(await read("model.json")),
  );
  const engine = await open({
    ...manifest,
    weights: await read(manifest.weights),
    vocabulary: await read(manifest.vocabulary),
    device: "wasm",
    threads: 1,
  });
  const messages = [{ role: "user" as const, content: "My name is Dave." }];
  const there = await server.ask({ messages, temperature: 0 });
  const here = await engine.turn(messages, {
    codec: "exact",
    maxTokens: 24,
    seed: 5,
    temperature: 0,
  }).result;
  assertEquals(here.text, there.text);
  assertEquals(
    await opened(here.save, server.format),
    await opened(portableBytes(there.state), server.format),
  );
  await engine.close();
});
