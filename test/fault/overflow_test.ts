import { assertEquals, assertMatch } from "@std/assert";
import { tinyServer } from "../fuzz/tiny_server.ts";
import { eventsOf } from "../http/client.ts";

const OVERFLOW = "ERR_STATE_OVERFLOW";

const FACT = { question: "a", answer: "b" };

Deno.test("a state whose numbers overflow ends its own turns, in every form, and no other's", async () => {
  await using server = await tinyServer({ lanes: 3 });
  const ask = async (body: object, path = "/v1/generate") => {
    const response = await server.post(path, body);
    return { status: response.status, text: await response.text() };
  };
  const { text } = await ask({ prompt: "Hello", max_tokens: 2 });
  const save = await server.vault.open(JSON.parse(text).state);
  // Numbers that a save can hold, and that no sum of two can: as mixing makes
  // them in a few rounds, with weights of a million.
  const values = save.values.map((value) => value < 0 ? -3e38 : 3e38);
  const sealed = await server.vault.seal({ ...save, values }, {
    codec: "exact",
    profile: "sealed",
  });
  const state = sealed.token;
  const turn = { prompt: "a", seed: 3, max_tokens: 50, state_codec: "none" };
  const { text: alone } = JSON.parse((await ask(turn)).text);
  const beside = [1, 2].map(() => ask(turn));
  for (
    const [body, path] of [
      [{ prompt: "a", max_tokens: 3, state }, "/v1/generate"],
      [{ prompt: "a", max_tokens: 0, state }, "/v1/generate"],
      [{ prompt: "a", max_tokens: 3, state, stream: true }, "/v1/generate"],
      [{ texts: ["a"], state }, "/v1/state/score"],
      [{ branches: [{ prompt: "a" }], state }, "/v1/state/branch"],
      [{ statements: ["a"], state }, "/v1/state/teach"],
      [{ facts: [FACT], state }, "/v1/state/forget"],
      [{ states: [{ state }, { state }], facts: [FACT] }, "/v1/state/merge"],
    ] as const
  ) {
    const { status, text } = await ask(body, path);
    assertEquals([status, JSON.parse(text).code], [422, OVERFLOW], path);
    assertMatch(JSON.parse(text).detail, /go back to an earlier state$/);
  }
  for (const { text } of await Promise.all(beside)) {
    assertEquals(JSON.parse(text).text, alone);
  }
  const streamed = await ask({ ...turn, stream: true });
  const pieces = eventsOf(streamed.text).flatMap((event) => {
    const { text } = event as { text?: string };
    return text === undefined ? [] : [text];
  });
  assertEquals(pieces.join(""), alone);
  assertEquals(server.reported, []);
});
