import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Metrics } from "../../src/observe/metrics.ts";
import { RequestRecord } from "../../src/observe/request_record.ts";
import { fakeEngine } from "../http/fake_engine.ts";

function metrics(): Metrics {
  return new Metrics({
    version: "1.2.3",
    runtime: "none",
    memory: () => ({ resident: 5000, heap: 3000 }),
  });
}

/** The value of a sample, given its name and labels as they are written. */
function sample(text: string, name: string): number | undefined {
  const line = text.split("\n").find((line) => line.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

Deno.test("Metrics.finished() counts requests, turns, tokens and states", async () => {
  const figures = metrics();
  const record = new RequestRecord(
    { id: "", method: "POST" },
    (record) => figures.finished(record),
  );
  const { startedAt: at } = record;
  record.ended("open", at, { codec: "int8", bytes: 700 });
  const turn = record.turn("goose");
  turn.phase("wait", at, at + 40);
  turn.phase("decode", at, at + 100, 50);
  turn.firstTextAt = at + 30;
  Object.assign(turn, { end: "length", read: 7, generated: 51, resumed: 90 });
  record.ended("seal", at, { codec: "int4", bytes: 300 });
  record.answer = { route: "/v1/generate", tenant: "ada", status: 200 };
  record.release();
  const text = await figures.text();
  const expected = {
    'requests_total{method="POST",route="/v1/generate",status="200",tenant="ada"}':
      1,
    'turns_total{model="goose",finish="length"}': 1,
    'tokens_read_total{model="goose",tenant="ada"}': 7,
    'tokens_generated_total{model="goose",tenant="ada"}': 51,
    'tokens_resumed_total{model="goose",tenant="ada"}': 90,
    'state_bytes_total{direction="in",codec="int8"}': 700,
    'state_bytes_total{direction="out",codec="int4"}': 300,
    'states_total{direction="out",codec="int4"}': 1,
    'time_to_first_token_seconds_sum{model="goose"}': 0.03,
    'time_to_first_token_seconds_bucket{le="0.025",model="goose"}': 0,
    'time_to_first_token_seconds_bucket{le="0.05",model="goose"}': 1,
    'time_per_token_seconds_sum{model="goose"}': 0.002,
    'queue_wait_seconds_sum{model="goose"}': 0.04,
    'phase_seconds_count{phase="wait"}': 1,
    "resident_memory_bytes": 5000,
    "heap_bytes": 3000,
    'build_info{version="1.2.3",runtime="none"}': 1,
  };
  for (const [name, value] of Object.entries(expected)) {
    const found = sample(text, `gosling_${name}`);
    assert(
      found !== undefined && Math.abs(found - value) < 1e-9,
      `${name} is ${found}, expected ${value}`,
    );
  }
});

Deno.test("Metrics.finished() counts refusals by code, and odd methods and paths as one", async () => {
  const figures = metrics();
  for (const method of ["BREW", "PROPFIND"]) {
    const record = new RequestRecord(
      { id: "", method },
      (record) => figures.finished(record),
    );
    record.code = "ERR_REQUEST_NOT_FOUND";
    record.answer = { route: "", tenant: "", status: 404 };
    record.release();
  }
  const text = await figures.text();
  const requests =
    'gosling_requests_total{method="other",route="none",status="404",tenant=""}';
  assertEquals(sample(text, requests), 2);
  assertEquals(
    sample(text, 'gosling_rejections_total{code="ERR_REQUEST_NOT_FOUND"}'),
    2,
  );
  assert(!text.includes("BREW"));
});

Deno.test("Metrics.serving() shows a model's lanes, queue and readiness until it is retired", async () => {
  const figures = metrics();
  const engine = fakeEngine({ model: "goose" });
  Object.assign(engine, { load: { busy: 2, waiting: 3 } });
  figures.serving(engine);
  figures.stepped("goose", {
    ms: 4,
    lanes: 2,
    reading: false,
    read: 0,
    drawn: 32,
  });
  figures.lost("goose");
  engine.ready = false;
  const text = await figures.text();
  assertEquals(sample(text, 'gosling_lanes{model="goose"}'), 2);
  assertEquals(sample(text, 'gosling_lanes_busy{model="goose"}'), 2);
  for (const [work, threads] of [["decode", 1], ["prefill", 4]] as const) {
    assertEquals(
      sample(text, `gosling_device_threads{model="goose",work="${work}"}`),
      threads,
    );
  }
  assertEquals(sample(text, 'gosling_queue_length{model="goose"}'), 3);
  assertEquals(sample(text, 'gosling_model_ready{model="goose"}'), 0);
  assertEquals(sample(text, 'gosling_device_losses_total{model="goose"}'), 1);
  assertEquals(
    sample(text, 'gosling_step_seconds_sum{model="goose",work="draw"}'),
    0.004,
  );
  assertEquals(
    sample(text, 'gosling_device_tokens_total{model="goose",kind="drawn"}'),
    32,
  );
  assertStringIncludes(
    text,
    `gosling_model_info{model="goose",fingerprint="${"ab".repeat(32)}"`,
  );
  figures.retired(engine);
  const after = await figures.text();
  assertEquals(sample(after, 'gosling_lanes{model="goose"}'), undefined);
});
