import { assert, assertEquals, assertMatch } from "@std/assert";
import type { MetricsAccess } from "../../src/http/site/metrics.ts";
import type { RequestRecord } from "../../src/observe/request_record.ts";
import { BusyError, DeviceError } from "../../src/errors.ts";
import { type Harness, harness } from "./client.ts";

/** A harness that keeps the records of requests that are finished. */
function recorded(
  options: Parameters<typeof harness>[0] = {},
): Harness & { readonly records: RequestRecord[] } {
  const records: RequestRecord[] = [];
  const observer = {
    finished: (record: RequestRecord) => void records.push(record),
  };
  return { ...harness({ ...options, observer }), records };
}

async function keyOf(name: string, key: string) {
  const bytes = new TextEncoder().encode(key);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return { name, digest: new Uint8Array(hash).toHex() };
}

Deno.test("observe() records a turn, its states and the tenant by the key's name", async () => {
  const { post, records } = recorded({ keys: [await keyOf("ada", "s3cret")] });
  const headers = { authorization: "Bearer s3cret" };
  const first = await post("/v1/generate", { prompt: "Hi" }, { headers });
  const { state, id } = await first.json();
  await post("/v1/generate", { prompt: "Ho", state }, { headers });
  const [one, two] = records;
  assertEquals(records.length, 2);
  assertEquals(`gen-${one.id}`, id);
  assertEquals(one.answer, {
    route: "/v1/generate",
    tenant: "ada",
    status: 200,
  });
  assertEquals(one.code, undefined);
  const [turn] = one.turns;
  assertEquals([turn.model, turn.end, turn.read, turn.generated], [
    "fake",
    "length",
    2,
    9,
  ]);
  assert(turn.firstTextAt !== undefined && turn.firstTextAt >= one.startedAt);
  assertEquals(one.phases.map(({ name }) => name), ["prefill", "seal"]);
  assertEquals(one.phases[1].state, { codec: "int8", bytes: state.length });
  assertEquals(two.phases.map(({ name }) => name), [
    "open",
    "prefill",
    "seal",
  ]);
  assertEquals(two.turns[0].resumed, 11);
});

Deno.test("observe() names patterns of routes, and no path that a client made up", async () => {
  const { get, post, fetch, records } = recorded();
  await get("/v1/models/canary");
  await get("/v1/models/fake");
  await get("/canary");
  await post("/v1/model", {});
  await fetch("http://here/v1/generate", {
    method: "OPTIONS",
    headers: { "access-control-request-method": "POST", origin: "http://a" },
  });
  const seen = records.map(({ answer, code }) => [
    answer.status,
    answer.route,
    code,
  ]);
  assertEquals(seen, [
    [404, "/v1/models/:id", "ERR_MODEL_NOT_FOUND"],
    [200, "/v1/models/:id", undefined],
    [404, "", "ERR_REQUEST_NOT_FOUND"],
    [405, "", "ERR_REQUEST_METHOD"],
    [204, "", undefined],
  ]);
});

Deno.test("observe() finishes a stream's record with its last event", async () => {
  const { post, records } = recorded({ tokenMs: 2 });
  const response = await post("/v1/generate", { prompt: "", stream: true });
  assertEquals(records.length, 0);
  await response.text();
  assertEquals(records.length, 1);
  assertEquals(records[0].turns[0].end, "length");
  assertEquals(records[0].phases.at(-1)?.name, "seal");
});

Deno.test("observe() tells a turn that was refused, one that failed and one that was left", async () => {
  const refuse = () => new BusyError("ERR_TOO_BUSY", "Cannot take a turn");
  const busy = recorded({ refuse });
  assertEquals((await busy.post("/v1/generate", { prompt: "" })).status, 429);
  assertEquals(busy.records[0].code, "ERR_TOO_BUSY");
  assertEquals(busy.records[0].turns[0].end, "failed");

  const fail = () => new DeviceError("ERR_DEVICE_LOST", "Cannot go on");
  const lost = recorded({ fail });
  const stream = { prompt: "", stream: true };
  const broken = await lost.post("/v1/generate", stream);
  assertEquals(broken.status, 200);
  await broken.text();
  assertEquals(lost.records[0].answer.status, 200);
  assertEquals(lost.records[0].code, "ERR_DEVICE_LOST");

  const left = recorded({ tokenMs: 5, reply: () => "x".repeat(500) });
  const answer = await left.post("/v1/generate", stream);
  const reader = answer.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  while (left.records.length === 0) await new Promise((r) => setTimeout(r, 5));
  assert(["abandoned", "cancelled"].includes(left.records[0].turns[0].end));
});

Deno.test("observe() records every branch, and a score as a turn that only reads", async () => {
  const { post, records } = recorded();
  const branches = [{ prompt: "a" }, { prompt: "bc" }];
  await post("/v1/state/branch", { branches });
  assertEquals(records[0].turns.map(({ read }) => read), [1, 2]);
  await post("/v1/state/score", { texts: ["four"], prompt: "abc" });
  assertEquals(records[1].turns.map(({ read }) => read), [3, 4]);
});

Deno.test("GET /metrics answers whom the settings allow", async () => {
  const keys = [await keyOf("ada", "one"), await keyOf("ops", "two")];
  const ask = async (
    access: MetricsAccess,
    key: string | undefined,
    given = keys,
  ) => {
    const text = () => Promise.resolve("figures");
    const { get } = harness({
      keys: given,
      metrics: { access, type: "text/plain; version=0.0.4", text },
    });
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return await get("/metrics", { headers });
  };
  const open = await ask("open", undefined);
  assertEquals(await open.text(), "figures");
  assertMatch(open.headers.get("content-type") ?? "", /version=0\.0\.4/);
  assertEquals((await ask("keys", undefined, [])).status, 200);
  assertEquals((await ask("keys", undefined)).status, 401);
  assertEquals((await ask("keys", "three")).status, 401);
  assertEquals((await ask("keys", "one")).status, 200);
  assertEquals((await ask("key:ops", "two")).status, 200);
  const wrong = await ask("key:ops", "one");
  assertEquals(wrong.status, 403);
  assertEquals((await wrong.json()).code, "ERR_REQUEST_FORBIDDEN");
  assertEquals((await harness().get("/metrics")).status, 404);
});

Deno.test("GET /readyz says why no model takes requests", async () => {
  const { engine, get } = harness();
  engine.ready = false;
  const since = performance.now() - 12_000;
  Object.assign(engine, { absence: { reason: "lost", since, attempts: 3 } });
  const lost = await (await get("/readyz")).json();
  assertEquals([lost.status, lost.code], [503, "ERR_DEVICE_LOST"]);
  assertMatch(lost.detail, /fake for 12 s \(3 attempts failed\)$/);
  Object.assign(engine, { absence: { reason: "closing" } });
  const closing = await (await get("/readyz")).json();
  assertEquals([closing.status, closing.code], [503, "ERR_SHUTTING_DOWN"]);
});
