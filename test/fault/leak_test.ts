import { assert, assertEquals } from "@std/assert";
import { spawn } from "../story/command.ts";
import { TEST_DEVICE_ENV } from "../support/test_device.ts";

/** Clients at once, on fewer lanes, and how many turns each takes. */
const CLIENTS = 12, LANES = 4, TURNS = 4;

/** What only client `i` has said. */
const canary = (i: number) => `zq${(i + 1) * 7919}x${(i + 3) * 104_729}`;

/** A turn of a client, as one of several routes takes it. */
function turn(
  i: number,
  t: number,
  state: string | undefined,
): [path: string, body: object] {
  const content = t === 0
    ? `My name is ${canary(i)}.`
    : t === TURNS - 1
    ? "What is my name?"
    : `Remember ${canary(i)}, please.`;
  const messages = [{ role: "user", content }];
  const common = { messages, max_tokens: 24, seed: i, ...(state && { state }) };
  switch ((i + t) % 3) {
    case 0:
      return ["/v1/generate", { ...common, temperature: 0.8 }];
    case 1:
      return ["/v1/generate", { ...common, stream: true }];
    default:
      return ["/v1/chat/completions", {
        ...common,
        model: "gosling",
        logprobs: true,
        top_logprobs: 3,
      }];
  }
}

/** Requests that are refused, each with its client's canary in another place. */
function mistakes(i: number, state: string): [path: string, body: object][] {
  const said = canary(i);
  return [
    ["/v1/generate", { prompt: said, [said]: 1 }],
    ["/v1/generate", { prompt: said, model: said }],
    ["/v1/generate", { prompt: said, initial: said }],
    ["/v1/generate", { prompt: said, state: state.slice(0, -5) + said }],
    ["/v1/generate", {
      prompt: said,
      grammar: { type: "regex", pattern: `(${said}` },
    }],
    ["/v1/chat/completions", { model: said, messages: said }],
    [`/v1/${said}`, {}],
    ["/v1/state/score", { state, texts: [said], prompt: 5 }],
  ];
}

Deno.test("nothing that one client says is ever in another's answer, in the log or in the figures", async () => {
  const server = spawn(
    [
      ...["run", "-P=serve", "main.ts", "start", "--port", "0"],
      ...["--lanes", `${LANES}`, "--log", "json", "--metrics", "open"],
    ],
    TEST_DEVICE_ENV,
  );
  const [, url] = await server.until(/Listening on (http:\S+)/);
  const heard: string[] = [];
  const send = async (i: number, path: string, body: object) => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": canary(i),
        "gosling-secret": `mine:${canary(i).padEnd(43, "A")}`,
      },
      body: JSON.stringify(body),
    });
    const headers = JSON.stringify([...response.headers]);
    const text = await response.text();
    heard[i] = `${heard[i] ?? ""}${headers}${text}`;
    return { status: response.status, text };
  };
  await Promise.all(Array.from({ length: CLIENTS }, async (_, i) => {
    let state: string | undefined;
    for (let t = 0; t < TURNS; t++) {
      const { status, text } = await send(i, ...turn(i, t, state));
      assertEquals(status, 200, text);
      state = /"state":"([\w.-]+)"/.exec(text)?.[1];
    }
    for (const [path, body] of mistakes(i, state ?? "")) {
      const { status } = await send(i, path, body);
      assert(status >= 400 && status < 500, `${path} ${status}`);
    }
  }));
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert(metrics.includes("gosling_"), metrics.slice(0, 200));
  server.signal("SIGTERM");
  const { code, stdout, stderr } = await server.ended();
  assertEquals(code, 0);
  const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
  assert(lines.length >= CLIENTS * TURNS, `${lines.length} lines of log`);
  for (let i = 0; i < CLIENTS; i++) {
    const said = canary(i);
    assert(!(stdout + stderr + metrics).includes(said), said);
    for (const [other, text] of heard.entries()) {
      if (other !== i) assert(!text.includes(said), `${said} said to ${other}`);
    }
  }
  // It is looked for where it can be found: whoever erred is told what of.
  assert(heard.every((text, i) => text.includes(canary(i))));
});
