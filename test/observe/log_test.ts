import { assert, assertEquals, assertMatch } from "@std/assert";
import { DeviceError } from "../../src/errors.ts";
import { Log, type LogFormat } from "../../src/observe/request_log.ts";
import { RequestRecord } from "../../src/observe/request_record.ts";

const ID = "6f9619ff-8b86-4011-b42d-00c04fc964ff";

/** A log whose lines a test looks at. */
function logOf(format: LogFormat): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: new Log(format, (line) => lines.push(line)), lines };
}

/** A request with one turn, answered. */
function turnOf(log: Log, status = 200, route = "/v1/generate"): RequestRecord {
  const record = new RequestRecord(
    { id: ID, method: "POST" },
    (record) => log.finished(record),
  );
  const { startedAt: at } = record;
  record.ended("open", at, { codec: "int8", bytes: 1000 });
  const turn = record.turn("goose");
  turn.phase("wait", at, at + 1);
  turn.phase("prefill", at + 1, at + 4, 12);
  turn.firstTextAt = at + 5;
  turn.phase("decode", at + 4, at + 20, 30);
  Object.assign(turn, { end: "stop", read: 12, generated: 31, resumed: 900 });
  record.ended("seal", at, { codec: "int6", bytes: 800 });
  record.answer = { route, tenant: "ada", status };
  return record;
}

Deno.test("Log.finished() writes one line of JSON with figures and names only", () => {
  const { log, lines } = logOf("json");
  turnOf(log).release();
  const [line] = lines.map((line) => JSON.parse(line));
  assertEquals(lines.length, 1);
  assertMatch(line.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert(line.total_ms >= 0 && line.open_ms >= 0 && line.seal_ms >= 0);
  const { time: _, total_ms: _1, open_ms: _2, seal_ms: _3, ...rest } = line;
  assertEquals(rest, {
    level: "info",
    event: "request",
    id: ID,
    tenant: "ada",
    method: "POST",
    route: "/v1/generate",
    status: 200,
    model: "goose",
    finish: "stop",
    tokens_read: 12,
    tokens_generated: 31,
    tokens_resumed: 900,
    state_bytes_in: 1000,
    state_bytes_out: 800,
    codec: "int6",
    wait_ms: 1,
    first_token_ms: 5,
    prefill_ms: 3,
    decode_ms: 16,
  });
});

Deno.test("Log.finished() writes a line for people, and none where none is wanted", () => {
  const { log, lines } = logOf("text");
  turnOf(log).release();
  assertMatch(
    lines[0],
    /^\S+Z 200 POST \/v1\/generate ada 12\+31 tokens stop [\d.]+ ms 6f9619ff/,
  );
  const silent = logOf("none");
  turnOf(silent.log).release();
  silent.log.note("The device is lost");
  assertEquals(silent.lines, ["The device is lost"]);
});

Deno.test("Log.finished() tells refusals from failures, and skips probes that went well", () => {
  const { log, lines } = logOf("json");
  for (
    const [status, route] of [[200, "/readyz"], [503, "/readyz"], [
      429,
      "",
    ]] as const
  ) {
    const record = turnOf(log, status, route);
    if (status >= 400) record.code = "ERR_TOO_BUSY";
    record.release();
  }
  const levels = lines.map((line) => JSON.parse(line))
    .map(({ level, route, code }) => [level, route, code]);
  assertEquals(levels, [
    ["error", "/readyz", "ERR_TOO_BUSY"],
    ["warn", undefined, "ERR_TOO_BUSY"],
  ]);
});

Deno.test("RequestRecord.release() finishes once, when the last turn has ended", () => {
  const { log, lines } = logOf("text");
  const record = turnOf(log);
  record.hold();
  record.hold();
  record.release();
  record.release();
  assertEquals(lines, []);
  record.release();
  assertEquals(lines.length, 1);
});

Deno.test("Log.mistake() says where an error was thrown, not what it says", () => {
  const { log, lines } = logOf("json");
  const quoting = [
    new SyntaxError(
      'Unexpected token, "canary\n    at canary.ts:1:1" is no JSON',
    ),
    new TypeError("Canary"),
    "canary",
  ];
  for (const error of quoting) log.mistake(error, ID);
  assertEquals(lines.length, 3);
  const [first, , third] = lines.map((line) => JSON.parse(line));
  assertEquals(first.name, "SyntaxError");
  assertMatch(first.places[0], /log_test\.ts/);
  assertEquals(third.places, []);
  assert(lines.every((line) => !line.toLowerCase().includes("canary")));
  log.mistake(new DeviceError("ERR_DEVICE_FAILED", "Cannot run: no room"), ID);
  assertEquals(JSON.parse(lines[3]).message, `${ID} Cannot run: no room`);
});
