/**
 * The page: `GET /` and the files it is made of. They are part of the program
 * (`deno task web` bundles them), so that serving them needs no permission and
 * using them no build.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type { AppEnv } from "../services.ts";
import { CURSE } from "./curse_figures.ts";
import icon from "../../web/icon.svg" with { type: "text" };
import html from "../../web/dist/index.html" with { type: "text" };
import style from "../../web/dist/page.css" with { type: "text" };
import script from "../../web/dist/page.js" with { type: "text" };
import worker from "../../web/dist/worker.js" with { type: "text" };
import engine from "../../web/dist/engine.js" with { type: "text" };
import thread from "../../web/dist/thread.js" with { type: "text" };
import client from "../../web/dist/client.js" with { type: "text" };
import clientTypes from "../../web/dist/client.d.ts" with { type: "text" };
import licences from "../../web/dist/licences.txt" with { type: "text" };
import manifest from "../../web/manifest.json" with { type: "text" };

/**
 * Nothing but the page's own files may run or be shown. It may talk to any
 * server, because any Gosling server will do.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  // The engine in the tab compiles its kernels.
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "worker-src 'self'",
  "manifest-src 'self'",
  "connect-src 'self' http: https:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE_FILES: Readonly<
  Record<string, readonly [type: string, text: string]>
> = {
  "/": ["text/html", html],
  "/page.js": ["text/javascript", script],
  "/page.css": ["text/css", style],
  "/worker.js": ["text/javascript", worker],
  "/engine.js": ["text/javascript", engine],
  "/thread.js": ["text/javascript", thread],
  "/client.js": ["text/javascript", client],
  "/client.d.ts": ["text/typescript", clientTypes],
  "/manifest.webmanifest": ["application/manifest+json", manifest],
  "/licences.txt": ["text/plain", licences],
  "/icon.svg": ["image/svg+xml", icon],
  "/curse.json": ["application/json", CURSE],
};

const TYPES_HEADER = "x-typescript-types";

/** A file as it is sent. */
interface Sent {
  readonly type: string;
  readonly tag: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly zipped: Uint8Array<ArrayBuffer>;
}

/** A model that the page may load into the tab. */
export interface PageModel {
  /** Its files by name, `model.json` among them. */
  readonly names: readonly string[];
  /** Reads one. */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** Answers for the page; `model`, where there is one, for the engine in the tab. */
export function pageRoutes(model?: PageModel): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  for (const name of model?.names ?? []) {
    app.get(`/model/${name}`, async (c) => {
      c.header("cache-control", "no-cache");
      c.header("cross-origin-embedder-policy", "require-corp");
      c.header(
        "content-type",
        name.endsWith(".json")
          ? "application/json"
          : "application/octet-stream",
      );
      return c.body(await model?.read(name) ?? "");
    });
  }
  for (const [path, [type, text]] of Object.entries(PAGE_FILES)) {
    let sent: Promise<Sent> | undefined;
    app.get(
      path,
      async (c) => sendFile(c, await (sent ??= prepare(type, text))),
    );
  }
  return app;
}

async function prepare(type: string, text: string): Promise<Sent> {
  const plain = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", plain));
  const packed = new Blob([plain]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return {
    type: `${type}; charset=utf-8`,
    tag: `W/"${hash.toHex().slice(0, 32)}"`,
    plain,
    zipped: new Uint8Array(await new Response(packed).arrayBuffer()),
  };
}

function sendFile(c: Context, { type, tag, plain, zipped }: Sent): Response {
  c.header("content-security-policy", PAGE_POLICY);
  // With the opener policy it isolates the page: then its workers share memory.
  c.header("cross-origin-embedder-policy", "require-corp");
  // Asked for again each time, and sent again only when it has changed.
  c.header("cache-control", "no-cache");
  c.header("etag", tag);
  c.header("vary", "accept-encoding");
  if (c.req.header("if-none-match")?.includes(tag)) return c.body(null, 304);
  c.header("content-type", type);
  // How Deno and editors find the types of a module on the web.
  if (c.req.path === "/client.js") c.header(TYPES_HEADER, "./client.d.ts");
  if (!/\bgzip\b/.test(c.req.header("accept-encoding") ?? "")) {
    return c.body(plain);
  }
  c.header("content-encoding", "gzip");
  return c.body(zipped);
}
