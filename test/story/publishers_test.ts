/**
 * The same weights as each publisher writes them, on disk and through the real
 * server: the same tokens, three turns with a state, by every route that takes one.
 */

import { join } from "@std/path";
import { assertEquals, assertNotEquals } from "@std/assert";
import type { StoredTensor } from "../../src/model/stored_tensor.ts";
import { randomTensors, safetensors } from "../support/models/random_model.ts";
import {
  llamaKeys,
  llamaTensors,
  worldLines,
  writeGguf,
} from "../support/models/write_gguf.ts";
import { trieJson } from "../support/models/trie_json.ts";
import { writePth } from "../support/models/write_pth.ts";
import { flaTensors, rwkvRsTensors } from "../support/rename.ts";
import { serve } from "./server.ts";

const SIZES = {
  L: 2,
  D: 128,
  V: 300,
  ranks: { w: 32, a: 32, v: 16, g: 32 },
  type: "F16",
} as const;

/** As llama.cpp's files carry it: answers begin with a thought that is skipped. */
const TEMPLATE = await Deno.readTextFile(
  new URL("../fixtures/templates/llama.jinja", import.meta.url),
);

const tensors = randomTensors(SIZES);
const vocabulary = worldLines(SIZES.V);

async function weights(list: readonly StoredTensor[]): Promise<Uint8Array> {
  const parts = await Array.fromAsync(safetensors(list, SIZES.type));
  return await new Blob(parts).bytes();
}

const llamaFile = async () =>
  writeGguf(
    {
      ...llamaKeys(SIZES.V),
      "tokenizer.chat_template": [8, TEMPLATE],
    },
    await llamaTensors(tensors, SIZES.type),
  );

/** Files by publisher; each folder is one model. */
const PUBLISHERS: Readonly<
  Record<string, () => Promise<Record<string, string | Uint8Array>>>
> = {
  "BlinkDL, protocol 2": async () => ({
    "model.pth": await writePth(tensors, SIZES.type, { protocol: 2 }),
    "vocab.txt": vocabulary,
    "chat_template.jinja": TEMPLATE,
  }),
  "BlinkDL, protocol 5": async () => ({
    "model.pth": await writePth(tensors, SIZES.type, { protocol: 5 }),
    "vocab.txt": vocabulary,
    "chat_template.jinja": TEMPLATE,
  }),
  fla: async () => ({
    "model.safetensors": await weights(flaTensors(tensors)),
    "vocab.txt": vocabulary,
    "tokenizer_config.json": JSON.stringify({
      chat_template: TEMPLATE,
      add_bos_token: false,
    }),
    "config.json": JSON.stringify({ model_type: "rwkv7", head_dim: 64 }),
  }),
  "rwkv-rs": async () => ({
    "model.safetensors": await weights(rwkvRsTensors(tensors)),
    "tokenizer.json": trieJson(vocabulary),
    "chat_template.jinja": TEMPLATE,
  }),
  "llama.cpp": async () => ({ "model.gguf": await llamaFile() }),
};

const SAID = ["Hello", "and then?", "the end"];

/** What three turns by one route said and read; `chain` is over all tokens. */
interface Told {
  readonly texts: readonly string[];
  readonly position: number;
  readonly chain: string;
}

type Ask = (path: string, body: unknown) => Promise<Record<string, unknown>>;

const OPTIONS = { temperature: 0, seed: 1, max_tokens: 12, bos: false };

/** One turn by each route: what it said, and the state it left. */
const ROUTES: Readonly<
  Record<
    string,
    (ask: Ask, said: string, before?: Record<string, unknown>) => Promise<
      { text: unknown; state: unknown; answer: Record<string, unknown> }
    >
  >
> = {
  "/v1/generate, prompt": async (ask, prompt, before) => {
    const answer = await ask("/v1/generate", {
      ...OPTIONS,
      prompt,
      ...(before && { state: before["state"] }),
    });
    return { text: answer["text"], state: answer["state"], answer };
  },
  "/v1/generate, messages": async (ask, content, before) => {
    const answer = await ask("/v1/generate", {
      ...OPTIONS,
      messages: [{ role: "user", content }],
      ...(before && { state: before["state"] }),
    });
    return { text: answer["text"], state: answer["state"], answer };
  },
  "/v1/completions": async (ask, prompt, before) => {
    const answer = await ask("/v1/completions", {
      ...OPTIONS,
      prompt,
      ...(before && { state: before["state"] }),
    });
    const [choice] = answer["choices"] as { text: string }[];
    return { text: choice?.text, state: answer["state"], answer };
  },
  "/v1/chat/completions": async (ask, content, before) => {
    const answer = await ask("/v1/chat/completions", {
      ...OPTIONS,
      messages: [{ role: "user", content }],
      ...(before && { state: before["state"] }),
    });
    const [choice] = answer["choices"] as { message: { content: string } }[];
    return { text: choice?.message.content, state: answer["state"], answer };
  },
  "/v1/responses": async (ask, input, before) => {
    const answer = await ask("/v1/responses", {
      temperature: 0,
      seed: 1,
      max_output_tokens: 12,
      bos: false,
      input,
      ...(before && { previous_response_id: before["id"] }),
    });
    const [message] = (answer["output"] as {
      type: string;
      content: { text: string }[];
    }[]).filter(({ type }) => type === "message");
    return { text: message?.content[0]?.text, state: answer["state"], answer };
  },
};

async function tell(url: string): Promise<Record<string, Told>> {
  const ask: Ask = async (path, body) => {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    assertEquals(response.status, 200, `${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const told: Record<string, Told> = {};
  for (const [route, turn] of Object.entries(ROUTES)) {
    const texts: string[] = [];
    let before: Record<string, unknown> | undefined;
    let state: unknown;
    for (const said of SAID) {
      const { text, answer, state: left } = await turn(ask, said, before);
      texts.push(String(text));
      before = answer;
      state = left;
    }
    const { position, chain } = await ask("/v1/state/inspect", { state });
    told[route] = {
      texts,
      position: Number(position),
      chain: String(chain),
    };
  }
  return told;
}

Deno.test("files of each publisher say the same tokens, by every route", async (t) => {
  let first: Record<string, Told> | undefined;
  for (const [publisher, write] of Object.entries(PUBLISHERS)) {
    await t.step(publisher, async () => {
      const folder = await Deno.makeTempDir();
      try {
        for (const [name, content] of Object.entries(await write())) {
          const bytes = typeof content === "string"
            ? new TextEncoder().encode(content)
            : content;
          await Deno.writeFile(join(folder, name), bytes);
        }
        const model = publisher === "llama.cpp"
          ? join(folder, "model.gguf")
          : folder;
        await using server = await serve(
          ...["--model", model, "--device", "wasm", "--threads", "1"],
        );
        const told = await tell(server.url);
        for (const { position } of Object.values(told)) {
          assertNotEquals(position, 0);
        }
        assertEquals(told, first ??= told);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  }
});
