/**
 * The first start on a machine that has Deno and nothing else: what it downloads.
 * This test needs the npm registry, or a mirror that `NPM_CONFIG_REGISTRY` names.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { walk } from "../support/walk.ts";
import { spawn } from "../story/command.ts";

/** Bytes that it may take besides Deno itself. */
const MOST = 30e6;

/** Packages that serving needs, theirs included. */
const NEEDED = [
  "@asteasolutions/zod-to-openapi",
  "@hono/zod-openapi",
  "@hono/zod-validator",
  "@huggingface/jinja",
  "@mlc-ai/web-xgrammar",
  "@noble/hashes",
  "@opentelemetry/api",
  "ansi-regex",
  "bintrees",
  "cli-progress",
  "emoji-regex",
  "fflate",
  "hono",
  "is-fullwidth-code-point",
  "openapi3-ts",
  "prom-client",
  "string-width",
  "strip-ansi",
  "tdigest",
  "yaml",
  "zod",
];

Deno.test("the first start downloads what serving needs, all of it and nothing else", async () => {
  const home = await Deno.makeTempDir();
  const cache = `${home}/deno`;
  try {
    const server = spawn(["task", "start", "--port", "0"], {
      HOME: home,
      DENO_DIR: cache,
      GOSLING_DEVICE: "wasm",
      GOSLING_THREADS: "1",
    });
    const [, url] = await server.until(/Listening on (http:\S+)/);
    const packages = await packagesOf(cache);
    assertEquals(packages, NEEDED);
    // Nothing is left for later: a worker's packages are there before it starts.
    const answer = await fetch(`${url}/v1/generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        prompt: "User:",
        grammar: { type: "regex", pattern: "[ab]{3}" },
      }),
    });
    assertEquals((await answer.json()).text.length, 3);
    assertEquals(await packagesOf(cache), packages);
    server.signal("SIGTERM");
    const { code, stdout, stderr } = await server.ended();
    assertEquals(code, 0, stderr);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
    assertEquals(stdout.trimEnd().split("\n").length, 3, stdout);
    let bytes = 0;
    for await (const { size } of walk(`${cache}/npm`)) bytes += size;
    assert(bytes > 5e6 && bytes < MOST, `${bytes} bytes`);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

async function packagesOf(cache: string): Promise<string[]> {
  const names = new Set<string>();
  for await (const { path } of walk(`${cache}/npm`)) {
    const [, name] = /\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/\d/.exec(path) ?? [];
    if (name !== undefined) names.add(name);
  }
  return [...names].sort();
}
