/**
 * The page: `GET /` and the files it is made of. They are part of the program
 * (`deno task web` bundles them), so that serving them needs no permission and
 * using them no build.
 *
 * @module
 */

import { Hono } from "hono";
import type { Context } from "hono";
import cost from "../../../bench/results/curse/cost.json" with { type: "json" };
import facts from "../../../bench/results/curse/facts.json" with {
  type: "json",
};
import recall from "../../../bench/results/curse/recall.json" with {
  type: "json",
};
import icon from "../../web/icon.svg" with { type: "text" };
import html from "../../web/dist/index.html" with { type: "text" };
import style from "../../web/dist/page.css" with { type: "text" };
import script from "../../web/dist/page.js" with { type: "text" };
import worker from "../../web/dist/worker.js" with { type: "text" };
import type { AppEnv } from "../services.ts";

/**
 * Nothing but the page's own files may run or be shown. It may talk to any
 * server, because any Gosling server will do.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "worker-src 'self'",
  "connect-src 'self' http: https:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "/": ["text/html", html],
  "/page.js": ["text/javascript", script],
  "/page.css": ["text/css", style],
  "/worker.js": ["text/javascript", worker],
  "/icon.svg": ["image/svg+xml", icon],
  "/curse.json": ["application/json", JSON.stringify({ cost, facts, recall })],
};

/** A file as it is sent. */
interface Sent {
  readonly type: string;
  readonly tag: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly zipped: Uint8Array<ArrayBuffer>;
}

/** Answers for the page. */
export function pageRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  for (const [path, [type, text]] of Object.entries(FILES)) {
    let sent: Promise<Sent> | undefined;
    app.get(path, async (c) => answer(c, await (sent ??= prepare(type, text))));
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

function answer(c: Context, { type, tag, plain, zipped }: Sent): Response {
  c.header("content-security-policy", POLICY);
  // Asked for again each time, and sent again only when it has changed.
  c.header("cache-control", "no-cache");
  c.header("etag", tag);
  c.header("vary", "accept-encoding");
  if (c.req.header("if-none-match")?.includes(tag)) return c.body(null, 304);
  c.header("content-type", type);
  if (!/\bgzip\b/.test(c.req.header("accept-encoding") ?? "")) {
    return c.body(plain);
  }
  c.header("content-encoding", "gzip");
  return c.body(zipped);
}
