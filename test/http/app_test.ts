import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../src/http/app.ts";
import { PROBLEMS } from "../../src/http/problem.ts";
import {
  type Loader,
  loaderOf,
  type Loan,
  type Services,
} from "../../src/http/services.ts";
import { harness } from "./client.ts";
import { byteGrammars, fakeEngine } from "./fake_engine.ts";
import { fakeVault } from "./fake_vault.ts";

Deno.test("app names every request, and keeps a name that is a UUID", async () => {
  const { get } = harness();
  const made = (await get("/healthz")).headers.get("x-request-id") ?? "";
  assertMatch(made, /^[\da-f-]{36}$/);
  const given = "6F9619FF-8B86-D011-B42D-00C04FC964FF";
  const headers = { "x-request-id": given };
  const kept = (await get("/healthz", { headers })).headers;
  assertEquals(kept.get("x-request-id"), given.toLowerCase());
  const strange = { "x-request-id": "<script>" };
  const other = (await get("/healthz", { headers: strange })).headers;
  assertMatch(other.get("x-request-id") ?? "", /^[\da-f-]{36}$/);
});

Deno.test("app answers unknown paths with 404 and other methods with 405", async () => {
  const { get, post } = harness();
  const missing = await get("/v2/generate");
  assertEquals(missing.status, 404);
  assertEquals((await missing.json()).code, "ERR_REQUEST_NOT_FOUND");
  const wrong = await get("/v1/generate");
  assertEquals(wrong.status, 405);
  assertEquals(wrong.headers.get("allow"), "POST");
  assertEquals((await wrong.json()).code, "ERR_REQUEST_METHOD");
  assertEquals((await post("/v1/model", {})).status, 405);
});

Deno.test("app lets browsers of other origins call", async () => {
  const { get } = harness();
  const headers = { origin: "https://example.org" };
  const response = await get("/v1/model", { headers });
  assertEquals(response.headers.get("access-control-allow-origin"), "*");
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
});

Deno.test("app lets in those with a key and binds states to its name", async () => {
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode("s3cret")),
  ).toHex();
  const { get, post, vault } = harness({ keys: [{ name: "ada", digest }] });
  for (const authorization of ["", "Bearer wrong", "Basic s3cret"]) {
    const response = await get("/v1/model", { headers: { authorization } });
    assertEquals(response.status, 401);
    assertEquals(response.headers.get("www-authenticate"), "Bearer");
    assertEquals((await response.json()).code, "ERR_REQUEST_UNAUTHORIZED");
  }
  const headers = { authorization: "Bearer s3cret" };
  assertEquals((await get("/v1/model", { headers })).status, 200);
  await post("/v1/generate", { prompt: "" }, { headers });
  assertEquals(vault.sealed[0]?.tenant, "ada");
  assertEquals((await get("/healthz")).status, 200);
  assertEquals((await get("/readyz")).status, 200);
});

Deno.test("app is alive while it loads, and ready once it has", async () => {
  let borrowed = false;
  const services: Services = {
    engine: fakeEngine(),
    vault: fakeVault(),
    grammars: byteGrammars(),
    portable: false,
  };
  const loader: Loader = {
    ...loaderOf(services),
    get started(): boolean {
      return borrowed;
    },
    borrow(): Promise<Loan> {
      borrowed = true;
      return Promise.resolve({ services });
    },
  };
  const app = createApp({ loader, keys: [], report: () => {} });
  const status = async (path: string) => (await app.request(path)).status;
  assertEquals(await status("/healthz"), 200);
  assertEquals(await status("/readyz"), 503);
  assertEquals(await status("/v1/model"), 200);
  assertEquals(await status("/readyz"), 200);
});

Deno.test("app is not ready while the device is being replaced", async () => {
  const { engine, get } = harness();
  engine.ready = false;
  const response = await get("/readyz");
  assertEquals(response.status, 503);
  assertEquals(response.headers.get("retry-after"), "5");
  assertEquals((await response.json()).code, "ERR_DEVICE_LOST");
});

Deno.test("app describes the model, natively and as OpenAI does", async () => {
  const { get } = harness();
  const model = await (await get("/v1/model")).json();
  assertEquals(model.device.threads, { decode: 1, prefill: 4, most: 8 });
  assertEquals(model.id, "fake");
  assertEquals(model.shape.layers, 1);
  assertEquals(model.state.values, 64 * 66);
  assertEquals(model.fingerprint.length, 64);
  const { data: [listed] } = await (await get("/v1/models")).json();
  assertEquals(listed.object, "model");
  assertEquals(await (await get("/v1/models/fake")).json(), listed);
  const missing = await get("/v1/models/gpt-4");
  assertEquals(missing.status, 404);
  assertEquals((await missing.json()).error.code, "model_not_found");
});

Deno.test("app turns text into tokens and back", async () => {
  const { post } = harness();
  const text = "Gänse 🪿";
  const { tokens } = await (await post("/v1/tokenize", { text })).json();
  assertEquals(tokens.length, new TextEncoder().encode(text).length);
  const back = await post("/v1/detokenize", { tokens });
  assertEquals(await back.json(), { text });
  const half = await post("/v1/detokenize", { tokens: tokens.slice(0, 2) });
  assertEquals(await half.json(), { text: "G\ufffd" });
  const wrong = await post("/v1/detokenize", { tokens: [1, 999] });
  assertEquals((await wrong.json()).errors[0].pointer, "/tokens/1");
});

Deno.test("app documents every route, and every code of a problem", async () => {
  const { get } = harness();
  const { paths, components } = await (await get("/openapi.json")).json();
  assertEquals(Object.keys(paths).sort(), [
    "/api/chat",
    "/api/extra/abort",
    "/api/extra/generate/stream",
    "/api/extra/tokencount",
    "/api/extra/true_max_context_length",
    "/api/extra/version",
    "/api/generate",
    "/api/ps",
    "/api/show",
    "/api/tags",
    "/api/v1/config/max_context_length",
    "/api/v1/config/max_length",
    "/api/v1/generate",
    "/api/v1/info/version",
    "/api/v1/model",
    "/api/version",
    "/completion",
    "/detokenize",
    "/healthz",
    "/props",
    "/readyz",
    "/slots",
    "/slots/{id}",
    "/tokenize",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/detokenize",
    "/v1/generate",
    "/v1/internal/decode",
    "/v1/internal/encode",
    "/v1/internal/model/info",
    "/v1/internal/token-count",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/model",
    "/v1/models",
    "/v1/models/{id}",
    "/v1/responses",
    "/v1/state/audit",
    "/v1/state/branch",
    "/v1/state/convert",
    "/v1/state/diff",
    "/v1/state/forget",
    "/v1/state/inspect",
    "/v1/state/merge",
    "/v1/state/mix",
    "/v1/state/rebase",
    "/v1/state/score",
    "/v1/state/teach",
    "/v1/state/transcript",
    "/v1/tokenize",
  ]);
  assert("GenerateRequest" in components.schemas);
  for (const [code, [status]] of Object.entries(PROBLEMS)) {
    const described = await (await get(`/problems/${code}`)).json();
    assertEquals(described.status, status);
  }
  assertEquals((await get("/problems/ERR_NONE")).status, 404);
});

Deno.test("app speaks OpenAI's language on every path under /v1 that is not native", async () => {
  const { get, post } = harness();
  for (const path of ["embeddings", "rerank", "audio/speech", "models/none"]) {
    const response = path.startsWith("models")
      ? await get(`/v1/${path}`)
      : await post(`/v1/${path}`, { model: "fake", input: "x" });
    const { error } = await response.json();
    assertEquals([path, response.status], [path, 404]);
    assertEquals(error.type, "invalid_request_error");
    assertMatch(error.code, /^(ERR_REQUEST_NOT_FOUND|model_not_found)$/);
    assertMatch(error.message, /^Cannot /);
  }
  for (const path of ["state/nothing", "generate/x"]) {
    const { code } = await (await post(`/v1/${path}`, {})).json();
    assertEquals([path, code], [path, "ERR_REQUEST_NOT_FOUND"]);
  }
  const long = await (await get(`/v1/${"x".repeat(50_000)}`)).json();
  assert(long.error.message.length < 300);
});

Deno.test("app takes paths with a slash at their end", async () => {
  const { get, post } = harness({ limits: { rate: { requests: 100 } } });
  const hi = { messages: [{ role: "user", content: "Hi" }] };
  for (
    const [path, body] of [
      ["/v1/chat/completions/", hi],
      ["/v1/responses/", { input: "Hi" }],
      ["/v1/generate/", hi],
      ["/v1/state/score/", { texts: ["a"] }],
    ] as const
  ) {
    assertEquals([path, (await post(path, body)).status], [path, 200]);
  }
  for (const path of ["/v1/models/", "/v1/model/", "/healthz/", "/health"]) {
    assertEquals([path, (await get(path)).status], [path, 200]);
  }
  assertEquals((await get("/v1/generate/")).status, 405);
});

Deno.test("app lists models with a date and a context length that clients can hold", async () => {
  const { get } = harness();
  const { data: [model] } = await (await get("/v1/models")).json();
  assert(Math.abs(model.created - Date.now() / 1000) < 24 * 3600);
  assertEquals(model.context_length, 2 ** 31 - 1);
  assertEquals(model.max_model_len, model.context_length);
});
