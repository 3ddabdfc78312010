import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { HistoryReader } from "../../src/http/request/history_states.ts";
import { harness } from "./client.ts";

const token = (n: number, length = 2000) =>
  `eyJ${n}..${String(n).padStart(length, "x")}`;

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
          /\.\.x+[0-4]$/.test(value) ? "" : value,
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
