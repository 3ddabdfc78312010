import { assertEquals, assertMatch } from "@std/assert";
import { harness } from "./client.ts";

const PATH = "/v1/generate";
const HI = { prompt: "Hi" };
const LONG = "a".repeat(10_000_000);

const TABLE: [
  name: string,
  body: unknown,
  status: number,
  code: string,
  pointer?: string,
][] = [
  ["malformed JSON", "{", 400, "ERR_REQUEST_MALFORMED"],
  ["no body", "", 400, "ERR_REQUEST_MALFORMED"],
  [
    "bytes that are no UTF-8",
    Uint8Array.of(0x22, 0xff, 0x22),
    400,
    "ERR_REQUEST_MALFORMED",
  ],
  ["an array", [], 422, "ERR_REQUEST_INVALID", ""],
  ["null", "null", 422, "ERR_REQUEST_INVALID", ""],
  ["neither prompt nor messages", {}, 422, "ERR_REQUEST_INVALID", ""],
  [
    "both prompt and messages",
    { ...HI, messages: [{ role: "user", content: "Hi" }] },
    422,
    "ERR_REQUEST_INVALID",
    "",
  ],
  ["a number as prompt", { prompt: 1 }, 422, "ERR_REQUEST_INVALID", "/prompt"],
  ["no messages", { messages: [] }, 422, "ERR_REQUEST_INVALID", "/messages"],
  [
    "a message of nobody",
    { messages: [{ role: "tool", content: "" }] },
    422,
    "ERR_REQUEST_INVALID",
    "/messages/0/role",
  ],
  [
    "a message with more in it",
    { messages: [{ role: "user", content: "", "a/b": 1 }] },
    422,
    "ERR_REQUEST_INVALID",
    "/messages/0/a~1b",
  ],
  [
    "an unknown field",
    { ...HI, temprature: 1 },
    422,
    "ERR_REQUEST_INVALID",
    "/temprature",
  ],
  [
    "half a token",
    { ...HI, max_tokens: 1.5 },
    422,
    "ERR_REQUEST_INVALID",
    "/max_tokens",
  ],
  [
    "fewer tokens than none",
    { ...HI, max_tokens: -1 },
    422,
    "ERR_REQUEST_INVALID",
    "/max_tokens",
  ],
  [
    "a temperature below absolute zero",
    { ...HI, temperature: -1 },
    422,
    "ERR_REQUEST_INVALID",
    "/temperature",
  ],
  [
    "a temperature in words",
    { ...HI, temperature: "hot" },
    422,
    "ERR_REQUEST_INVALID",
    "/temperature",
  ],
  [
    "a stop without letters",
    { ...HI, stop: [""] },
    422,
    "ERR_REQUEST_INVALID",
    "/stop/0",
  ],
  [
    "a bias on a word",
    { ...HI, logit_bias: { cat: 1 } },
    422,
    "ERR_REQUEST_INVALID",
    "/logit_bias/cat",
  ],
  [
    "a bias on a token that is none",
    { ...HI, logit_bias: { 257: 1 } },
    422,
    "ERR_REQUEST_INVALID",
    "/logit_bias/257",
  ],
  [
    "a seed too large to be exact",
    { ...HI, seed: 2 ** 53 },
    422,
    "ERR_REQUEST_INVALID",
    "/seed",
  ],
  [
    "an unknown codec",
    { ...HI, state_codec: "int2" },
    422,
    "ERR_REQUEST_INVALID",
    "/state_codec",
  ],
  [
    "a state that is no text",
    { ...HI, state: {} },
    422,
    "ERR_REQUEST_INVALID",
    "/state",
  ],
  ["another model", { ...HI, model: "gpt" }, 404, "ERR_MODEL_NOT_FOUND"],
  ["no token", { ...HI, state: "x" }, 400, "ERR_STATE_UNREADABLE"],
  [
    "a prompt of ten megabytes",
    { prompt: LONG },
    413,
    "ERR_REQUEST_TOO_LARGE",
  ],
  [
    "a prompt over its bound",
    { prompt: "a".repeat((1 << 20) + 1) },
    422,
    "ERR_REQUEST_INVALID",
    "/prompt",
  ],
];

for (const [name, body, status, code, pointer] of TABLE) {
  Deno.test(`generate answers ${name} with ${status} ${code}`, async () => {
    const { post, engine } = harness();
    const response = await post(PATH, body);
    assertEquals(response.status, status);
    assertEquals(
      response.headers.get("content-type"),
      "application/problem+json",
    );
    const problem = await response.json();
    assertEquals(problem.code, code);
    assertEquals(problem.status, status);
    assertEquals(problem.type, `/problems/${code}`);
    const id = response.headers.get("x-request-id");
    assertEquals(problem.instance, `urn:uuid:${id}`);
    assertMatch(problem.detail, /^Cannot .*[^.]$/);
    assertEquals(problem.errors?.[0].pointer, pointer);
    assertEquals(engine.turns, []);
    assertEquals((await post(PATH, HI)).status, 200);
  });
}

for (const headers of [{}, { "content-length": "100" }]) {
  const kind = "content-length" in headers ? "body" : "chunked body";
  Deno.test(`generate takes a ${kind} that breaks off for the client's doing`, async () => {
    const { post, reported } = harness();
    const broken = new ReadableStream({
      pull(controller): void {
        controller.error(new TypeError("Gone"));
      },
    });
    const response = await post(PATH, broken, { headers });
    assertEquals(response.status, 400);
    assertEquals((await response.json()).code, "ERR_REQUEST_MALFORMED");
    assertEquals(reported, []);
  });
}

Deno.test("generate reads a chunked body no further than its limit", async () => {
  const { post } = harness();
  let sent = 0;
  const endless = new ReadableStream({
    pull(controller): void {
      sent += 1 << 16;
      controller.enqueue(new Uint8Array(1 << 16).fill(0x20));
    },
  });
  const response = await post(PATH, endless);
  assertEquals(response.status, 413);
  assertEquals(sent < 8 << 20, true);
});

Deno.test("generate answers another media type with 415", async () => {
  const { post } = harness();
  for (const type of ["text/plain", "application/xml"]) {
    const headers = { "content-type": type };
    const response = await post(PATH, JSON.stringify(HI), { headers });
    assertEquals(response.status, 415);
    assertEquals((await response.json()).code, "ERR_REQUEST_MEDIA_TYPE");
  }
});

Deno.test("generate answers forms that are none, or of other parts", async () => {
  const { post } = harness();
  const headers = { "content-type": "multipart/form-data; boundary=x" };
  assertEquals((await post(PATH, "nonsense", { headers })).status, 400);
  const form = new FormData();
  assertEquals((await post(PATH, form)).status, 422);
  form.set("request", "{");
  assertEquals((await post(PATH, form)).status, 400);
  form.set("request", JSON.stringify(HI));
  assertEquals((await post(PATH, form)).status, 200);
  form.set("other", "");
  const response = await post(PATH, form);
  assertEquals((await response.json()).errors[0].pointer, "/other");
});
