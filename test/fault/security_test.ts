import { assert, assertEquals, assertRejects } from "@std/assert";
import { randomKey, type StateKey } from "../../src/state/state_keys.ts";
import { Vault, type VaultOptions } from "../../src/state/vault.ts";
import {
  sealedBytes,
  sealedText,
  splitSealedBytes,
  splitSealedText,
} from "../../src/state/token_envelope.ts";
import { bytesOfContext, contextOf } from "../../src/http/ollama/context.ts";
import { parseOwnerSecret } from "../../src/state/owner_secret.ts";
import {
  isPortableText,
  portableBytes,
} from "../../src/state/portable_token.ts";
import { toBase64url } from "../../src/text/base64url.ts";
import { type Harness, harness } from "../http/client.ts";
import { fakeEngine } from "../http/fake_engine.ts";

/** What SECURITY.md says of tokens, tried on every route that takes one. */

const FORMAT = fakeEngine().format;
const KEY = randomKey();
const CHAT = [{ role: "user", content: "Hi" }];

const FACT = { question: "a", answer: "b" };

/** Every route that takes a state, by each of the ways in which it takes it. */
const TAKERS: Readonly<
  Record<string, readonly [path: string, (state: string) => BodyInit | object]>
> = {
  generate: ["/v1/generate", (state) => ({ prompt: "a", state })],
  stream: ["/v1/generate", (state) => ({ prompt: "a", state, stream: true })],
  nothing: ["/v1/generate", (state) => ({ prompt: "", max_tokens: 0, state })],
  form: ["/v1/generate", (state) => {
    const form = new FormData();
    form.set("request", '{"prompt":"a"}');
    form.set("state", new Blob([inBytes(state)]));
    return form;
  }],
  chat: ["/v1/chat/completions", (state) => ({ messages: CHAT, state })],
  completions: ["/v1/completions", (state) => ({ prompt: "a", state })],
  responses: ["/v1/responses", (state) => ({ input: "a", state })],
  previous: ["/v1/responses", (state) => ({
    input: "a",
    previous_response_id: `resp_${state}`,
  })],
  reasoning: ["/v1/responses", (state) => ({
    input: [
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: state },
      { role: "user", content: "a" },
    ],
  })],
  messages: ["/v1/messages", (state) => ({
    max_tokens: 9,
    messages: [{ role: "user", content: "a" }, {
      role: "assistant",
      content: [{ type: "text", text: "b" }, {
        type: "redacted_thinking",
        data: state,
      }],
    }, ...CHAT],
  })],
  messagesField: ["/v1/messages", (state) => ({
    max_tokens: 9,
    messages: CHAT,
    state,
  })],
  messagesStream: ["/v1/messages", (state) => ({
    max_tokens: 9,
    messages: CHAT,
    state,
    stream: true,
  })],
  count: ["/v1/messages/count_tokens", (state) => ({ messages: CHAT, state })],
  ollama: ["/api/chat", (state) => ({
    messages: [{ role: "assistant", content: "b", state }, ...CHAT],
    stream: false,
  })],
  ollamaField: ["/api/chat", (state) => ({ messages: CHAT, state })],
  context: ["/api/generate", (state) => ({
    prompt: "a",
    context: contextOf(inBytes(state)),
    stream: false,
  })],
  contextField: ["/api/generate", (state) => ({ prompt: "a", state })],
  llama: ["/completion", (state) => ({ prompt: "a", state })],
  llamaStream: ["/completion", (state) => ({
    prompt: "a",
    state,
    stream: true,
  })],
  slotSave: ["/slots/0?action=save", (state) => ({ prompt: "a", state })],
  slotRestore: ["/slots/0?action=restore", (state) => ({ filename: state })],
  kobold: ["/api/v1/generate", (state) => ({ prompt: "a", state })],
  koboldStream: ["/api/extra/generate/stream", (state) => ({
    prompt: "a",
    state,
  })],
  branch: ["/v1/state/branch", (state) => ({
    state,
    branches: [{ prompt: "a" }],
  })],
  score: ["/v1/state/score", (state) => ({ state, texts: ["a"] })],
  mix: ["/v1/state/mix", (state) => ({ states: [{ state, weight: 1 }] })],
  rebase: ["/v1/state/rebase", (state) => ({ prompt: "a", state })],
  anew: ["/v1/state/rebase", (state) => ({ state })],
  transcript: ["/v1/state/transcript", (state) => ({ state })],
  audit: ["/v1/state/audit", (state) => ({ state })],
  inspect: ["/v1/state/inspect", (state) => ({ state })],
  diff: ["/v1/state/diff", (state) => ({ a: state, b: state })],
  convert: ["/v1/state/convert", (state) => ({ state, to: "gosling" })],
  teach: ["/v1/state/teach", (state) => ({ state, statements: ["a"] })],
  forget: ["/v1/state/forget", (state) => ({ state, facts: [FACT] })],
  merge: ["/v1/state/merge", (state) => ({ states: [{ state }, { state }] })],
};

/** Those of them whose answer has a state. */
const GIVERS = [
  ...["generate", "nothing", "chat", "completions", "responses", "previous"],
  ...["reasoning", "messages", "messagesField", "messagesStream"],
  ...["ollama", "ollamaField", "context", "llama", "llamaStream", "slotSave"],
  ...["slotRestore", "kobold", "koboldStream", "branch", "mix", "rebase"],
  ...["anew", "teach", "forget", "merge"],
];

/** The same token in its binary form. */
function inBytes(state: string): Uint8Array<ArrayBuffer> {
  return isPortableText(state)
    ? portableBytes(state)
    : sealedBytes(splitSealedText(state));
}

async function serve(
  options: Partial<VaultOptions> & { readonly keys?: readonly StateKey[] } = {},
): Promise<{ here: Harness; vault: Vault }> {
  const vault = await Vault.create({
    keys: [KEY],
    format: FORMAT,
    audience: "test",
    ...options,
  });
  const { portable = false, ttl, maxAge } = options;
  const expires = (ttl ?? maxAge) !== undefined;
  return { here: harness({ sealer: vault, portable, expires }), vault };
}

async function begun(
  here: Harness,
  secrets: Secrets = {},
  fields: object = {},
): Promise<string> {
  const response = await here.post("/v1/generate", {
    prompt: "Hi",
    transcript: true,
    ...fields,
  }, { headers: { ...secrets } });
  return (await response.json()).state;
}

/** Headers with secrets of the state's owner. */
interface Secrets {
  readonly "gosling-secret"?: string;
  readonly "gosling-new-secret"?: string;
}

/** What becomes of a state on every route: its status and its code. */
async function outcomes(
  here: Harness,
  state: string,
  secrets: Secrets = {},
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, [path, body]] of Object.entries(TAKERS)) {
    const response = await here.post(path, body(state), {
      headers: { ...secrets },
    });
    const text = await response.text();
    const [code = ""] = text.match(/ERR_[A-Z_]+/) ?? [];
    found[name] = `${response.status} ${code}`.trim();
  }
  return found;
}

/** All outcomes but of `convert`, which needs portable states. */
function sealed(expected: string): Record<string, string> {
  return Object.fromEntries(
    Object.keys(TAKERS).map((name) => [
      name,
      name === "convert" ? "403 ERR_STATE_PROFILE" : expected,
    ]),
  );
}

Deno.test("a sealed token is taken by every route but the one that would open it for all", async () => {
  const { here } = await serve();
  assertEquals(await outcomes(here, await begun(here)), sealed("200"));
});

Deno.test("a token of another audience, key, tenant or bit is refused everywhere, and never why", async () => {
  const { here, vault } = await serve();
  const state = await begun(here);
  const save = await vault.open(state);
  const foreign = [
    await begun((await serve({ audience: "other" })).here),
    await begun((await serve({ keys: [randomKey()] })).here),
    (await vault.seal(save, { codec: "int8", tenant: "bob" })).token,
    state.slice(0, -1) + (state.endsWith("A") ? "Q" : "A"),
  ];
  const bodies = new Set<string>();
  for (const token of foreign) {
    assertEquals(
      await outcomes(here, token),
      sealed("403 ERR_STATE_REJECTED"),
    );
    const response = await here.post("/v1/state/inspect", { state: token });
    const { detail } = await response.json();
    bodies.add(detail);
  }
  assertEquals(bodies.size, 1);
});

Deno.test("a token is over when it says so, and when its key is dropped, everywhere", async () => {
  let now = 1e12;
  const keys = [KEY];
  const { here } = await serve({ ttl: 100, now: () => now, keys });
  const state = await begun(here);
  now += 1000 * 109;
  assertEquals(await outcomes(here, state), sealed("200"));
  now += 1000 * 2;
  assertEquals(await outcomes(here, state), sealed("403 ERR_STATE_EXPIRED"));
  const next = await begun(here);
  keys.splice(0, 1, randomKey());
  assertEquals(await outcomes(here, next), sealed("403 ERR_STATE_REJECTED"));
});

Deno.test("renewals are as old as what they renew, whatever route made them", async () => {
  let now = 1e12;
  const maxAge = 1000;
  const { here, vault } = await serve({ maxAge, now: () => now });
  const state = await begun(here);
  const { firstIssuedAt } = await vault.read(state);
  assertEquals(firstIssuedAt, 1e9);
  now += 1000 * 900;
  for (const name of GIVERS) {
    const renewed = await vault.read(await given(here, name, state));
    assertEquals(
      [name, renewed.firstIssuedAt, renewed.issuedAt, renewed.expiresAt],
      [name, 1e9, 1e9 + 900, 1e9 + 1000],
    );
  }
  // A chain of renewals that draw nothing ends, too.
  let token = state;
  let renewals = 0;
  for (;; renewals++) {
    const response = await here.post("/v1/generate", {
      prompt: "",
      max_tokens: 0,
      state: token,
    });
    const answer = await response.json();
    if (response.status !== 200) {
      assertEquals(answer.code, "ERR_STATE_EXPIRED");
      break;
    }
    token = answer.state;
    now += 1000 * 20;
  }
  assertEquals(renewals, 6);
  assertEquals(await outcomes(here, token), sealed("403 ERR_STATE_EXPIRED"));
});

Deno.test("--state-max-age ends what was sealed before it was set", async () => {
  let now = 1e12;
  const before = await serve({ now: () => now });
  const state = await begun(before.here);
  const { here } = await serve({ maxAge: 1000, now: () => now });
  assertEquals(await outcomes(here, state), sealed("200"));
  now += 1000 * 1061;
  assertEquals(await outcomes(here, state), sealed("403 ERR_STATE_EXPIRED"));
});

Deno.test("values neither leave nor enter a server that seals every state", async () => {
  const { here } = await serve();
  const open = await serve({ portable: true });
  const portable = (await (await open.here.post("/v1/generate", {
    prompt: "Hi",
    state_profile: "portable",
  })).json()).state;
  const closed = Object.keys(TAKERS).map((name) => [
    name,
    "403 ERR_STATE_PROFILE",
  ]);
  assertEquals(await outcomes(here, portable), Object.fromEntries(closed));
  const { data } = await (await open.here.post("/v1/state/convert", {
    state: portable,
    to: "gosling",
  })).json();
  for (
    const [path, body] of [
      ["/v1/state/convert", { from: "gosling", data }],
      ["/v1/generate", { prompt: "a", state_profile: "portable" }],
      ["/v1/chat/completions", { messages: CHAT, state_profile: "portable" }],
      ["/v1/completions", { prompt: "a", state_profile: "portable" }],
      ["/v1/responses", { input: "a", state_profile: "portable" }],
      ["/v1/messages", {
        max_tokens: 9,
        messages: CHAT,
        state_profile: "portable",
      }],
      ["/api/chat", { messages: CHAT, state_profile: "portable" }],
      ["/api/generate", { prompt: "a", state_profile: "portable" }],
      ["/completion", { prompt: "a", state_profile: "portable" }],
      ["/slots/0?action=save", { prompt: "a", state_profile: "portable" }],
      ["/api/v1/generate", { prompt: "a", state_profile: "portable" }],
      ["/api/extra/generate/stream", {
        prompt: "a",
        state_profile: "portable",
      }],
      ["/v1/state/rebase", { prompt: "a", state_profile: "portable" }],
      ["/v1/state/branch", {
        branches: [{ prompt: "a", state_profile: "portable" }],
      }],
      ["/v1/state/teach", { statements: ["a"], state_profile: "portable" }],
    ] as const
  ) {
    const response = await here.post(path, body);
    const text = await response.text();
    assertEquals([path, response.status], [path, 403]);
    assert(text.includes("ERR_STATE_PROFILE"), text);
  }
});

/** A token in the answer of a route. */
async function given(
  here: Harness,
  name: string,
  state: string,
  secrets: Secrets = {},
): Promise<string | Uint8Array<ArrayBuffer>> {
  const { [name]: [path, body] } = TAKERS;
  const response = await here.post(path, body(state), {
    headers: { ...secrets },
  });
  const text = await response.text();
  const [token] = name === "context"
    ? [bytesOfContext(JSON.parse(text).context)]
    : text.match(/eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+/) ?? [];
  assert(token !== undefined, `${name}: ${text.slice(0, 200)}`);
  return token;
}

/** A secret of this letter. */
function secret(letter: string): string {
  return `of-${letter}:${
    toBase64url(new Uint8Array(32).fill(letter.charCodeAt(0)))
  }`;
}

Deno.test("a state that its owner locked opens nowhere without their secret, and never says why", async () => {
  const { here, vault } = await serve();
  const mine = { "gosling-secret": secret("a") };
  const locked = await begun(here, mine);
  const rejected = sealed("403 ERR_STATE_REJECTED");
  assertEquals(await outcomes(here, locked, mine), sealed("200"));
  assertEquals(await outcomes(here, locked), rejected);
  const wrong = { "gosling-secret": secret("b") };
  assertEquals(await outcomes(here, locked, wrong), rejected);
  // The label is the owner's word, not the secret.
  const label = { "gosling-secret": secret("b").replace("of-b", "of-a") };
  assertEquals(await outcomes(here, locked, label), rejected);
  const details = new Set<string>();
  for (const headers of [{}, wrong, label]) {
    for (
      const state of [
        locked,
        await begun((await serve({ keys: [randomKey()] })).here),
      ]
    ) {
      const response = await here.post("/v1/state/inspect", { state }, {
        headers: { ...headers },
      });
      details.add((await response.json()).detail);
    }
  }
  assertEquals(details.size, 1);
  // Who has the server's key has it in vain.
  await assertRejects(() => vault.open(locked), {
    code: "ERR_STATE_REJECTED",
  });
});

Deno.test("every route locks what it makes of a locked state, or with a new secret", async () => {
  const { here, vault } = await serve();
  const mine = { "gosling-secret": secret("a") };
  const locked = await begun(here, mine);
  const next = { ...mine, "gosling-new-secret": secret("b") };
  const unlocked = { ...mine, "gosling-new-secret": "none" };
  const opens = (word: string) => ({
    secret: parseOwnerSecret(word, "a secret"),
  });
  for (const name of GIVERS) {
    const kept = await given(here, name, locked, mine);
    assertEquals((await vault.read(kept, opens(secret("a")))).owner, "of-a");
    const changed = await given(here, name, locked, next);
    assertEquals((await vault.read(changed, opens(secret("b")))).owner, "of-b");
    await assertRejects(() => vault.read(changed, opens(secret("a"))), {
      code: "ERR_STATE_REJECTED",
    });
    const open = await given(here, name, locked, unlocked);
    assertEquals((await vault.read(open)).owner, undefined);
    // A state that nobody locked is locked by whoever brings a secret.
    const plain = typeof open === "string" ? open : sealedText(
      splitSealedBytes(open),
    );
    const first = await given(here, name, plain, mine);
    assertEquals((await vault.read(first, opens(secret("a")))).owner, "of-a");
  }
});

Deno.test("a secret that is none is refused before anything is done, and not repeated", async () => {
  const { here } = await serve();
  const state = await begun(here);
  const inspect = ["/v1/state/inspect", { state }] as const;
  for (
    const bad of ["", "hunter2", `a b:${"A".repeat(43)}`, `a:${"A".repeat(42)}`]
  ) {
    for (const header of ["gosling-secret", "gosling-new-secret"]) {
      const response = await here.post(...inspect, {
        headers: { [header]: bad },
      });
      const { code, detail } = await response.json();
      assertEquals([response.status, code], [422, "ERR_REQUEST_INVALID"]);
      assert(!detail.includes("hunter2") && detail.includes(header), detail);
    }
  }
});

Deno.test("what is made of a state that is not renewable ends with it, by every route", async () => {
  let now = 1e12;
  const { here, vault } = await serve({
    ttl: 1000,
    portable: true,
    now: () => now,
  });
  const state = await begun(here, {}, { renewable: false });
  const { renewable, expiresAt } = await vault.read(state);
  assertEquals([renewable, expiresAt], [false, 1e9 + 1000]);
  now += 1000 * 900;
  for (const name of GIVERS) {
    const made = await vault.read(await given(here, name, state));
    assertEquals(
      [name, made.renewable, made.expiresAt, made.renewals],
      [name, false, 1e9 + 1000, 1],
    );
  }
  for (
    const [path, body] of [
      ["/v1/generate", { prompt: "a", state, state_profile: "portable" }],
      ["/v1/completions", { prompt: "a", state, state_profile: "portable" }],
      ["/v1/state/rebase", { state, state_profile: "portable" }],
      ["/v1/state/mix", {
        states: [{ state, weight: 1 }],
        state_profile: "portable",
      }],
      ["/v1/state/branch", {
        state,
        branches: [{ prompt: "a", state_profile: "portable" }],
      }],
      ["/v1/state/convert", { state, to: "gosling" }],
      ["/v1/generate", {
        prompt: "a",
        renewable: false,
        state_profile: "portable",
      }],
    ] as const
  ) {
    const { turns } = here.engine;
    const before = turns.length;
    const response = await here.post(path, body);
    const text = await response.text();
    assertEquals([path, response.status], [path, 403]);
    assert(text.includes("ERR_STATE_PROFILE"), text);
    assertEquals(turns.length, before);
  }
  const endless = await serve();
  const refused = await endless.here.post("/v1/generate", {
    prompt: "a",
    renewable: false,
  });
  assertEquals(refused.status, 403);
  now += 1000 * 200;
  const codes = Object.keys(TAKERS).map((name) => [
    name,
    "403 ERR_STATE_EXPIRED",
  ]);
  assertEquals(await outcomes(here, state), Object.fromEntries(codes));
});

Deno.test("a token that is sent again begins another branch, and nobody counts", async () => {
  const { here, vault } = await serve();
  const state = await begun(here);
  const { position } = await vault.open(state);
  const made = new Set<string>();
  for (let i = 0; i < 5; i++) {
    const token = await given(here, "generate", state);
    assert(typeof token === "string");
    made.add(token);
    // Each goes on from the same place.
    assertEquals(here.engine.turns.at(-1)?.save?.position, position);
  }
  assertEquals(made.size, 5);
});

Deno.test("a conversation that went through a portable save begins to age anew", async () => {
  let now = 1e12;
  const { here, vault } = await serve({
    maxAge: 1000,
    portable: true,
    now: () => now,
  });
  const state = await begun(here);
  now += 1000 * 900;
  const answer = await here.post("/v1/generate", {
    prompt: "a",
    state,
    state_profile: "portable",
  });
  const { state: portable } = await answer.json();
  const token = await given(here, "generate", portable);
  assertEquals((await vault.read(token)).firstIssuedAt, 1e9 + 900);
});

Deno.test("every route of the document that has a field for a state is tried here", async () => {
  const { here } = await serve();
  const { paths, components } = await (await here.get("/openapi.json")).json();
  const withState = Object.entries<Record<string, unknown>>(paths)
    .filter(([, methods]) => {
      const text = JSON.stringify(methods["post"] ?? "");
      const [name] = text.match(/#\/components\/schemas\/\w+Request/) ?? [];
      const schema = JSON.stringify(
        components.schemas[name?.split("/").at(-1) ?? ""] ?? text,
      );
      return /"state"|"states"|"context"|"a":/.test(schema);
    }).map(([path]) => path.replace("{id}", "0"));
  const tried = new Set(
    Object.values(TAKERS).map(([path]) => path.replace(/\?.*/, "")),
  );
  assertEquals(withState.filter((path) => !tried.has(path)), []);
  assert(withState.length >= 16, withState.join());
});
