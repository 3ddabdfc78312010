/**
 * Every error that the API describes, provoked over a real socket.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { overflow } from "../../src/engine/turn/logits_overflow.ts";
import {
  BusyError,
  ConfigError,
  DeviceError,
  ModelError,
} from "../../src/errors.ts";
import {
  PROBLEM_TYPE,
  type ProblemCode,
  PROBLEMS,
} from "../../src/http/problem.ts";
import { type Loader, loaderOf } from "../../src/http/services.ts";
import { openModel } from "../../src/model/open_model.ts";
import { bytesSource } from "../../src/model/byte_source.ts";
import { randomKey } from "../../src/state/state_keys.ts";
import { Vault } from "../../src/state/vault.ts";
import { harness } from "./client.ts";
import { byteGrammars, fakeEngine } from "./fake_engine.ts";
import { fakeVault } from "./fake_vault.ts";

/** Sends one request to a server. */
type Send = (path: string, init?: RequestInit) => Promise<Response>;

/** How to make a server fail in one way. */
interface Case {
  /** What is served; by default, the fakes. */
  readonly serving?:
    | Parameters<typeof harness>[0]
    | (() => Promise<Parameters<typeof harness>[0]>);
  /** What is asked of it. */
  readonly ask: (send: Send) => Promise<Response>;
}

const KEY = randomKey();
const { format } = fakeEngine();
const AUDIENCE = { keys: [KEY], format, audience: "here" };

/** Asks for a text. */
function generate(more: object = {}) {
  return (send: Send) => send("/v1/generate", json({ prompt: "Hi", ...more }));
}

function json(body: unknown): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** A server whose model cannot be had, for a reason found by `load`. */
function unloadable(load: () => Promise<never>): Case {
  const services = {
    engine: fakeEngine(),
    vault: fakeVault(),
    grammars: byteGrammars(),
    portable: false,
  };
  const loader: Loader = { ...loaderOf(services), borrow: load };
  return { serving: { loader }, ask: generate() };
}

/** What the program's commands find out, should a load ever do so. */
function unloaded(code: ModelError["code"]): Case {
  return unloadable(() =>
    Promise.reject(
      new ModelError(
        code,
        // Of what a load finds out, a client hears no path.
        PROBLEMS[code][0] === 500
          ? "Cannot read /srv/Secret/model.pth: a test"
          : "Cannot load the model: a test",
      ),
    )
  );
}

/** A server whose model's files are these. */
function files(
  weights: string | Uint8Array<ArrayBuffer>,
  vocabulary?: string,
): Case {
  const source = (name: string, bytes: string | Uint8Array<ArrayBuffer>) =>
    bytesSource(
      name,
      typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes,
    );
  return unloadable(async () => {
    const model = await openModel({
      weights: [source("model", weights)],
      ...(vocabulary !== undefined &&
        { vocabulary: source("vocab.txt", vocabulary) }),
    });
    throw new Error(`A broken model was opened: ${model}`);
  });
}

/** A state that another vault sealed, sent to the one of {@linkcode AUDIENCE}. */
function sealedElsewhere(
  change: Partial<Parameters<typeof Vault.create>[0]>,
  wait = 0,
): Case {
  return {
    serving: async () => ({ sealer: await Vault.create(AUDIENCE) }),
    async ask(send) {
      const sealer = await Vault.create({ ...AUDIENCE, ...change });
      const other = harness({ sealer });
      const { state } = await (await other.post("/v1/generate", { prompt: "" }))
        .json();
      await new Promise((resolve) => setTimeout(resolve, wait));
      return await generate({ state })(send);
    },
  };
}

const EMBEDDED = new URL("../../models/gosling/", import.meta.url);
const weights = await Deno.readFile(new URL("model.safetensors", EMBEDDED));

const CASES: Readonly<Record<ProblemCode, Case>> = {
  ERR_CONFIG_INVALID: unloadable(() =>
    Promise.reject(new ConfigError("ERR_CONFIG_INVALID", "Cannot read a flag"))
  ),
  ERR_DEVICE_FAILED: {
    serving: { refuse: () => overflow(false, "the largest logit is NaN") },
    ask: generate(),
  },
  ERR_DEVICE_LOST: {
    serving: {
      refuse: () =>
        new DeviceError("ERR_DEVICE_LOST", "Cannot go on: the device is gone"),
    },
    ask: generate(),
  },
  ERR_DEVICE_UNAVAILABLE: {
    ...unloaded("ERR_MODEL_BUSY"),
    serving: {
      loader: {
        models: [],
        started: false,
        borrow: () => Promise.reject(new Error("Nobody asked")),
      },
    },
    ask: (send) => send("/readyz"),
  },
  ERR_INTERNAL: {
    serving: { refuse: () => new Error("Secret") },
    ask: generate(),
  },
  ERR_MODEL_BUSY: unloaded("ERR_MODEL_BUSY"),
  ERR_MODEL_CHECKSUM: unloaded("ERR_MODEL_CHECKSUM"),
  ERR_MODEL_CORRUPT: files(weights.slice(0, 100_000)),
  ERR_MODEL_DISK: unloaded("ERR_MODEL_DISK"),
  ERR_MODEL_NETWORK: unloaded("ERR_MODEL_NETWORK"),
  ERR_MODEL_NOT_FOUND: { ask: generate({ model: "another" }) },
  ERR_MODEL_OFFLINE: unloaded("ERR_MODEL_OFFLINE"),
  ERR_MODEL_TOO_LARGE: unloaded("ERR_MODEL_TOO_LARGE"),
  ERR_MODEL_UNSUPPORTED: files("version https://git-lfs.github.com/spec/v1"),
  ERR_RATE_LIMITED: {
    serving: { limits: { rate: { requests: 1 } } },
    async ask(send) {
      await (await generate()(send)).body?.cancel();
      return await generate()(send);
    },
  },
  ERR_REQUEST_ORIGIN: {
    serving: { limits: { origins: [] } },
    ask: (send) => {
      const { headers, ...init } = json("{}");
      return send("/v1/generate", {
        ...init,
        headers: { ...headers, origin: "https://evil.example" },
      });
    },
  },
  ERR_REQUEST_FORBIDDEN: {
    serving: async () => ({
      keys: [{ name: "me", digest: await sha256("mine") }, {
        name: "ops",
        digest: await sha256("theirs"),
      }],
      metrics: {
        access: "key:ops",
        type: "text/plain",
        text: () => Promise.resolve(""),
      },
    }),
    ask: (send) =>
      send("/metrics", { headers: { authorization: "Bearer mine" } }),
  },
  ERR_REQUEST_INVALID: { ask: generate({ temperature: 9 }) },
  ERR_REQUEST_MALFORMED: { ask: (send) => send("/v1/generate", json("{")) },
  ERR_REQUEST_MEDIA_TYPE: {
    ask: (send) => send("/v1/generate", { method: "POST", body: "Hi" }),
  },
  ERR_REQUEST_METHOD: { ask: (send) => send("/v1/generate") },
  ERR_REQUEST_NOT_FOUND: { ask: (send) => send("/nothing") },
  ERR_REQUEST_TIMEOUT: {
    serving: { limits: { bodyTimeout: 0.05 } },
    ask: (send) =>
      send("/v1/generate", {
        ...json(""),
        body: new ReadableStream({
          start: (body) => body.enqueue(new TextEncoder().encode("{")),
        }),
      }),
  },
  ERR_REQUEST_TOO_LARGE: {
    ask: generate({ prompt: "a".repeat(10_000_000) }),
  },
  ERR_REQUEST_UNAUTHORIZED: {
    serving: async () => ({
      keys: [{ name: "me", digest: await sha256("mine") }],
    }),
    ask: generate(),
  },
  ERR_SHUTTING_DOWN: {
    serving: { loader: closing() },
    ask: (send) => send("/readyz"),
  },
  ERR_STATE_EXPIRED: sealedElsewhere({ ttl: 1 }, 2100),
  ERR_STATE_MISMATCH: sealedElsewhere({
    format: { ...format, fingerprint: new Uint8Array(32).fill(1) },
  }),
  ERR_STATE_NOT_FOUND: { ask: generate({ initial: "nobody" }) },
  ERR_STATE_OVERFLOW: {
    serving: { refuse: () => overflow(true, "the largest logit is NaN") },
    ask: generate(),
  },
  ERR_STATE_PROFILE: { ask: generate({ state_profile: "portable" }) },
  ERR_STATE_REJECTED: sealedElsewhere({ keys: [randomKey()] }),
  ERR_STATE_TRANSCRIPT: {
    serving: { transcripts: "never" },
    ask: generate({ transcript: true }),
  },
  ERR_STATE_UNREADABLE: { ask: generate({ state: "nonsense" }) },
  ERR_TIME_LIMIT: {
    serving: { limits: { timeout: 0.02 }, tokenMs: 5, unread: 5000 },
    ask: generate({ max_tokens: 100 }),
  },
  ERR_TOO_BUSY: {
    serving: {
      refuse: () => new BusyError("ERR_TOO_BUSY", "Cannot take the turn: full"),
    },
    ask: generate(),
  },
  ERR_VOCABULARY_CORRUPT: files(weights, "1 broken"),
};

/** A model whose engine takes no more turns. */
function closing(): Loader {
  const engine = fakeEngine();
  engine.ready = false;
  Object.assign(engine, { absence: { reason: "closing" } });
  return loaderOf({
    engine,
    vault: fakeVault(),
    grammars: byteGrammars(),
    portable: false,
  });
}

async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

for (const [code, { serving, ask }] of Object.entries(CASES)) {
  Deno.test(`${code} is answered over HTTP as the document has it`, async () => {
    const { fetch: app } = harness(
      typeof serving === "function" ? await serving() : serving,
    );
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => app(request),
    );
    const base = `http://127.0.0.1:${server.addr.port}`;
    const response = await ask((path, init) => fetch(base + path, init));
    const problem = await response.json();
    await server.shutdown();
    const [status, title] = PROBLEMS[code as ProblemCode];
    assertEquals(
      [response.status, problem.code, problem.status, problem.title],
      [status, code, status, title],
    );
    assertEquals(response.headers.get("content-type"), PROBLEM_TYPE);
    assertMatch(problem.instance, /^urn:uuid:[\da-f-]{36}$/);
    assertEquals(problem.detail === undefined, code === "ERR_INTERNAL");
    if (problem.detail !== undefined) {
      assertMatch(problem.detail, /^Cannot .*[^.]$/s);
    }
    assert(!JSON.stringify(problem).includes("Secret"));
  });
}

Deno.test("openapi.json names no error that nothing here provokes", async () => {
  const { get } = harness();
  const { components } = await (await get("/openapi.json")).json();
  const { code } = components.schemas.Problem.properties;
  assertEquals(code.enum.toSorted(), Object.keys(CASES).toSorted());
  for (const name of code.enum) {
    const described = await (await get(`/problems/${name}`)).json();
    assertEquals([described.code, described.type], [name, `/problems/${name}`]);
  }
});
