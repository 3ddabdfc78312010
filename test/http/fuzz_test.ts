import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { randomKey } from "../../src/state/state_keys.ts";
import { Vault } from "../../src/state/vault.ts";
import { mutate, mutationList, same, type Token } from "../support/mutate.ts";
import { type Harness, harness } from "./client.ts";
import { fakeEngine } from "./fake_engine.ts";

const TOKENS = 2_000;
const AT_ONCE = 20;

/** What a damaged token may be answered with, by route. */
const STATUS = new Map([
  ["ERR_STATE_MISMATCH", 409],
  ["ERR_STATE_REJECTED", 403],
  ["ERR_STATE_UNREADABLE", 400],
  ["ERR_REQUEST_TOO_LARGE", 413],
]);

Deno.test(`every route answers ${TOKENS} mutated tokens with documented problems alone`, async () => {
  const { format } = fakeEngine();
  const sealer = await Vault.create({
    keys: [randomKey()],
    format,
    audience: "test",
    portable: true,
  });
  const here = harness({ sealer, portable: true });
  const originals = await tokens(here);
  const seen = new Map<string, number>();
  const check = async (token: Token, way: number) => {
    const response = await send(here, token, way);
    const { code, error, status = response.status } = await response.json();
    const said: string = code ?? error?.code;
    assertEquals([said, status], [said, STATUS.get(said)]);
    assertEquals(response.status, status);
    seen.set(said, (seen.get(said) ?? 0) + 1);
  };
  const cases = fc.tuple(
    fc.nat(originals.length - 1),
    mutationList(),
    fc.nat(WAYS.length - 1),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(cases, { minLength: AT_ONCE, maxLength: AT_ONCE }),
      async (batch) => {
        await Promise.all(batch.map(async ([index, changes, way]) => {
          const token = changes.reduce(mutate, originals[index]);
          if (!same(token, originals[index])) await check(token, way);
        }));
      },
    ),
    { numRuns: TOKENS / AT_ONCE + 10, endOnFailure: true },
  );
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  assert(total >= TOKENS, `only ${total} tokens were new`);
  assert(seen.has("ERR_STATE_REJECTED") && seen.has("ERR_STATE_UNREADABLE"));
  assertEquals(here.reported, []);
  assertEquals((await here.post("/v1/generate", { prompt: "" })).status, 200);
});

/** Requests that go on from a state as text. */
const WAYS: readonly ((state: string) => readonly [string, object])[] = [
  (state) => ["/v1/generate", { prompt: "", state }],
  (state) => ["/v1/generate", { prompt: "", state, stream: true }],
  (state) => ["/v1/completions", { model: "fake", prompt: "", state }],
  (state) => ["/v1/responses", {
    model: "fake",
    input: [{ type: "reasoning", encrypted_content: state || "-" }, {
      role: "user",
      content: "Hi",
    }],
  }],
  (state) => ["/v1/state/inspect", { state }],
  (state) => ["/v1/state/score", { state, texts: ["a"] }],
  (state) => ["/v1/state/branch", { state, branches: [{ prompt: "" }] }],
  (state) => ["/v1/state/teach", { state, statements: ["a"] }],
];

/** Sends a token: bytes as a form, text in one of the ways. */
async function send(
  here: Harness,
  token: Token,
  way: number,
): Promise<Response> {
  if (typeof token === "string") {
    const [path, body] = WAYS[way](token);
    return await here.post(path, body);
  }
  const form = new FormData();
  form.set("request", JSON.stringify({ prompt: "" }));
  form.set("state", new Blob([token]));
  return await here.post("/v1/generate", form);
}

/** Sealed and portable, as text and as bytes. */
async function tokens(here: Harness): Promise<Token[]> {
  const answers = ["sealed", "portable"].map(async (state_profile) => {
    const turn = { prompt: "Hi", state_codec: "int4", state_profile };
    const { state } = await (await here.post("/v1/generate", turn)).json();
    const converted = await here.post("/v1/generate", turn, {
      headers: { accept: "multipart/mixed" },
    });
    return [state, await secondPart(converted)];
  });
  return (await Promise.all(answers)).flat();
}

async function secondPart(
  response: Response,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await response.bytes();
  const text = new TextDecoder("latin1").decode(bytes);
  const head = text.indexOf("\r\n\r\n", text.indexOf("vnd.gosling.state"));
  const length = Number(/content-length: (\d+)/.exec(text)?.[1]);
  assert(length > 0);
  return bytes.slice(head + 4, head + 4 + length);
}
