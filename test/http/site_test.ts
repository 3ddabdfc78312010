/**
 * What pages of other sites may have a browser send.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { harness } from "./client.ts";

const EVIL = "https://evil.example";

/** The status and code of a turn in a form, which a page may send unasked. */
async function turn(
  { post }: ReturnType<typeof harness>,
  headers: Record<string, string>,
): Promise<string> {
  const form = new FormData();
  form.set("request", JSON.stringify({ prompt: "Hi" }));
  const response = await post("/v1/generate", form, { headers });
  const { code = "" } = await response.json();
  return `${response.status} ${code}`.trim();
}

Deno.test("a form of another site takes no turn where origins are closed", async () => {
  const closed = harness({
    limits: { origins: ["https://app.example:8443"] },
  });
  const refused = "403 ERR_REQUEST_ORIGIN";
  for (const origin of [EVIL, "null", "https://app.example", "http://x:1"]) {
    assertEquals(await turn(closed, { origin }), refused, origin);
  }
  assertEquals(await turn(closed, { "sec-fetch-site": "cross-site" }), refused);
  assertEquals(closed.engine.turns.length, 0);

  const own = { origin: "https://chat.example", host: "chat.example" };
  assertEquals(await turn(closed, own), "200", "the server's own page");
  const named = { origin: "https://app.example:8443" };
  assertEquals(await turn(closed, named), "200");
  assertEquals(await turn(closed, {}), "200", "no browser");
  assertEquals(await turn(harness(), { origin: EVIL }), "200", "all may");
});

Deno.test("a loopback server without keys answers for no other name", async () => {
  const server = harness({ limits: { hosts: ["chat.example"] } });
  const status = async (host: string, path = "/v1/model") => {
    const response = await server.get(path, { headers: { host } });
    await response.body?.cancel();
    return response.status;
  };
  const good = ["localhost:8000", "127.0.0.1", "127.1.2.3:1", "[::1]:8000"];
  for (const host of [...good, "Chat.example:8000"]) {
    assertEquals(await status(host), 200, host);
  }
  const bad = ["evil.example", "localhost.evil.example", "10.0.0.1:8000", ""];
  for (const host of [...bad, "127.0.0.1.evil.example", "[::2]"]) {
    for (const path of ["/v1/model", "/", "/metrics", "/openapi.json"]) {
      assertEquals(await status(host, path), 403, `${host} ${path}`);
    }
    assertEquals(await status(host, "/healthz"), 200, host);
  }

  const bytes = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode("k"),
  );
  const digest = new Uint8Array(bytes).toHex();
  const keyed = harness({
    limits: { hosts: [] },
    keys: [{ name: "a", digest }],
  });
  const headers = { host: "evil.example", authorization: "Bearer k" };
  const response = await keyed.get("/v1/model", { headers });
  assertEquals(response.status, 200);
  await response.body?.cancel();
});

Deno.test("transport security speaks for this name and no other", async () => {
  const response = await harness().get("/healthz");
  await response.body?.cancel();
  assertMatch(
    response.headers.get("strict-transport-security") ?? "",
    /^max-age=\d+$/,
  );
});
