/**
 * The real server, watched from outside: its log, its metrics, and its spans as a
 * collector gets them. What was asked and answered is in none of them.
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

/** Words that appear in requests and nowhere else. */
const CANARY = "qzxcanary";

/** A span as OTLP's JSON says it; what is used of it. */
interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly {
    readonly key: string;
    readonly value: Record<string, unknown>;
  }[];
}

interface Collector extends AsyncDisposable {
  readonly url: string;
  /** Everything received, as text. */
  readonly received: () => string;
  /** Every span so far. */
  readonly spans: () => Span[];
}

/** Takes what exporters send, as JSON. */
function collector(): Collector {
  const bodies: string[] = [];
  const spans: Span[] = [];
  const server = Deno.serve({ port: 0, onListen() {} }, async (request) => {
    const text = await request.text();
    bodies.push(text);
    for (const { scopeSpans } of JSON.parse(text).resourceSpans ?? []) {
      for (const { spans: some } of scopeSpans) spans.push(...some);
    }
    return Response.json({});
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    received: () => bodies.join("\n"),
    spans: () => spans,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("main.ts start exports spans under the request's, logs a line and counts, all without content", async () => {
  await using otlp = collector();
  await using server = await startServer(["--log", "json"], {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    OTEL_BSP_SCHEDULE_DELAY: "100",
  });
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${CANARY}-key`,
        "user-agent": `${CANARY}-agent`,
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, json: await response.json() };
  };
  const first = await post("/v1/generate", {
    messages: [{ role: "user", content: `My name is ${CANARY}.` }],
    temperature: 0,
    max_tokens: 24,
  });
  assertEquals(first.status, 200);
  const { state } = first.json;
  const second = await post("/v1/generate", {
    state,
    messages: [{ role: "user", content: "What is my name?" }],
    stop: [CANARY],
    temperature: 0,
    max_tokens: 24,
    grammar: { type: "regex", pattern: `( ${CANARY})?[a-z ]+` },
  });
  assertEquals(second.status, 200);
  const refusals = await Promise.all([
    post("/v1/generate", { prompt: "", state: `${CANARY}${state}` }),
    post("/v1/generate", { prompt: "", model: CANARY }),
    post("/v1/generate", { prompt: "", initial: CANARY }),
    post("/v1/generate", `{"prompt":"${CANARY}`),
    post("/v1/generate", { [CANARY]: 1 }),
    post("/v1/chat/completions", {
      model: "gosling",
      messages: [{ role: "user", content: CANARY }],
      tools: [{ type: "function", function: { name: CANARY, strict: 5 } }],
    }),
  ]);
  assert(refusals.every(({ status }) => status >= 400 && status < 500));

  const lines = () =>
    server.output().split("\n").filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === "request");
  await until("eight lines", () => lines().length === 8);
  const [one, two, ...others] = lines();
  assertEquals([one.status, one.route, one.model, one.level], [
    200,
    "/v1/generate",
    "gosling",
    "info",
  ]);
  assertEquals(one.tokens_generated, first.json.usage.completion_tokens);
  assertEquals(one.id, first.json.id.slice("gen-".length));
  assertEquals(two.state_bytes_in, state.length);
  assertEquals(two.tokens_resumed, first.json.usage.position);
  assert(others.every(({ level, code }) => level === "warn" && code));

  const named = (name: string) =>
    otlp.spans().filter((span) => span.name === name);
  await until(
    "seven turns",
    () => named("POST /v1/generate").length === 7,
  );
  await until("two seals", () => named("seal").length === 2);
  const requests = named("POST /v1/generate");
  const requestId = (id: string) => (span: Span) =>
    span.attributes.some(({ key, value }) =>
      key === "gosling.request_id" && value["stringValue"] === id
    );
  const parent = requests.find(requestId(two.id));
  assert(parent !== undefined);
  const parts = otlp.spans().filter(requestId(two.id))
    .filter((span) => span !== parent);
  assertEquals(
    parts.map(({ name }) => name).toSorted(),
    [
      "decode",
      "download",
      "grammar",
      "open",
      "prefill",
      "seal",
      "upload",
      "wait",
    ],
  );
  for (const part of parts) {
    assertEquals(part.parentSpanId, parent.spanId);
    assertEquals(part.traceId, parent.traceId);
    const [from, to] = [part.startTimeUnixNano, part.endTimeUnixNano];
    assert(BigInt(parent.startTimeUnixNano) <= BigInt(from) + 1_000_000n);
    assert(BigInt(from) <= BigInt(to));
  }
  const seal = parts.find(({ name }) => name === "seal");
  const codec = seal?.attributes.find(({ key }) =>
    key === "gosling.state.codec"
  );
  assertEquals(codec?.value, { stringValue: "int8" });

  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assertStringIncludes(
    metrics,
    'gosling_requests_total{method="POST",route="/v1/generate",status="200",tenant=""} 2',
  );
  assertStringIncludes(metrics, 'states_total{direction="in",codec="int8"} 1');
  assertMatch(metrics, /gosling_step_seconds_count\{.*work="draw"\} [1-9]/);
  assertMatch(metrics, /^gosling_resident_memory_bytes \d{8,}$/m);

  const told = {
    log: server.output(),
    spans: otlp.received(),
    metrics,
  };
  for (const [where, text] of Object.entries(told)) {
    for (const secret of [CANARY, "What is my name", state.slice(40, 80)]) {
      assert(!text.includes(secret), `The ${where} have ${secret}`);
    }
  }
});
