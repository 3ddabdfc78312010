import { assertEquals, assertRejects } from "@std/assert";
import { listFiles } from "../../src/hub/hugging_face.ts";
import { NETWORK } from "../../src/hub/fetch_retry.ts";
import { fileServer } from "./file_server.ts";

const REFERENCE = {
  kind: "hub",
  repository: "me/model",
  revision: "main",
} as const;
const TRANSPORT = { ...NETWORK, wait: () => Promise.resolve(), tries: 2 };
const SHA256 = "ab".repeat(32);

Deno.test("listFiles reads every page, with sizes and checksums", async () => {
  await using server = fileServer();
  const page = "/api/models/me/model/tree/main";
  server.instead = (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== page) return undefined;
    if (searchParams.has("cursor")) {
      return Response.json([{
        type: "file",
        path: "deep/a b.gguf",
        size: 130,
        oid: "x",
        lfs: { oid: SHA256, size: 5_000_000_000, pointerSize: 130 },
      }]);
    }
    const next = new URL(`${page}?recursive=true&cursor=x`, server.url);
    return Response.json([
      { type: "directory", path: "deep", size: 0, oid: "x" },
      { type: "file", path: "README.md", size: 7, oid: "x" },
    ], { headers: { link: `<${next}>; rel="next"` } });
  };
  const hub = { endpoint: server.url, token: "hf_x" };
  const files = await listFiles(REFERENCE, hub, TRANSPORT);
  assertEquals(files, [
    {
      path: "README.md",
      name: "README.md",
      url: new URL("/me/model/resolve/main/README.md", server.url),
      size: 7,
      token: "hf_x",
    },
    {
      path: "deep/a b.gguf",
      name: "a b.gguf",
      url: new URL("/me/model/resolve/main/deep/a%20b.gguf", server.url),
      size: 5_000_000_000,
      sha256: SHA256,
      token: "hf_x",
    },
  ]);
  assertEquals(server.log.map(({ token }) => token), [
    "Bearer hf_x",
    "Bearer hf_x",
  ]);
});

Deno.test("listFiles follows no page to another host", async () => {
  await using server = fileServer();
  server.instead = () =>
    Response.json([], {
      headers: { link: '<http://127.0.0.1:9/x>; rel="next"' },
    });
  assertEquals(
    await listFiles(REFERENCE, { endpoint: server.url }, TRANSPORT),
    [],
  );
  assertEquals(server.log.length, 1);
});

Deno.test("listFiles refuses what is not a listing", async () => {
  await using server = fileServer();
  server.instead = () => new Response("<html>");
  await assertRejects(
    () => listFiles(REFERENCE, { endpoint: server.url }, TRANSPORT),
    { message: /HF_ENDPOINT has to be/ },
  );
});
