import { assert, assertEquals, assertMatch } from "@std/assert";
import { randomKey, type StateKey } from "../../src/state/state_keys.ts";
import { Vault, type VaultOptions } from "../../src/state/vault.ts";
import { type Harness, harness } from "./client.ts";
import { fakeEngine } from "./fake_engine.ts";

const PATH = "/v1/generate";
const KEY = randomKey();

function open(options: Partial<VaultOptions> = {}): Promise<Vault> {
  const { format } = fakeEngine();
  return Vault.create({ keys: [KEY], format, audience: "test", ...options });
}

async function server(options: Partial<VaultOptions> = {}): Promise<Harness> {
  const { portable = false } = options;
  return harness({ sealer: await open(options), portable });
}

async function token(of: Harness, more: object = {}): Promise<string> {
  const response = await of.post(PATH, { prompt: "Hi", ...more });
  return (await response.json()).state;
}

/** Sends a token, expects a refusal, and that the server lives on. */
async function refused(
  at: Harness,
  state: string,
): Promise<{ status: number; code: string; detail: string }> {
  const { turns } = at.engine;
  const before = turns.length;
  const response = await at.post(PATH, { prompt: "", state });
  const problem = await response.json();
  assertEquals(response.status, problem.status);
  assertEquals(turns.length, before);
  assertEquals((await at.post(PATH, { prompt: "" })).status, 200);
  return problem;
}

Deno.test("generate goes on from a sealed token, in text and in bytes", async () => {
  const here = await server();
  const state = await token(here);
  await here.post(PATH, { prompt: "", state });
  assertEquals(here.engine.turns[1]?.save?.position, 11);
  const parts = await here.post(PATH, { prompt: "", state }, {
    headers: { accept: "multipart/mixed" },
  });
  const form = new FormData();
  form.set("request", JSON.stringify({ prompt: "" }));
  form.set("state", new Blob([await secondPart(parts)]));
  assertEquals((await here.post(PATH, form)).status, 200);
  assertEquals(here.engine.turns[3]?.save?.position, 20);
});

Deno.test("generate refuses a token with one letter changed, wherever it is", async () => {
  const here = await server();
  const state = await token(here);
  let start = 0;
  for (const part of state.split(".")) {
    const ends = [0, 1, part.length >> 1, part.length - 2, part.length - 1];
    for (const at of ends.filter((at) => at in [...part])) {
      const letter = part[at] === "A" ? "B" : "A";
      const { status, code } = await refused(
        here,
        splice(state, start + at, letter),
      );
      assertEquals([status, code], [403, "ERR_STATE_REJECTED"]);
      const strange = await refused(here, splice(state, start + at, "!"));
      assertEquals(strange.status, 400);
    }
    start += part.length + 1;
  }
});

Deno.test("generate refuses a token with one bit flipped, every bit of its letters", async () => {
  const here = await server();
  const state = await token(here);
  const places = [...state].flatMap((letter, at) =>
    letter === "." || at % 997 === 0 ? [at] : []
  );
  for (const at of places) {
    for (let bit = 0; bit < 8; bit++) {
      const letter = String.fromCharCode(state.charCodeAt(at) ^ 1 << bit);
      const { code } = await refused(here, splice(state, at, letter));
      assertMatch(code, /^ERR_STATE_(UNREADABLE|REJECTED)$/);
    }
  }
});

Deno.test("generate refuses bytes with one bit flipped, everywhere", async () => {
  const here = await server();
  const sent = await here.post(PATH, { prompt: "" }, {
    headers: { accept: "multipart/mixed" },
  });
  const bytes = await secondPart(sent);
  for (let at = 0; at < bytes.length; at += at < 512 ? 7 : 1009) {
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 1 << at % 8;
    const form = new FormData();
    form.set("request", JSON.stringify({ prompt: "" }));
    form.set("state", new Blob([flipped]));
    const response = await here.post(PATH, form);
    const { code } = await response.json();
    assertMatch(code, /^ERR_STATE_(UNREADABLE|REJECTED)$/);
  }
});

Deno.test("generate refuses a truncated token", async () => {
  const here = await server();
  const state = await token(here);
  for (const length of [0, 1, 50, state.length >> 1, state.length - 1]) {
    const { code } = await refused(here, state.slice(0, length));
    assertMatch(code, /^ERR_STATE_(UNREADABLE|REJECTED)$/);
  }
});

Deno.test("generate names what differs in a token of another model", async () => {
  const other = await server({
    format: { ...fakeEngine().format, fingerprint: new Uint8Array(32) },
  });
  const { status, code, detail } = await refused(
    await server(),
    await token(other),
  );
  assertEquals([status, code], [409, "ERR_STATE_MISMATCH"]);
  assertMatch(detail, /fingerprint/);
});

Deno.test("generate says the same of another key, audience and tenant", async () => {
  const here = await server();
  const details = new Set<string>();
  for (const options of [{ keys: [randomKey()] }, { audience: "other" }]) {
    const problem = await refused(here, await token(await server(options)));
    assertEquals([problem.status, problem.code], [403, "ERR_STATE_REJECTED"]);
    details.add(problem.detail);
  }
  const vault = await open();
  const { engine } = here;
  const { token: foreign } = await vault.seal(await aSave(engine), {
    codec: "int8",
    tenant: "somebody",
  });
  details.add((await refused(here, foreign)).detail);
  assertEquals(details.size, 1);
});

Deno.test("generate takes a token of a key that was rotated, until it is dropped", async () => {
  const fresh: StateKey = randomKey();
  const state = await token(await server());
  const rotated = await server({ keys: [fresh, KEY] });
  assertEquals((await rotated.post(PATH, { prompt: "", state })).status, 200);
  const dropped = await server({ keys: [fresh] });
  assertEquals((await refused(dropped, state)).code, "ERR_STATE_REJECTED");
});

Deno.test("generate says that a token has expired", async () => {
  const long = Date.now() - 60_000;
  const state = await token(await server({ ttl: 10, now: () => long }));
  const { status, code } = await refused(await server({ ttl: 10 }), state);
  assertEquals([status, code], [403, "ERR_STATE_EXPIRED"]);
});

Deno.test("generate refuses a save of a version to come", async () => {
  const here = await server({ portable: true });
  const sent = await here.post(PATH, {
    prompt: "",
    state_profile: "portable",
  }, { headers: { accept: "multipart/mixed" } });
  const bytes = await secondPart(sent);
  const file = bytes.slice(0, -32);
  file[8] = 3;
  const hash = await crypto.subtle.digest("SHA-256", file);
  const form = new FormData();
  form.set("request", JSON.stringify({ prompt: "" }));
  form.set("state", new Blob([file, hash]));
  const response = await here.post(PATH, form);
  const { code, detail } = await response.json();
  assertEquals([response.status, code], [400, "ERR_STATE_UNREADABLE"]);
  assertMatch(detail, /version is 3, expected 1 or 2/);
});

Deno.test("generate refuses portable states unless they are allowed", async () => {
  const open = await server({ portable: true });
  const state = await token(open, { state_profile: "portable" });
  assertEquals((await open.post(PATH, { prompt: "", state })).status, 200);
  const { status, code } = await refused(await server(), state);
  assertEquals([status, code], [403, "ERR_STATE_PROFILE"]);
});

function splice(text: string, at: number, letter: string): string {
  return text.slice(0, at) + letter + text.slice(at + 1);
}

async function secondPart(
  response: Response,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder("latin1").decode(bytes);
  const head = text.indexOf("\r\n\r\n", text.indexOf("vnd.gosling.state"));
  const length = Number(/content-length: (\d+)/.exec(text)?.[1]);
  assert(length > 0);
  return bytes.slice(head + 4, head + 4 + length);
}

async function aSave(engine: ReturnType<typeof fakeEngine>) {
  const [turn] = engine.turns;
  assert(turn !== undefined);
  for await (
    const event of engine.generate(turn, new AbortController().signal)
  ) {
    if (event.type === "done") return event.save;
  }
  throw new Error("No save");
}
