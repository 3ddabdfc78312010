import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { endBundler } from "../../tools/library.ts";
import { bundlePage } from "../../tools/web.ts";
import { harness } from "../http/client.ts";

const DIST = new URL("../../src/web/dist/", import.meta.url);
const FILES = [
  "/",
  "/page.js",
  "/page.css",
  "/worker.js",
  "/icon.svg",
  "/manifest.webmanifest",
];

Deno.test.afterAll(endBundler);

Deno.test("the committed page is what src/web/ bundles to", async () => {
  for (const [name, content] of await bundlePage()) {
    const committed = await Deno.readTextFile(new URL(name, DIST));
    assert(committed === content, `${name} is stale: run deno task web`);
  }
});

Deno.test("the page loads in less than 100 kB, and again in none", async () => {
  const { get } = harness();
  let bytes = 0;
  for (const path of FILES) {
    const response = await get(path, {
      headers: { "accept-encoding": "gzip, br" },
    });
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-encoding"), "gzip");
    const zipped = await response.arrayBuffer();
    bytes += zipped.byteLength;
    const plain = await get(path);
    assertEquals(plain.headers.get("content-encoding"), null);
    const unzipped = new Response(
      new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip")),
    );
    assertEquals(await plain.text(), await unzipped.text());
    const again = await get(path, {
      headers: { "if-none-match": response.headers.get("etag") ?? "" },
    });
    assertEquals(again.status, 304);
    assertEquals(await again.text(), "");
  }
  assert(bytes < 100_000, `the first load has ${bytes} bytes`);
});

Deno.test("the page has the licences of all that is in it", async () => {
  const text = await (await harness().get("/licences.txt")).text();
  for (
    const name of ["preact", "idb-keyval", "uplot", "fzstd", "@noble/hashes"]
  ) {
    assertStringIncludes(text, `\n${name} `);
  }
  assertStringIncludes(text, "\nassemblyscript ");
  assert(text.split("Permission is hereby granted").length > 3);
});

Deno.test("the page lets nothing in but its own files", async () => {
  const { get } = harness();
  const page = await get("/");
  const policy = page.headers.get("content-security-policy") ?? "";
  assertStringIncludes(policy, "default-src 'none'");
  assertStringIncludes(policy, "script-src 'self' 'wasm-unsafe-eval';");
  assertStringIncludes(policy, "style-src 'self';");
  assertStringIncludes(policy, "frame-ancestors 'none'");
  const html = await page.text();
  const links = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, x]) => x);
  assertEquals(links.filter((link) => !FILES.includes(`/${link}`)), []);
});
