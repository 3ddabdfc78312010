/**
 * Nothing of a request remains in the server after its answer: looked for in the
 * memory of the real process.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Client } from "../../src/client/client.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { openModel } from "../../src/model/open_model.ts";
import { N } from "../../src/model/shape.ts";
import { formatKey, randomKey } from "../../src/state/state_keys.ts";
import type { Save, SaveFormat } from "../../src/state/save.ts";
import { Vault } from "../../src/state/vault.ts";
import type { Tokenizer } from "../../src/text/tokenizer.ts";
import { type Found, Inspector } from "../support/inspector.ts";
import { type Server, startServer } from "../support/server.ts";

const TURNS = 400;
const AT_ONCE = 8;

/** Nowhere else in the program, its model or this repository. */
const CANARY = "Quetzalcoatlus-7193 hides the marzipan";
const MESSAGES = [{
  role: "user",
  content: `My secret is ${CANARY}.`,
}] as const;

const KEY = randomKey();
const ENV = { GOSLING_STATE_KEYS: formatKey(KEY) };
const WASM = ["--device", "wasm", "--threads", "2"];

Deno.test(`after ${TURNS} turns nothing of them is in the server`, async () => {
  await using server = await startServer(WASM, ENV, [
    "--inspect=127.0.0.1:0",
  ]);
  await using inspector = await Inspector.connect(server.output());
  const client = new Client({ url: server.url });
  const { tokenizer, format } = await embedded();

  // While a turn runs its text must be found, or nothing is proved below.
  const control = new AbortController();
  const stream = client.stream(
    { messages: MESSAGES, max_tokens: 65_536, temperature: 4, stop: "\0" },
    control.signal,
  );
  await stream.next();
  const during = await look(inspector, needlesOf(tokenizer));
  control.abort();
  await stream.next().catch(() => {});
  const seen = new Set(during.map(({ needle }) => needle));
  assert(seen.has("string"), "the heap does not show a turn's text");
  assert(seen.has("token ids"), "the arrays do not show a turn's tokens");

  const saves = await converse(server, client);
  const vault = await Vault.create({
    keys: [KEY],
    format,
    audience: "gosling",
  });
  const opened = await Promise.all(saves.map((token) => vault.open(token)));
  await idle(server);
  const after = await look(inspector, {
    ...needlesOf(tokenizer),
    ...Object.assign({}, ...opened.map(stateNeedles)),
  });
  assertEquals(after, []);
  assertEquals(server.output().includes(CANARY), false);
  for (const token of saves) {
    assertEquals(server.output().includes(token.slice(0, 200)), false);
  }
});

Deno.test("a server that is killed between turns has lost nothing", async () => {
  let state: string | undefined;
  const said = ["My name is Dave.", "How are you?", "What is my name?"];
  let text = "";
  for (const content of said) {
    await using server = await startServer(WASM, ENV);
    const answer = await new Client({ url: server.url }).generate({
      messages: [{ role: "user", content }],
      temperature: 0,
      ...(state !== undefined && { state }),
    });
    ({ state, text } = answer);
    await server.stop("SIGKILL");
  }
  assertMatch(text, /Dave/);
});

/** Takes turns of every kind; gives the tokens of the last ones. */
async function converse(server: Server, client: Client): Promise<string[]> {
  const { url } = server;
  const post = (path: string, body: object, headers = {}) =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const exact = {
    state_codec: "exact",
    temperature: 0,
    max_tokens: 4,
  } as const;
  const kinds = [
    async (state: string | undefined) => {
      const turn = { messages: MESSAGES, ...exact, ...(state && { state }) };
      return (await client.generate(turn)).state;
    },
    async (state: string | undefined) => {
      const turn = {
        messages: MESSAGES,
        ...exact,
        stop: ["Quetz"],
        ...(state && { state }),
      };
      for await (const event of client.stream(turn)) {
        if (event.type === "done") return event.state;
      }
    },
    async (state: string | undefined) => {
      const prompt = MESSAGES[0].content;
      const turn = { model: "gosling", prompt, ...exact, state };
      return (await (await post("/v1/completions", turn)).json()).state;
    },
    async (state: string | undefined) => {
      const turn = { prompt: CANARY, ...exact, state };
      const accept = "multipart/mixed";
      await (await post("/v1/generate", turn, { accept })).bytes();
      const broken = await post("/v1/generate", { prompt: CANARY, tokens: 1 });
      assertEquals(broken.status, 422);
      await broken.body?.cancel();
      const texts = [CANARY, `${CANARY}!`];
      await (await post("/v1/state/score", { texts, state })).bytes();
      return state;
    },
  ];
  const saves: (string | undefined)[] = [];
  let left = TURNS;
  await Promise.all(Array.from({ length: AT_ONCE }, async (_, talker) => {
    while (left-- > 0) {
      const kind = kinds[left % kinds.length];
      saves[talker] = await kind(saves[talker]);
    }
  }));
  return saves.filter((save) => save !== undefined);
}

/** Waits until no lane is in use, and the last one left has been zeroed. */
async function idle({ url }: Server): Promise<void> {
  for (let busy = 1; busy > 0;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const model = await (await fetch(`${url}/v1/model`)).json();
    ({ busy } = model.lanes);
  }
}

type Needles = Readonly<
  Record<string, string | Uint8Array | readonly number[]>
>;

/** What the canary looks like, wherever it may be. */
function needlesOf(tokenizer: Tokenizer): Needles {
  const ids = tokenizer.encode(` is ${CANARY}`).slice(2, -2);
  return {
    "string": CANARY,
    "UTF-8": new TextEncoder().encode(CANARY),
    "UTF-16": new Uint8Array(
      Uint16Array.from(CANARY, (letter) => letter.charCodeAt(0)).buffer,
    ),
    "token ids": ids,
    "token ids, u32": new Uint8Array(Uint32Array.from(ids).buffer),
    "token ids, u16": new Uint8Array(Uint16Array.from(ids).buffer),
  };
}

/** Eight values in a row of every vector and every second head's matrix. */
function stateNeedles({ values }: Save, talker: number): Needles {
  const bytes = (floats: Float32Array) => new Uint8Array(floats.slice().buffer);
  const needles: Record<string, Uint8Array> = {};
  for (let at = 0; at + 2 * N * N < values.length; at += 2 * N * N) {
    const row = values.subarray(at, at + 8);
    const column = row.map((_, i) => values[at + i * N]);
    for (const [order, floats] of Object.entries({ row, column })) {
      if (new Set(floats).size < 8) continue;
      needles[`state ${talker}, ${order} at ${at}`] = bytes(floats);
    }
  }
  return needles;
}

async function look(inspector: Inspector, needles: Needles): Promise<Found[]> {
  const texts = new Map<string, string>();
  const numbers: Record<string, Uint8Array | readonly number[]> = {};
  for (const [name, needle] of Object.entries(needles)) {
    if (typeof needle === "string") texts.set(needle, name);
    else numbers[name] = needle;
  }
  const strings = await inspector.strings([...texts.keys()]);
  return [
    ...strings.map((found) => ({
      ...found,
      needle: texts.get(found.needle) ?? found.needle,
    })),
    ...await inspector.numbers(numbers),
  ];
}

async function embedded(): Promise<{
  tokenizer: Tokenizer;
  format: SaveFormat;
}> {
  const model = new URL("../../models/gosling/", import.meta.url);
  await using files = await openFiles(model);
  const { tokenizer, fingerprint, checkpoint } = await openModel(files);
  return { tokenizer, format: { fingerprint, shape: checkpoint.shape } };
}
