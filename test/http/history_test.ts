import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { HistoryReader } from "../../src/http/request/history_states.ts";
import { harness } from "./client.ts";

/** What looks like a sealed state. */
const token = (n: number, length = 2000) =>
  [`eyJ${n}`, "", "i".repeat(16), "x".repeat(length), `${n}`.padStart(22, "t")]
    .join(".");

/** What is left of a body that arrives in pieces of these lengths. */
function read(
  body: string,
  lengths: readonly number[] = [],
  most = 1 << 20,
): string {
  const reader = new HistoryReader(most);
  const bytes = new TextEncoder().encode(body);
  let at = 0;
  for (const length of [...lengths, bytes.length]) {
    reader.push(bytes.slice(at, at + length));
    at += length;
  }
  return new TextDecoder().decode(reader.finish());
}

/** A conversation whose answers carry their states in several places. */
const history = (turns: number) => ({
  input: Array.from({ length: turns }, (_, n) => [
    { role: "user", content: `"${n}" \\ é ${"long ".repeat(n)}\\\\` },
    { type: "message", id: `msg_${token(n)}`, content: "…" },
    { type: "function_call", id: `fc_1.${token(n)}`, arguments: '{"a":"\\""}' },
    { type: "reasoning", id: `rs_${token(n)}`, encrypted_content: token(n) },
  ]).flat(),
  previous_response_id: `resp_${token(99)}`,
});

Deno.test("HistoryReader keeps the newest states of a history, however it arrives", () => {
  const given = history(6);
  const expected = {
    ...given,
    input: given.input.map((item) =>
      Object.fromEntries(
        Object.entries(item).map(([key, value]) => [
          key,
          /\.t+[0-4]$/.test(value) ? "" : value,
        ]),
      )
    ),
  };
  const body = JSON.stringify(given);
  assertEquals(JSON.parse(read(body)), expected);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3000 })), (lengths) => {
      assertEquals(JSON.parse(read(body, lengths)), expected);
    }),
    { numRuns: 50 },
  );
});

Deno.test("HistoryReader leaves everything else as it is", () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.array(fc.integer({ min: 0, max: 9 })),
      (body, lengths) => assertEquals(read(body, lengths), body),
    ),
    { numRuns: 200 },
  );
  for (
    const body of [
      "",
      '"',
      '"\\',
      '{"a',
      JSON.stringify({ text: "x..".repeat(1000), other: "a\\".repeat(999) }),
      JSON.stringify(history(1)),
    ]
  ) {
    assertEquals(read(body, [1, 1, 1]), body);
  }
});

Deno.test("HistoryReader takes no text for a state, whatever it begins with", () => {
  const long = "a word ".repeat(300);
  const sealed = token(1);
  for (
    const begin of [
      "Hmm... ",
      "well..",
      "eyJ0.. ",
      "msg_1.so.. ",
      "gosling-portable. ",
      `${sealed} `,
      `${sealed.slice(0, 30)} `,
      // Short of what is looked at there is nothing that a token has not.
      `${"a".repeat(1700)}..`,
    ]
  ) {
    const texts = Array.from({ length: 5 }, (_, n) => `${begin}${long}${n}`);
    const body = JSON.stringify(texts);
    assertEquals(read(body), body, begin);
  }
});

Deno.test("a conversation whose messages begin with dots is read whole", async () => {
  const { post, engine } = harness();
  const messages = Array.from({ length: 6 }, (_, n) => ({
    role: n % 2 === 0 ? "user" : "assistant",
    content: `Hmm... ${n} ${"so it goes ".repeat(100)}end ${n}`,
  }));
  const chat = [...messages, { role: "user", content: "And?" }];
  for (
    const [path, body] of [
      ["/v1/chat/completions", { messages: chat }],
      ["/v1/responses", { input: chat }],
      ["/v1/messages", { max_tokens: 9, messages: chat }],
      ["/api/chat", { messages: chat, stream: false }],
    ] as const
  ) {
    const response = await post(path, body);
    assertEquals([path, response.status], [path, 200]);
    await response.body?.cancel();
    const prompt = String(engine.turns.at(-1)?.prompt);
    for (const n of messages.keys()) {
      assert(prompt.includes(`end ${n}`), `${path}: message ${n} is gone`);
    }
  }
});

Deno.test("HistoryReader bounds what it keeps, and what arrives", () => {
  const many = JSON.stringify(history(50));
  assert(many.length > 300_000);
  assert(read(many, Array(500).fill(1000), 80_000).length < 80_000);
  assertThrows(() => read(many, [], 5_000), { code: "ERR_REQUEST_TOO_LARGE" });
  const tokens = JSON.stringify(
    Array.from({ length: 500 }, (_, n) => token(n)),
  );
  assertThrows(() => read(tokens, Array(1000).fill(1000), 10_000), {
    code: "ERR_REQUEST_TOO_LARGE",
  });
});

for (
  const [path, key] of [["responses", "input"], [
    "chat/completions",
    "messages",
  ]]
) {
  Deno.test(`/v1/${path} takes histories of any length with a state in every turn`, async () => {
    const { post, engine } = harness();
    const { state } = await (await post("/v1/generate", { prompt: "Hi" }))
      .json();
    const carrying = (state: string) =>
      key === "input"
        ? { type: "reasoning", id: `rs_${state}`, encrypted_content: state }
        : { role: "assistant", content: "x", state };
    const old = Array.from({ length: 40 }, (_, n) => [
      { role: "user", content: String(n) },
      carrying(token(n, 300_000)),
    ]);
    const response = await post(`/v1/${path}`, {
      [key]: [...old.flat(), carrying(state), {
        role: "user",
        content: "And?",
      }],
    });
    assertEquals(response.status, 200);
    await response.body?.cancel();
    assertEquals(engine.turns.at(-1)?.prompt, "User: And?\n\nAssistant:");
    assertEquals(engine.turns.at(-1)?.save?.position, 11);
  });
}
