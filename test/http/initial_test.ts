import { assertEquals, assertNotEquals } from "@std/assert";
import type { Save } from "../../src/state/save.ts";
import { type Harness, harness } from "./client.ts";
import { SHAPE } from "./fake_engine.ts";
import { stateLength } from "../../src/model/shape.ts";

const POLITE: Save = {
  values: new Float32Array(stateLength(SHAPE)).fill(0.5),
  position: 7,
  unread: [3],
  seed: [1, 2],
  counts: new Map(),
  utf8: new Uint8Array(),
  chat: { open: false, thinking: false },
  chain: new Uint8Array(32),
};

function server(): Harness {
  return harness({ initial: new Map([["polite", POLITE]]) });
}

const MESSAGES = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello!" },
  { role: "user", content: "Who are you?" },
];

/** Routes that begin a text, and what they read of a whole conversation. */
const ROUTES: [path: string, body: object][] = [
  ["/v1/generate", { prompt: "Hi" }],
  ["/v1/completions", { model: "fake", prompt: "Hi" }],
  ["/v1/chat/completions", { model: "fake", messages: MESSAGES }],
  ["/v1/responses", { model: "fake", input: MESSAGES }],
  ["/v1/state/branch", { branches: [{ prompt: "Hi" }] }],
  ["/v1/state/score", { prompt: "Hi", texts: ["a"] }],
  ["/v1/state/teach", { statements: ["Hi"] }],
];

for (const [path, body] of ROUTES) {
  Deno.test(`${path} begins with an initial state`, async () => {
    const here = server();
    for (let time = 0; time < 2; time++) {
      const response = await here.post(path, { ...body, initial: "polite" });
      assertEquals([response.status, await response.text() !== ""], [
        200,
        true,
      ]);
    }
    const [first, second] = here.engine.turns.map(({ save }) => save);
    assertEquals({ ...first, seed: POLITE.seed }, POLITE);
    assertNotEquals(first?.seed, second?.seed);
    for (const [i, { prompt }] of here.engine.turns.entries()) {
      assertEquals([i, /Hi/.test(`${prompt}`)], [i, true]);
    }
  });

  Deno.test(`${path} refuses an initial state that it does not have, or two beginnings`, async () => {
    const here = server();
    const openAi = !path.includes("state") && !path.endsWith("generate");
    const unknown = await here.post(path, { ...body, initial: "rude" });
    const { code, detail, error } = await unknown.json();
    assertEquals(unknown.status, 404);
    assertEquals(code ?? error.code, "ERR_STATE_NOT_FOUND");
    assertEquals(
      detail ?? error.message,
      'Cannot begin with "rude": this server has polite',
    );
    const made = await here.post("/v1/generate", { prompt: "Hi" });
    const { state } = await made.json();
    const two = await here.post(path, { ...body, initial: "polite", state });
    assertEquals(two.status, openAi ? 400 : 422);
    assertEquals(/initial/.test(await two.text()), true);
    assertEquals(here.engine.turns.length, 1);
  });
}

Deno.test("models lists the initial states", async () => {
  const here = server();
  const expected = [{ name: "polite", position: 7 }];
  const model = await (await here.get("/v1/model")).json();
  assertEquals(model.initial_states, expected);
  const { data } = await (await here.get("/v1/models")).json();
  assertEquals(data[0].initial_states, expected);
  const one = await (await here.get("/v1/models/fake")).json();
  assertEquals(one.initial_states, expected);
  const none = await (await harness().get("/v1/model")).json();
  assertEquals(none.initial_states, []);
});

Deno.test("generate names no initial state where there is none", async () => {
  const response = await harness().post("/v1/generate", {
    prompt: "Hi",
    initial: "polite",
  });
  const { detail } = await response.json();
  assertEquals(
    detail,
    'Cannot begin with "polite": this server has no initial states',
  );
});
