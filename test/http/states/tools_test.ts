import { assert, assertEquals, assertMatch } from "@std/assert";
import { randomKey } from "../../../src/state/state_keys.ts";
import { Vault } from "../../../src/state/vault.ts";
import { type Harness, harness } from "../client.ts";
import { fakeEngine } from "../fake_engine.ts";

const FORMAT = fakeEngine().format;
const KEYS = [randomKey()];

async function server(): Promise<Harness> {
  const sealer = await Vault.create({
    keys: KEYS,
    format: FORMAT,
    audience: "test",
    portable: true,
  });
  return harness({ sealer, portable: true });
}

async function ask(at: Harness, path: string, body: unknown) {
  const response = await at.post(path, body);
  return { status: response.status, ...await response.json() };
}

async function stateAfter(at: Harness, prompt: string): Promise<string> {
  const { state } = await ask(at, "/v1/generate", {
    prompt,
    state_codec: "exact",
  });
  return state;
}

Deno.test("inspect tells what is in a state", async () => {
  const here = await server();
  const state = await stateAfter(here, "Hi");
  const found = await ask(here, "/v1/state/inspect", { state });
  assertEquals(found.status, 200);
  assertEquals(found.position, 11);
  assertEquals(found.codec, "exact");
  assertEquals(found.model.fingerprint, "ab".repeat(32));
  assertEquals(found.seal.kid, KEYS[0]?.kid);
  assertEquals(found.layers.length, 1);
  assertEquals(found.layers[0].att_shift, 11);
});

Deno.test("inspect draws the matrices of a layer", async () => {
  const here = await server();
  const state = await stateAfter(here, "Hi");
  const { picture } = await ask(here, "/v1/state/inspect", {
    state,
    picture: 0,
  });
  assertEquals(picture.layer, 0);
  assertEquals(picture.heads.length, 1);
  assertEquals(Uint8Array.fromBase64(picture.heads[0]).length, 64 * 64);
  const beyond = await ask(here, "/v1/state/inspect", { state, picture: 1 });
  assertEquals(beyond.status, 422);
  assertEquals(beyond.errors[0].pointer, "/picture");
});

Deno.test("inspect reads a state of another model", async () => {
  const here = await server();
  const other = await Vault.create({
    keys: KEYS,
    format: { ...FORMAT, fingerprint: new Uint8Array(32) },
    audience: "test",
  });
  const { post, engine } = harness({ sealer: other });
  const { state } = await (await post("/v1/generate", { prompt: "" })).json();
  assertEquals(engine.turns.length, 1);
  const found = await ask(here, "/v1/state/inspect", { state });
  assertEquals(found.model.fingerprint, "00".repeat(32));
});

Deno.test("diff says how far two states are apart", async () => {
  const here = await server();
  const a = await stateAfter(here, "Hi");
  const b = await stateAfter(here, "Hi you");
  const same = await ask(here, "/v1/state/diff", { a, b: a });
  assertEquals([same.equal, same.positions], [true, 0]);
  assertEquals(same.total, { absolute: 0, relative: 0, cosine: 1 });
  const apart = await ask(here, "/v1/state/diff", { a, b });
  assertEquals([apart.equal, apart.positions], [false, 4]);
  assertEquals(apart.layers[0].att_shift.absolute, 4);
});

Deno.test("mix gives the mean, and of one state that state", async () => {
  const here = await server();
  const a = await stateAfter(here, "Hi");
  const b = await stateAfter(here, "Hi you");
  const exact = { state_codec: "exact" };
  const alone = await ask(here, "/v1/state/mix", {
    states: [{ state: a, weight: 1 }, { state: b, weight: 0 }],
    ...exact,
  });
  const same = await ask(here, "/v1/state/diff", { a, b: alone.state });
  assert(same.equal);
  const mean = await ask(here, "/v1/state/mix", {
    states: [{ state: a, weight: 1 }, { state: b, weight: 1 }],
    ...exact,
  });
  const { layers } = await ask(here, "/v1/state/inspect", {
    state: mean.state,
  });
  assertEquals(layers[0].att_shift, 13);
  const none = await ask(here, "/v1/state/mix", {
    states: [{ state: a, weight: 0 }],
  });
  assertEquals([none.status, none.code], [422, "ERR_REQUEST_INVALID"]);
});

Deno.test("rebase reads the text anew, and knows whether it is the same", async () => {
  const here = await server();
  const { state } = await ask(here, "/v1/generate", {
    prompt: "Hi",
    max_tokens: 0,
  });
  const anew = await ask(here, "/v1/state/rebase", { prompt: "Hi", state });
  assertEquals([anew.status, anew.position], [200, 2]);
  assertEquals(typeof anew.same_text, "boolean");
  const both = await ask(here, "/v1/state/rebase", {
    prompt: "",
    messages: [],
  });
  assertEquals(both.status, 422);
});

Deno.test("convert writes a state for every engine, and reads it back", async () => {
  const here = await server();
  const state = await stateAfter(here, "Hi");
  for (const to of ["gosling", "rwkv", "rwkv.cpp", "web-rwkv", "llama.cpp"]) {
    const { data, bytes } = await ask(here, "/v1/state/convert", { to, state });
    assertEquals(Uint8Array.fromBase64(data).length, bytes);
    const back = await ask(here, "/v1/state/convert", {
      from: to,
      data,
      position: 11,
      state_codec: "exact",
    });
    const found = await ask(here, "/v1/state/diff", {
      a: state,
      b: back.state,
    });
    assertEquals([to, found.equal], [to, true]);
  }
});

Deno.test("convert refuses a file that is of another kind", async () => {
  const here = await server();
  const { status, code } = await ask(here, "/v1/state/convert", {
    from: "llama.cpp",
    data: btoa("nonsense"),
  });
  assertEquals([status, code], [400, "ERR_STATE_UNREADABLE"]);
});

Deno.test("branch takes several turns from one state", async () => {
  const here = await server();
  const state = await stateAfter(here, "Hi");
  const { status, branches } = await ask(here, "/v1/state/branch", {
    state,
    branches: [
      { prompt: "a", seed: 1 },
      { messages: [{ role: "user", content: "b" }], max_tokens: 3 },
      { prompt: "", state_codec: "none" },
    ],
  });
  assertEquals(status, 200);
  assertEquals(branches.length, 3);
  assertEquals(new Set(branches.map(({ id }: { id: string }) => id)).size, 3);
  assertEquals(
    branches.map((answer: { state?: string }) => answer.state !== undefined),
    [true, true, false],
  );
  const [, ...turns] = here.engine.turns;
  assertEquals(turns.map(({ save }) => save?.position), [11, 11, 11]);
  // All at once: which of them comes first is nobody's concern.
  assertEquals(turns.map(({ prompt }) => prompt).sort(), [
    "",
    "User: b\n\nAssistant:",
    "a",
  ]);
});

Deno.test("branch says where a branch is wrong", async () => {
  const here = await server();
  const wrong = await ask(here, "/v1/state/branch", {
    branches: [{ prompt: "a" }, { prompt: "b", top_p: 2 }],
  });
  assertEquals([wrong.status, wrong.errors[0].pointer], [
    422,
    "/branches/1/top_p",
  ]);
  const stream = await ask(here, "/v1/state/branch", {
    branches: [{ prompt: "a", stream: true }],
  });
  assertEquals(stream.errors[0].pointer, "/branches/0/stream");
  assertMatch(stream.detail, /is not a field of a branch/);
});

Deno.test("score finds the likeliest text, after a prompt or not", async () => {
  const here = await server();
  const { best, scores } = await ask(here, "/v1/state/score", {
    prompt: "Hi",
    texts: ["b", "a", "ab"],
  });
  assertEquals(best, 1);
  assertEquals(scores[1].logprob, -98);
  assertEquals(scores[2].token_logprobs, [-98, -99]);
  assertEquals(scores[2].mean_logprob, -98.5);
  const shares = scores.map(({ share }: { share: number }) => share);
  assert(Math.abs(shares[0] / shares[1] - Math.exp(-1)) < 1e-9);
  assertEquals(here.engine.turns[0]?.maxTokens, 0);
});

Deno.test("mix refuses weights that would lose the values' bits", async () => {
  const here = await server();
  const state = await stateAfter(here, "Hi");
  for (const weight of [1e-320, -1e-7, 1e7]) {
    const { status, errors } = await ask(here, "/v1/state/mix", {
      states: [{ state, weight: 1 }, { state, weight }],
    });
    assertEquals(
      [weight, status, errors?.[0]?.pointer],
      [weight, 422, "/states/1/weight"],
    );
  }
});

Deno.test("the tools refuse tokens as every route does", async () => {
  const here = await server();
  const state = `${(await stateAfter(here, "Hi")).slice(0, -4)}AAAA`;
  for (
    const [tool, body] of [
      ["inspect", { state }],
      ["diff", { a: state, b: state }],
      ["mix", { states: [{ state, weight: 1 }] }],
      ["rebase", { prompt: "Hi", state }],
      ["convert", { to: "gosling", state }],
      ["branch", { state, branches: [{ prompt: "" }] }],
      ["score", { state, texts: ["a"] }],
    ] as const
  ) {
    const { status, code } = await ask(here, `/v1/state/${tool}`, body);
    assertEquals([tool, status, code], [tool, 403, "ERR_STATE_REJECTED"]);
  }
});
