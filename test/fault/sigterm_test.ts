import { assertEquals, assertMatch } from "@std/assert";
import { eventsOf } from "../http/client.ts";
import { spawn } from "../story/command.ts";
import { TEST_DEVICE_ENV } from "../support/test_device.ts";
import { Raw } from "./raw.ts";
import { until } from "../support/until.ts";

const LONG = { max_tokens: 60_000, logit_bias: { "0": -100 } };

/** More than there are lanes: some of them wait. */
const CLIENTS = 9, LANES = 2;

/** What `/metrics` shows once all of them are there. */
const BUSY = new RegExp(`lanes_busy\\{.*\\} ${LANES}$`, "m");
const QUEUED = new RegExp(`queue_length\\{.*\\} ${CLIENTS - LANES}$`, "m");

Deno.test("SIGTERM waits for no client that reads nothing or sends half a request", async () => {
  const server = spawn(
    ["run", "-P=serve", "main.ts", "start", "--port", "0"],
    TEST_DEVICE_ENV,
  );
  const [, port] = await server.until(/Listening on http:\S+:(\d+)/);
  const body = JSON.stringify({ ...LONG, prompt: "User:", stream: true });
  const head = "POST /v1/generate HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
    "Content-Type: application/json\r\n";
  using half = await Raw.open(Number(port));
  await half.write(`${head}Content-Length: 99\r\n\r\n{`);
  using form = await Raw.open(Number(port));
  await form.write(
    "POST /v1/generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: " +
      "multipart/form-data; boundary=b\r\nContent-Length: 900\r\n\r\n--b\r\n",
  );
  using deaf = await Raw.open(Number(port));
  await deaf.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
  assertMatch(await deaf.until(/data:/), /^HTTP\/1\.1 200 /);
  server.signal("SIGTERM");
  // What is missing of it is not its client's fault: a proxy asks another server.
  for (const cut of [half, form]) {
    const told = await cut.until(/ERR_\w+/);
    assertMatch(told, /^HTTP\/1\.1 503 [^]*ERR_SHUTTING_DOWN/);
  }
  const { code, stderr } = await server.ended();
  // 1 where the server waited for them as long as for turns.
  assertEquals(code, 0, stderr);
});

for (const stream of [true, false]) {
  Deno.test(`SIGTERM under load ends every turn with its save, stream ${stream}`, async () => {
    const server = spawn(
      [
        ...["run", "-P=serve", "main.ts", "start", "--port", "0"],
        ...["--lanes", `${LANES}`],
      ],
      TEST_DEVICE_ENV,
    );
    const [, url] = await server.until(/Listening on (http:\S+)/);
    const answers = Array.from(
      { length: CLIENTS },
      (_, i) =>
        fetch(`${url}/v1/generate`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ ...LONG, prompt: `User: ${i}`, stream }),
        }).then(async (response) => ({
          status: response.status,
          text: await response.text(),
        })),
    );
    await until("load", async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return BUSY.test(metrics) && QUEUED.test(metrics);
    });
    server.signal("SIGTERM");
    const ended = await server.ended();
    assertEquals(ended.code, 0, ended.stderr);
    let cancelled = 0;
    for (const { status, text } of await Promise.all(answers)) {
      assertEquals(status, 200);
      const last = stream ? eventsOf(text).at(-1) : JSON.parse(text);
      assertEquals(last.finish_reason, "cancelled");
      assertMatch(last.state, /^eyJ/);
      cancelled++;
    }
    assertEquals(cancelled, CLIENTS);
  });
}
