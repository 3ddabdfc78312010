/**
 * The keeper in front of the app with a model that says what it is told and saves that
 * are sealed: clients tell all of their conversation, and the model reads what is new.
 *
 * @module
 */

import { join } from "@std/path";
import { assert, assertEquals } from "@std/assert";
import { Keeper } from "../../src/cli/keeper/keeper_proxy.ts";
import { SaveStore } from "../../src/cli/keeper/save_store.ts";
import { randomKey } from "../../src/state/state_keys.ts";
import { Vault } from "../../src/state/vault.ts";
import { promptText } from "../../src/text/prompt_pieces.ts";
import { type Harness, harness } from "../http/client.ts";
import { byteTokenizer, fakeEngine } from "../http/fake_engine.ts";

/** A keeper, and what is behind it. */
interface Kept extends AsyncDisposable {
  readonly folder: string;
  readonly store: SaveStore;
  readonly notes: string[];
  /** What each turn read since the last call, by server. */
  read(): string[];
  post(path: string, body: object, headers?: HeadersInit): Promise<Response>;
  get(path: string, headers?: HeadersInit): Promise<Response>;
}

async function server(model = "fake"): Promise<Harness> {
  const sealer = await Vault.create({
    keys: [randomKey()],
    format: fakeEngine().format,
    audience: "test",
  });
  return harness({ sealer, model });
}

async function serve(
  servers: Record<string, Harness | undefined>,
  most = 1e9,
  loopback = false,
): Promise<Kept> {
  const root = await Deno.makeTempDir();
  const folder = join(root, "kept");
  const store = new SaveStore(folder, most);
  const notes: string[] = [];
  const keeper = new Keeper({
    servers: Object.keys(servers),
    store,
    loopback,
    note: (line) => notes.push(line),
    fetch(url, init): Promise<Response> {
      const found = servers[new URL(url).origin];
      if (found === undefined) throw new TypeError("Cannot connect");
      return found.fetch(new Request(url, init));
    },
  });
  const seen = new Map<Harness, number>();
  return {
    folder,
    store,
    notes,
    read(): string[] {
      return Object.values(servers).flatMap((here) => {
        if (here === undefined) return [];
        const { turns } = here.engine;
        const from = seen.get(here) ?? 0;
        seen.set(here, turns.length);
        return turns.slice(from).map(({ prompt }) =>
          promptText(prompt, byteTokenizer)
        );
      });
    },
    post: (path, body, headers = {}) =>
      keeper.answer(
        new Request(`http://keeper${path}`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(body),
        }),
      ),
    get: (path, headers = {}) =>
      keeper.answer(new Request(`http://keeper${path}`, { headers })),
    async [Symbol.asyncDispose](): Promise<void> {
      await store.flush();
      await Deno.remove(root, { recursive: true });
    },
  };
}

const ONE = "http://one";
const USER = (content: string) => ({ role: "user", content });
const SAID = { role: "assistant", content: "Hello!" };

/** Dialects of chats, with messages and fields that all of their requests have. */
const CHATS: Readonly<
  Record<string, {
    readonly path: string;
    readonly body: (messages: readonly object[]) => object;
  }>
> = {
  OpenAI: {
    path: "/v1/chat/completions",
    body: (messages) => ({ model: "fake", messages }),
  },
  Anthropic: {
    path: "/v1/messages",
    body: ([system, ...messages]) => ({
      model: "fake",
      max_tokens: 99,
      system: (system as { content: string }).content,
      messages,
    }),
  },
  Ollama: {
    path: "/api/chat",
    body: (messages) => ({ model: "fake:latest", messages, stream: false }),
  },
  responses: {
    path: "/v1/responses",
    body: (input) => ({ model: "fake", input }),
  },
};

for (const [name, { path, body }] of Object.entries(CHATS)) {
  for (const stream of [false, true]) {
    const how = stream ? "in streams" : "at once";
    Deno.test(`${name} ${how}: a history is read once, and branches by itself`, async () => {
      await using kept = await serve({ [ONE]: await server() });
      const ask = async (...said: readonly object[]) => {
        const system = { role: "system", content: "Be kind." };
        const asked = { ...body([system, ...said]), stream };
        const response = await kept.post(path, asked);
        const text = await response.text();
        assertEquals(response.status, 200, text);
        if (name !== "responses") assert(!text.includes("eyJ"), text);
        if (!stream) assert(text.includes("Hello!"), text);
        return kept.read();
      };
      assertEquals(await ask(USER("a")), [
        "System: Be kind.\n\nUser: a\n\nAssistant:",
      ]);
      assertEquals(await ask(USER("a"), SAID, USER("b")), [
        "User: b\n\nAssistant:",
      ]);
      const long = [USER("a"), SAID, USER("b"), SAID, USER("c")];
      assertEquals(await ask(...long), ["User: c\n\nAssistant:"]);
      // A swipe, and an edit of what was said before.
      assertEquals(await ask(...long), ["User: c\n\nAssistant:"]);
      assertEquals(await ask(USER("a"), SAID, USER("B")), [
        "User: B\n\nAssistant:",
      ]);
      const edited = { ...SAID, content: "  Hello!\r\n" };
      assertEquals(await ask(USER("a"), edited, USER("B"), SAID, USER("d")), [
        "User: d\n\nAssistant:",
      ]);
      const other = { ...SAID, content: "Go away!" };
      const [whole = ""] = await ask(USER("a"), other, USER("b"));
      assert(whole.startsWith("System: Be kind.\n\nUser: a"), whole);
    });
  }
}

/** Dialects of texts. */
const TEXTS: Readonly<Record<string, (prompt: string) => object>> = {
  "/v1/completions": (prompt) => ({ prompt, max_tokens: 99 }),
  "/completion": (prompt) => ({ prompt, stop: ["\n\n"] }),
  "/api/v1/generate": (prompt) => ({ prompt }),
  "/api/extra/generate/stream": (prompt) => ({ prompt }),
  "/api/generate": (prompt) => ({ prompt, raw: true }),
};

for (const [path, body] of Object.entries(TEXTS)) {
  Deno.test(`${path}: a text that goes on is read once, and branches by itself`, async () => {
    await using kept = await serve({ [ONE]: await server() });
    const ask = async (prompt: string) => {
      const response = await kept.post(path, body(prompt));
      const text = await response.text();
      assertEquals(response.status, 200, text);
      assert(!/eyJ|"state"|"context"/.test(text), text);
      return kept.read();
    };
    const first = "User: a\n\nAssistant:";
    assertEquals(await ask(first), [first]);
    const answer = path === "/completion" ? " Hello!" : " Hello!\n\n";
    const second = `${first}${answer}\nUser: b\n\nAssistant:`;
    assertEquals(await ask(second), ["\nUser: b\n\nAssistant:"]);
    assertEquals(await ask(second), ["\nUser: b\n\nAssistant:"]);
    const edited = `${first}${answer}\nUser: c\n\nAssistant:`;
    assertEquals(await ask(edited), ["\nUser: c\n\nAssistant:"]);
    assertEquals(await ask("Else"), ["Else"]);
  });
}

for (const [path, body] of Object.entries(TEXTS)) {
  if (path === "/completion") continue;
  Deno.test(`${path}: white space that a client trims from an answer is no edit`, async () => {
    await using kept = await serve({ [ONE]: await server() });
    const ask = async (prompt: string) => {
      await (await kept.post(path, body(prompt))).text();
      return kept.read();
    };
    const first = "User: a\n\nAssistant:";
    // The model writes " Hello!\n\n".
    await ask(first);
    const told = `${first} Hello!\nUser: b\n\nAssistant:`;
    assertEquals(await ask(told), ["User: b\n\nAssistant:"]);
    const close = `${told} Hello!User: c`;
    assertEquals(await ask(close), ["User: c"]);
    const wide = `${told} Hello!\t User: c`;
    assertEquals(await ask(wide), ["\t User: c"]);
    // What goes on before that white space has not been read.
    assertEquals(await ask(`${first} Hello!\n`), [`${first} Hello!\n`]);
  });
}

Deno.test("texts are kept whatever else is null, empty or in another field", async () => {
  const nulls = {
    n: null,
    echo: null,
    best_of: null,
    state: null,
    memory: null,
  };
  const asks = [
    ["/v1/completions/", { ...nulls, context: [], prompt: "Once" }],
    ["/completion", { ...nulls, context: [], prompt: "Once" }],
    ["/api/v1/generate", { memory: "On", prompt: "ce" }],
    ["/api/generate", { raw: true, context: [], prompt: "Once" }],
  ] as const;
  for (const [path, body] of asks) {
    await using kept = await serve({ [ONE]: await server() });
    await (await kept.post(path, body)).text();
    const more = "memory" in body && body.memory
      ? `${body.prompt} Hello!\n\nand`
      : "Once Hello!\n\nand";
    const response = await kept.post(path, { ...body, prompt: more });
    const text = await response.text();
    assertEquals([path, response.status, text.includes("eyJ")], [
      path,
      200,
      false,
    ]);
    assertEquals([path, kept.read()], [path, ["Once", "and"]]);
  }
});

const CHAT = "/v1/chat/completions";
const chat = (...messages: readonly object[]) => ({ model: "fake", messages });

Deno.test("calls and what they gave are a history too, and an answer that is gone on with is one", async () => {
  const tools = [{
    type: "function",
    function: { name: "now", parameters: { type: "object" } },
  }];
  const here = harness({
    reply: (prompt) =>
      prompt.includes("output")
        ? " Noon.\n\n"
        : ' ```json\n{"name":"now","arguments":{"b":1,"a":2}}\n```\n\n',
    sealer: await Vault.create({
      keys: [randomKey()],
      format: fakeEngine().format,
      audience: "test",
    }),
  });
  await using kept = await serve({ [ONE]: here });
  for (const stream of [false, true]) {
    const first = { ...chat(USER(`a${stream}`)), tools, stream };
    await (await kept.post(CHAT, first)).text();
    kept.read();
    const call = {
      id: "call_1",
      type: "function",
      function: { name: "now", arguments: '{"a": 2, "b": 1}' },
    };
    const again = {
      ...chat(
        USER(`a${stream}`),
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "call_1", content: "12:00" },
      ),
      tools,
    };
    await (await kept.post(CHAT, again)).text();
    assertEquals(kept.read(), [
      "User: Function output:\n12:00\n\nAssistant:",
    ]);
  }
  await using plain = await serve({ [ONE]: await server() });
  const begun = { role: "assistant", content: "Well, " };
  await (await plain.post(CHAT, chat(USER("a"), begun))).text();
  const whole = { role: "assistant", content: "Well,  Hello!" };
  plain.read();
  await (await plain.post(CHAT, chat(USER("a"), whole, USER("b")))).text();
  assertEquals(plain.read(), ["User: b\n\nAssistant:"]);
});

Deno.test("a call that is told in pieces is one call of the history", async () => {
  const tools = [{
    type: "function",
    function: { name: "now", parameters: { type: "object" } },
  }];
  const call = { name: "now", arguments: { a: 1 } };
  const here = harness({
    reply: () => ` ${JSON.stringify(call)}`,
    sealer: await Vault.create({
      keys: [randomKey()],
      format: fakeEngine().format,
      audience: "test",
    }),
  });
  await using kept = await serve({ [ONE]: here });
  const first = { ...chat(USER("a")), tools, tool_choice: "required" };
  const response = await kept.post(CHAT, { ...first, stream: true });
  const pieces = (await response.text()).match(/"tool_calls"/g) ?? [];
  assert(pieces.length > 1, `${pieces.length} pieces`);
  kept.read();
  const made = {
    id: "call_1",
    type: "function",
    function: { name: "now", arguments: '{"a":1}' },
  };
  const next = chat(
    USER("a"),
    { role: "assistant", content: "", tool_calls: [made] },
    { role: "tool", tool_call_id: "call_1", content: "12:00" },
  );
  await (await kept.post(CHAT, { ...next, tools })).text();
  assertEquals(kept.read(), [
    "\n\nUser: Function output:\n12:00\n\nAssistant:",
  ]);
});

Deno.test("a save that the server cannot open is dropped, and the whole is told", async () => {
  const servers = { [ONE]: await server() };
  await using kept = await serve(servers);
  await (await kept.post(CHAT, chat(USER("a")))).text();
  // Started again with a new key.
  servers[ONE] = await server();
  const next = chat(USER("a"), SAID, USER("b"));
  const response = await kept.post(CHAT, next);
  assertEquals(response.status, 200);
  await response.text();
  const [whole = ""] = kept.read().slice(-1);
  assert(whole.startsWith("User: a"), whole);
  assert(kept.notes.some((note) => note.includes("no use any more")));
  const saves = await kept.store.list();
  assertEquals(saves.map(({ turns }) => turns), [4]);
});

Deno.test("callers, models and other tools have histories of their own; a client's own state passes", async () => {
  await using kept = await serve({ [ONE]: await server() });
  const next = chat(USER("a"), SAID, USER("b"));
  await (await kept.post(CHAT, chat(USER("a")))).text();
  kept.read();
  const secret = `mine:${"A".repeat(43)}`;
  const others: readonly [object, HeadersInit?][] = [
    [next, { authorization: "Bearer other" }],
    [next, { "x-api-key": "other" }],
    [next, { "gosling-secret": secret }],
    [{ ...next, tools: [{ type: "function", function: { name: "x" } }] }],
  ];
  for (const [body, headers] of others) {
    await (await kept.post(CHAT, body, headers)).text();
    const [whole = ""] = kept.read();
    assert(whole.includes("User: a"), whole);
  }
  const native = await kept.post("/v1/generate", { prompt: "a" });
  const { state } = await native.json();
  kept.read();
  const own = await kept.post(CHAT, { ...chat(USER("c")), state });
  assertEquals(typeof (await own.json()).state, "string");
  assertEquals(kept.read(), ["User: c\n\nAssistant:"]);
});

Deno.test("a save locked by its owner's secret is found with the secret alone, and nobody else drops it", async () => {
  await using kept = await serve({ [ONE]: await server() });
  const mine = { "gosling-secret": `mine:${"A".repeat(43)}` };
  const next = chat(USER("a"), SAID, USER("b"));
  await (await kept.post(CHAT, chat(USER("a")), mine)).text();
  kept.read();
  await (await kept.post(CHAT, next)).text();
  assert(kept.read()[0]?.startsWith("User: a"));
  await (await kept.post(CHAT, next, mine)).text();
  assertEquals(kept.read(), ["User: b\n\nAssistant:"]);
  assertEquals(kept.notes.filter((note) => note.includes("no use")), []);
});

Deno.test("a keeper of this machine alone answers for none of the names that pages may have", async () => {
  await using kept = await serve({ [ONE]: await server() }, 1e9, true);
  for (const host of ["evil.example", "127.0.0.1.evil.example:8100"]) {
    for (
      const response of [
        await kept.get("/v1/models", { host }),
        await kept.post(CHAT, chat(USER("a")), { host }),
        await kept.post("/v1/generate", { prompt: "a" }, { host }),
      ]
    ) {
      assertEquals([host, response.status], [host, 403]);
      await response.body?.cancel();
    }
  }
  assertEquals(kept.read(), []);
  for (const host of ["localhost:8100", "127.0.0.1:8100", "[::1]:8100"]) {
    const response = await kept.get("/v1/models", { host });
    assertEquals([host, response.status], [host, 200]);
    await response.body?.cancel();
  }
});

Deno.test({
  name: "what is kept is for its user alone " +
    "(ignored on Windows, which has no such modes)",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using kept = await serve({ [ONE]: await server() });
    const words = `${"long ".repeat(30)}end`;
    await (await kept.post(CHAT, chat(USER(words)))).text();
    await kept.store.flush();
    const mode = async (path: string) =>
      ((await Deno.stat(path)).mode ?? 0) & 0o777;
    assertEquals(await mode(kept.folder), 0o700);
    const files = await Array.fromAsync(Deno.readDir(kept.folder));
    assertEquals(files.length, 1);
    for (const { name } of files) {
      const path = join(kept.folder, name);
      assertEquals(await mode(path), 0o600);
      const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
      const [about = ""] = text.split("\n", 1);
      // The words of a save are its first 60 characters, and sealed but for them.
      assertEquals(JSON.parse(about).words, words.slice(0, 60));
      assert(!text.includes("end"), text.slice(0, 300));
    }
  },
});

Deno.test("requests go to the server that has the model, or the save, or is there", async () => {
  const servers: Record<string, Harness | undefined> = {
    [ONE]: await server("small"),
    "http://two": await server("large"),
  };
  await using kept = await serve(servers);
  const { data } = await (await kept.get("/v1/models")).json();
  assertEquals(data.map(({ id }: { id: string }) => id), ["small", "large"]);
  const tags = await (await kept.get("/api/tags")).json();
  assertEquals(tags.models.length, 2);
  for (const model of ["large", "small"]) {
    const asked = { ...chat(USER("a")), model };
    const answer = await (await kept.post(CHAT, asked)).json();
    assertEquals(answer.model, model);
  }
  servers[ONE] = undefined;
  await using one = await serve({ "http://gone": undefined, ...servers });
  const asked = { ...chat(USER("a")), model: "large" };
  assertEquals((await (await one.post(CHAT, asked)).json()).model, "large");
  await using none = await serve({ "http://gone": undefined });
  const lost = await none.post(CHAT, chat(USER("a")));
  assertEquals(lost.status, 502);
  assert((await lost.json()).error.message.includes("Cannot reach a server"));
});

Deno.test("the folder has a bound, and the save unused for longest goes first", async () => {
  const servers = { [ONE]: await server() };
  await using first = await serve(servers);
  await (await first.post(CHAT, chat(USER("a")))).text();
  const [{ bytes = 0 } = {}] = await first.store.list();
  await using kept = await serve(servers, 3.5 * bytes);
  for (const words of ["a", "b", "c", "d"]) {
    await (await kept.post(CHAT, chat(USER(words)))).text();
    await kept.store.flush();
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (words === "c") {
      const next = chat(USER("a"), SAID, USER("e"));
      await (await kept.post(CHAT, { ...next, state_codec: "none" })).text();
    }
  }
  const saves = await kept.store.list();
  assertEquals(saves.map(({ words }) => words).sort(), ["a", "c", "d"]);
  assertEquals(saves.map(({ model }) => model), ["fake", "fake", "fake"]);
});
