import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client } from "../../src/client/client.ts";
import { saveBytes, saveText } from "../../src/client/save_bytes.ts";
import { parseServerUrl } from "../../src/client/server_url.ts";
import { sealedBytes, sealedText } from "../../src/state/token_envelope.ts";
import { portable, portableText } from "../../src/state/portable_token.ts";
import { toBase64url } from "../../src/text/base64url.ts";
import { fakeClient } from "./fake_client.ts";

const TYPED: readonly (readonly [typed: string, meant: string])[] = [
  ["http://127.0.0.1:8000", "http://127.0.0.1:8000"],
  [" localhost:8000/ ", "http://localhost:8000"],
  ["localhost", "http://localhost"],
  ["192.168.1.7", "http://192.168.1.7"],
  ["gosling.local", "http://gosling.local"],
  ["box:8000", "http://box:8000"],
  ["[::1]:8000", "http://[::1]:8000"],
  ["gosling.example", "https://gosling.example"],
  ["gosling.example:8000", "http://gosling.example:8000"],
  ["//gosling.example/base/", "https://gosling.example/base"],
  ["https://gosling.example/v1", "https://gosling.example"],
  ["https://gosling.example/base/v1/", "https://gosling.example/base"],
  ["localhost:8000/v1/chat/completions?x=1#y", "http://localhost:8000"],
  ["http://0.0.0.0:8000", "http://127.0.0.1:8000"],
  ["http://[::]:8000", "http://[::1]:8000"],
  ["HTTP://LocalHost:80", "http://localhost"],
];

Deno.test("parseServerUrl() takes addresses as people type them", () => {
  for (const [typed, meant] of TYPED) {
    assertEquals([typed, parseServerUrl(typed)], [typed, meant]);
    assertEquals(parseServerUrl(meant), meant);
  }
  assertEquals(new Client("localhost:8000/v1/").url, "http://localhost:8000");
  for (const wrong of ["", "http://", "ftp://host", "file:///x", "a b"]) {
    assertThrows(() => new Client(wrong), TypeError, "as the address of a");
  }
});

/** Answers with these, one after the other, and the last again and again. */
function answering(...answers: readonly (() => Response)[]) {
  const asked: Request[] = [];
  const client = new Client({
    url: "http://fake",
    model: "gosling",
    fetch(request) {
      asked.push(request);
      const next = answers[Math.min(asked.length, answers.length) - 1];
      return Promise.resolve(next?.() ?? Response.error());
    },
  });
  return { client, asked };
}

function busy(status: number, after?: number): () => Response {
  return () =>
    Response.json({ code: "ERR_TOO_BUSY", detail: "Busy" }, {
      status,
      headers: after === undefined ? {} : { "retry-after": `${after}` },
    });
}

Deno.test("Client asks again where the server is busy, and names its model", async () => {
  const { client, asked } = answering(
    busy(429, 0),
    busy(503, 0),
    () => Response.json({ text: "Yes" }),
  );
  assertEquals((await client.generate({ prompt: "?" })).text, "Yes");
  const bodies = await Promise.all(asked.map((request) => request.json()));
  assertEquals(bodies, Array(3).fill({ model: "gosling", prompt: "?" }));
});

Deno.test("Client gives up after two more tries, at other errors at once", async () => {
  const turn = { prompt: "?" };
  const often = answering(busy(429, 0));
  const refused = { name: "ApiError", status: 429, retryAfter: 0 };
  await assertRejects(() => often.client.generate(turn), refused);
  assertEquals(often.asked.length, 3);
  for (const [status, after] of [[429, 60], [400, 0], [500, 0]] as const) {
    const { client, asked } = answering(busy(status, after));
    await assertRejects(() => client.generate(turn), { status });
    assertEquals(asked.length, 1);
  }
});

Deno.test("Client leaves off waiting when it is aborted", async () => {
  const { client } = answering(busy(503, 20));
  const gone = new AbortController();
  const work = client.generate({ prompt: "?" }, gone.signal);
  gone.abort(new Error("Enough"));
  await assertRejects(() => work, /Enough/);
});

Deno.test("Client says that a stream broke off", async () => {
  const { client } = answering(() =>
    new Response('data: {"type":"text","text":"Once"}\n\n')
  );
  const read: unknown[] = [];
  await assertRejects(async () => {
    for await (const event of client.stream({ prompt: "?" })) read.push(event);
  }, { name: "ApiError", status: 0, code: "ERR_UNREACHABLE" });
  assertEquals(read, [{ type: "text", text: "Once" }]);
});

Deno.test("Client says that a whole answer broke off, unless it was left", async () => {
  const broken = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"text":"Once'));
          controller.error(new TypeError("Connection reset"));
        },
      }),
      { headers: { "content-type": "multipart/mixed; boundary=x" } },
    );
  const { client } = answering(broken);
  const fact = { question: "Who?", answer: "Me" };
  for (
    const ask of [
      (signal?: AbortSignal) => client.generate({ prompt: "?" }, signal),
      (signal?: AbortSignal) => client.generateBytes({ prompt: "?" }, signal),
      (signal?: AbortSignal) => client.teach({ statements: ["a"] }, signal),
      (signal?: AbortSignal) =>
        client.forget({ state: "a", facts: [fact] }, signal),
      (signal?: AbortSignal) => client.merge({ states: [] }, signal),
      (signal?: AbortSignal) => client.post("/v1/tokenize", {}, signal),
    ]
  ) {
    await assertRejects(() => ask(), {
      name: "ApiError",
      code: "ERR_UNREACHABLE",
      message: "Cannot read the answer to its end: Connection reset",
    });
    const gone = new AbortController();
    const work = ask(gone.signal);
    gone.abort();
    await assertRejects(
      () => work,
      (error) => error instanceof Error && error.name !== "ApiError",
    );
  }
});

Deno.test("Client edits with its own model, where the request names none", async () => {
  const { client, asked } = answering(() => Response.json({}));
  await client.teach({ statements: ["a"] });
  await client.merge({ states: [], model: "c" });
  const bodies = await Promise.all(asked.map((request) => request.json()));
  assertEquals(bodies.map(({ model }) => model), ["gosling", "c"]);
});

Deno.test("Client gives and takes saves as bytes", async () => {
  const { client, engine } = fakeClient();
  const { answer, save } = await client.generateBytes({ prompt: "Hi" });
  assertEquals(answer.text, " Hello!\n\n");
  assert(save instanceof Uint8Array && !("state" in answer));
  await client.generate({ prompt: " and?", state: save });
  await Array.fromAsync(client.stream({ prompt: " and?", state: save }));
  const positions = engine.turns.slice(1).map(({ save }) => save?.position);
  assertEquals(positions, [positions[0], positions[0]]);
  assert((positions[0] ?? 0) > 0);
  const none = await client.generateBytes({
    prompt: "Hi",
    state_codec: "none",
  });
  assertEquals(none.save, undefined);
  assertEquals(none.answer.text, answer.text);
});

Deno.test("saveBytes() and saveText() are those of the server", async () => {
  const sealed = {
    header: toBase64url(new TextEncoder().encode('{"alg":"dir"}')),
    iv: crypto.getRandomValues(new Uint8Array(12)),
    sealed: crypto.getRandomValues(new Uint8Array(1000)),
    canonical: true,
  };
  const file = await portable(crypto.getRandomValues(new Uint8Array(300)));
  for (
    const [text, bytes] of [
      [sealedText(sealed), sealedBytes(sealed)],
      [portableText(file), file],
    ] as const
  ) {
    assertEquals(saveBytes(text), bytes);
    assertEquals(saveText(bytes), text);
    assertEquals([saveText(text), saveBytes(bytes)], [text, bytes]);
  }
  for (const wrong of ["", "a.b", "a..b.c.!", "no save"]) {
    assertThrows(() => saveBytes(wrong), TypeError, "no save");
  }
  const newer = sealedBytes(sealed);
  newer[8] = 2;
  assertThrows(() => saveText(newer), TypeError, "another version");
});
