/**
 * Every status that the document gives a route, provoked on that route.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  DeviceError,
  type GoslingError,
  ModelError,
  StateError,
} from "../../src/errors.ts";
import { loaderOf } from "../../src/http/services.ts";
import { harness } from "./client.ts";
import { byteGrammars, fakeEngine } from "./fake_engine.ts";
import { fakeVault } from "./fake_vault.ts";

type Options = NonNullable<Parameters<typeof harness>[0]>;

/** Bodies with a state, of routes whose document has no example with one. */
const STATEFUL: Readonly<Record<string, object>> = {
  "/v1/generate": { prompt: "Hi", state: "a" },
  "/v1/state/inspect": { state: "a" },
  "/v1/state/transcript": { state: "a" },
  "/v1/state/audit": { state: "a" },
  "/v1/state/diff": { a: "a", b: "b" },
  "/v1/state/mix": { states: [{ state: "a", weight: 1 }] },
  "/v1/state/rebase": { state: "a", prompt: "Hi" },
  "/v1/state/convert": { state: "a", to: "gosling" },
  "/v1/state/branch": { state: "a", branches: [{ prompt: "Hi" }] },
  "/v1/state/score": { state: "a", texts: ["Hi"], prompt: "" },
  "/v1/state/teach": { state: "a", statements: ["Hi"] },
  "/v1/state/forget": {
    state: "a",
    facts: [{ question: "Hi", answer: "Ho" }],
  },
  "/v1/state/merge": { states: [{ state: "a" }, { state: "b" }] },
  "/v1/chat/completions": {
    model: "fake",
    state: "a",
    messages: [{ role: "user", content: "Hi" }],
  },
  "/v1/completions": { model: "fake", state: "a", prompt: "Hi" },
  "/v1/responses": { model: "fake", state: "a", input: "Hi" },
  "/api/chat": {
    model: "fake",
    state: "a",
    messages: [{ role: "user", content: "Hi" }],
  },
  "/api/generate": { model: "fake", state: "a", prompt: "Hi" },
  "/completion": { state: "a", prompt: "Hi" },
  "/slots/{id}": { state: "a", prompt: "Hi" },
  "/api/v1/generate": { state: "a", prompt: "Hi" },
  "/api/extra/generate/stream": { state: "a", prompt: "Hi" },
  "/v1/messages": {
    model: "fake",
    max_tokens: 9,
    state: "a",
    messages: [{ role: "user", content: "Hi" }],
  },
  "/v1/messages/count_tokens": {
    model: "fake",
    state: "a",
    messages: [{ role: "user", content: "Hi" }],
  },
};

/** A server whose model cannot be had. */
function without(error: () => GoslingError | Error): Options {
  const loader = loaderOf({
    engine: fakeEngine(),
    vault: fakeVault(),
    grammars: byteGrammars(),
    portable: false,
  });
  return { loader: { ...loader, borrow: () => Promise.reject(error()) } };
}

/** A server that takes no state. */
function opening(error: () => StateError): Options {
  const refuse = () => Promise.reject(error());
  return {
    sealer: { ...fakeVault(), open: refuse, read: refuse },
    portable: true,
  };
}

/** What to serve, and what to send in place of a sound body. */
const PROVOKED: Readonly<
  Record<
    string,
    { readonly serving?: Options; readonly init?: () => RequestInit }
  >
> = {
  400: { init: () => ({ body: "{" }) },
  401: { serving: { keys: [{ name: "me", digest: "ab".repeat(32) }] } },
  403: {
    serving: opening(() =>
      new StateError("ERR_STATE_REJECTED", "Cannot open state: it is forged")
    ),
  },
  404: {
    serving: without(() =>
      new ModelError("ERR_MODEL_NOT_FOUND", "Cannot use a model: there is none")
    ),
  },
  408: {
    serving: { limits: { bodyTimeout: 0.05 } },
    init: () => ({
      body: new ReadableStream({
        start: (body) => body.enqueue(new TextEncoder().encode("{")),
      }),
    }),
  },
  409: {
    serving: opening(() =>
      new StateError("ERR_STATE_MISMATCH", "Cannot open state: another model's")
    ),
  },
  413: { init: () => ({ body: "a".repeat(40_000_000) }) },
  415: { init: () => ({ headers: { "content-type": "text/plain" } }) },
  422: {
    serving: without(() =>
      new ModelError("ERR_MODEL_TOO_LARGE", "Cannot load a model: too large")
    ),
    init: () => ({ body: '{"nothing": 1}' }),
  },
  429: { serving: { limits: { rate: { requests: 1 } } } },
  500: { serving: without(() => new Error("Secret")) },
  503: {
    serving: without(() =>
      new DeviceError("ERR_DEVICE_LOST", "Cannot go on: the device is gone")
    ),
  },
};

/** What is said of one way to call a route. */
interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, unknown>> }>
  >;
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly example?: object }>>;
  };
}

/** Whom anybody may ask, whatever they send. */
const UNGUARDED = ["/healthz", "/readyz"];

/** Where a route is, with what a path names there or not there. */
function placeOf(path: string, status: string): string {
  return path === "/slots/{id}"
    ? "/slots/0?action=save"
    : path.replace("{id}", status === "404" ? "nobody" : "fake");
}

const { paths }: {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
} = await (await harness().get("/openapi.json")).json();

for (const [path, operations] of Object.entries(paths)) {
  if (UNGUARDED.includes(path)) continue;
  for (
    const [method, { responses, requestBody }] of Object.entries(operations)
  ) {
    Deno.test(`${method.toUpperCase()} ${path} answers with every status of its document`, async () => {
      const example = requestBody?.content["application/json"]?.example;
      const body = JSON.stringify(STATEFUL[path] ?? example ?? {});
      for (const [status, { content }] of Object.entries(responses)) {
        if (status === "200") continue;
        const { serving = {}, init } = PROVOKED[status];
        const { fetch } = harness(serving);
        const send = async () =>
          await fetch(
            `http://here${placeOf(path, status)}`,
            {
              method,
              ...(method === "post" && {
                headers: { "content-type": "application/json" },
                body,
                ...init?.(),
              }),
            },
          );
        if (status === "429") await (await send()).body?.cancel();
        const response = await send();
        assertEquals([path, `${response.status}`], [path, status]);
        const [type] = (response.headers.get("content-type") ?? "").split(";");
        assert(type in content, `${path}, ${status}: ${type}`);
        assert(!(await response.text()).includes("Secret"));
      }
    });
  }
}
