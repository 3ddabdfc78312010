import { assert, assertEquals } from "@std/assert";
import { Hono } from "hono";
import { jsonAnswer } from "../../src/http/answer/json_answer.ts";
import { MadeList } from "../../src/http/answer/made_list.ts";
import type { AppEnv } from "../../src/http/services.ts";

const TOKEN = "eyJ..a-_Z".repeat(20_000);

/** What a client gets, and in how many pieces. */
async function sent(value: object): Promise<{ text: string; pieces: number }> {
  const app = new Hono<AppEnv>();
  app.get("/", (c) => jsonAnswer(c, value));
  const response = await app.request("/");
  assertEquals(response.headers.get("content-type"), "application/json");
  assert(response.body !== null);
  const pieces = await Array.fromAsync(response.body);
  const text = await new Response(ReadableStream.from(pieces)).text();
  return { text, pieces: pieces.length };
}

for (
  const [what, value] of [
    ["nothing long", { text: "Hi", state: "eyJ", none: undefined }],
    ["a long token", { text: "“Hi”\n", state: TOKEN, after: [1, null] }],
    ["several, nested", {
      choices: [{ state: TOKEN }, { state: `${TOKEN}A` }],
      state: TOKEN,
    }],
    ["long text that JSON escapes", { text: '"é\n'.repeat(40_000), TOKEN }],
    ["long text of wide characters", { text: "a" + "👋".repeat(70_000) }],
    ["long lists of numbers, and others", {
      tokens: Array.from({ length: 20_000 }, (_, i) => i / 3),
      twice: [Array(2000).fill(1), Array(2000).fill("a"), TOKEN, [NaN]],
      after: { list: Array(5000).fill(-7) },
    }],
    ["base64 with padding", { data: "ab+/".repeat(20_000) + "==" }],
  ] as const
) {
  Deno.test(`jsonAnswer() sends ${what} as JSON.stringify() writes it`, async () => {
    assertEquals((await sent(value)).text, JSON.stringify(value));
  });
}

for (const length of [0, 1, 64, 65, 1000]) {
  Deno.test(`jsonAnswer() sends ${length} entries that are made meanwhile as it sends a list`, async () => {
    const list = Array.from({ length }, (_, i) => ({ i, of: ["é", null] }));
    const made = MadeList.of(list, (entry) => entry);
    const value = (entries: unknown) => ({ a: { entries }, b: [entries, 1] });
    const { text } = await sent(value(made));
    assertEquals(text, JSON.stringify(value(list)));
  });
}

Deno.test("jsonAnswer() makes the entries of a list as they are read", async () => {
  let made = 0;
  const app = new Hono<AppEnv>();
  app.get("/", (c) =>
    jsonAnswer(c, {
      list: new MadeList(100_000, (i) => {
        made++;
        return `${i}`;
      }),
    }));
  const reader = (await app.request("/")).body?.getReader();
  for (let i = 0; i < 5; i++) await reader?.read();
  assert(made > 0 && made <= 512, `${made} entries`);
  await reader?.cancel();
  assert(made <= 512, `${made} entries`);
});

Deno.test("jsonAnswer() sends a long token in pieces", async () => {
  const { pieces } = await sent({ state: TOKEN });
  assertEquals(pieces, 2 + Math.ceil(TOKEN.length / 65_536));
  assertEquals((await sent({ state: "eyJ" })).pieces, 1);
  const text = "é ".repeat(100_000);
  assertEquals((await sent({ text })).pieces, Math.ceil(300_011 / 65_536));
});
