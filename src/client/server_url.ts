/**
 * Addresses of servers as people type them.
 *
 * @module
 */

const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/** Names that are this machine or stand in a network without certificates. */
const PLAIN_HTTP_HOST =
  /^(localhost|[\w-]+|[\w.-]+\.(local|localhost|internal|lan)|\[.*\]|[\d.]+)$/i;

/** What servers print when they listen everywhere, and where they are reached. */
const ANYWHERE: Readonly<Record<string, string>> = {
  "0.0.0.0": "127.0.0.1",
  "[::]": "[::1]",
};

/**
 * The address that is meant, without a slash at its end: `localhost:8000`,
 * `gosling.example`, `https://host/base/v1/` and a copied `…/v1/generate?x` are all
 * understood. Without a scheme it is `http` for this machine, bare names and
 * numbers, and for whatever names a port; else `https`.
 *
 * @throws {TypeError} If it is no address of the web.
 */
export function parseServerUrl(text: string): string {
  const typed = text.trim();
  const url = parsedUrl(complete(typed));
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === "") {
    throw new TypeError(
      `Cannot use ${
        JSON.stringify(text)
      } as the address of a server: expected ` +
        "one like http://127.0.0.1:8000",
    );
  }
  const host = ANYWHERE[url.hostname] ?? url.hostname;
  const port = url.port === "" ? "" : `:${url.port}`;
  const path = url.pathname.replace(/\/v1(\/.*)?$/, "").replace(/\/+$/, "");
  return `${url.protocol}//${host}${port}${path}`;
}

function complete(typed: string): string {
  if (SCHEME.test(typed)) return typed;
  const bare = typed.replace(/^\/\//, "");
  const [, host = "", port] = /^(\[[^\]]*\]|[^/:?#]*)(:\d+)?/.exec(bare) ?? [];
  const scheme = port !== undefined || PLAIN_HTTP_HOST.test(host)
    ? "http"
    : "https";
  return `${scheme}://${bare}`;
}

function parsedUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
