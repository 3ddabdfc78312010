/**
 * Keys that may call: how they are looked for, and that no route works without one.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { createApp } from "../../src/http/app.ts";
import type { ApiKey } from "../../src/http/access/bearer_keys.ts";
import { loaderOf } from "../../src/http/services.ts";
import { pageRoutes } from "../../src/http/site/web_page.ts";
import { randomKey } from "../../src/state/state_keys.ts";
import { Vault } from "../../src/state/vault.ts";
import { harness } from "./client.ts";
import { byteGrammars, fakeEngine } from "./fake_engine.ts";
import { fakeVault } from "./fake_vault.ts";

async function digestOf(key: string): Promise<string> {
  const bytes = new TextEncoder().encode(key);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** A digest that counts how much of it is looked at. */
class CountedDigest {
  readonly #digest: string;
  readonly length = 64;
  looked = 0;

  constructor(digest: string) {
    this.#digest = digest;
  }

  charCodeAt(at: number): number {
    this.looked++;
    return this.#digest.charCodeAt(at);
  }
}

Deno.test("requireKey() looks at all of every digest, wherever one differs or is found", async () => {
  const found = await digestOf("k");
  const other = (at: number) =>
    found.slice(0, at) + (found[at] === "0" ? "1" : "0") + found.slice(at + 1);
  // The right one among others that differ at their beginning and at their end.
  const digests = [other(0), found, other(63), other(31)].map((digest) =>
    new CountedDigest(digest)
  );
  const keys = digests.map((digest, i) => ({ name: `${i}`, digest }));
  const { app } = open(keys as unknown as ApiKey[]);
  for (const [key, status] of [["k", 200], ["l", 401], ["", 401]] as const) {
    for (const digest of digests) digest.looked = 0;
    const response = await app.request("/v1/model", {
      headers: bearer(key),
    });
    await response.body?.cancel();
    assertEquals([key, response.status], [key, status]);
    if (key === "") continue;
    assertEquals(digests.map(({ looked }) => looked), [64, 64, 64, 64]);
  }
});

function open(keys: readonly ApiKey[]) {
  const app = createApp({
    loader: loaderOf({
      engine: fakeEngine(),
      vault: fakeVault(),
      grammars: byteGrammars(),
      portable: true,
    }),
    keys,
    metrics: {
      access: "keys",
      type: "text/plain",
      text: () => Promise.resolve(""),
    },
    report: (error) => {
      throw error;
    },
  });
  return { app };
}

/** What anybody may ask: the page, descriptions, and whether the server is well. */
const OPEN = new Set([
  ...pageRoutes().routes.map(({ path }) => path),
  "/docs",
  "/health",
  "/healthz",
  "/openapi.json",
  "/problems/:code",
  "/readyz",
]);

Deno.test("no route that touches a model works without a key", async () => {
  const { app } = open([{ name: "me", digest: await digestOf("k") }]);
  const routes = app.routes.filter(({ method, path }) =>
    method !== "ALL" && !path.includes("*") && !OPEN.has(path)
  );
  const asked = new Set<string>();
  for (const { method, path } of routes) {
    const url = path.replace(/:\w+(\{[^}]*\})?/g, "0");
    for (const at of [url, `${url}/`]) {
      const response = await app.request(at, {
        method,
        ...method === "POST" && { body: "{}" },
      });
      await response.body?.cancel();
      assertEquals([method, at, response.status], [method, at, 401]);
    }
    asked.add(path);
  }
  // A few that must be among them.
  for (
    const path of ["/v1/generate", "/api/chat", "/completion", "/metrics"]
  ) {
    assertEquals([path, asked.has(path)], [path, true]);
  }
});

Deno.test("two keys of one name are one tenant, and of another name another", async () => {
  const keys = [
    { name: "ada", digest: await digestOf("a1") },
    { name: "ada", digest: await digestOf("a2") },
    { name: "bob", digest: await digestOf("b") },
  ];
  const sealer = await Vault.create({
    keys: [randomKey()],
    format: fakeEngine().format,
    audience: "test",
  });
  const { post } = harness({ keys, sealer });
  const ask = async (key: string, state?: string) => {
    const response = await post("/v1/generate", { prompt: "a", state }, {
      headers: bearer(key),
    });
    return { status: response.status, ...await response.json() };
  };
  const { state } = await ask("a1");
  assertEquals((await ask("a2", state)).status, 200);
  const { status, code } = await ask("b", state);
  assertEquals([status, code], [403, "ERR_STATE_REJECTED"]);
});

Deno.test("a key is the same as a bearer token and in x-api-key", async () => {
  const { get } = harness({
    keys: [{ name: "a", digest: await digestOf("k") }],
  });
  for (const headers of [bearer("k"), { "x-api-key": "k" }]) {
    const response = await get("/v1/model", { headers });
    await response.body?.cancel();
    assertEquals(response.status, 200);
  }
  // One that is wrong is not made up for by the other.
  const both = { ...bearer("wrong"), "x-api-key": "k" };
  const response = await get("/v1/model", { headers: both });
  await response.body?.cancel();
  assertEquals(response.status, 401);
});
