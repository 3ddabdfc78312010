/**
 * A server of files on loopback that can drop connections, and the other things
 * that servers do to downloads.
 *
 * @module
 */

/** A file that is served. */
export interface ServedFile {
  bytes: Uint8Array<ArrayBuffer>;
  etag?: string;
}

/** What may be changed while it runs. */
export interface FileServer extends AsyncDisposable {
  readonly url: URL;
  /** Files by path. */
  readonly files: Map<string, ServedFile>;
  /** Every request: its path, its range and its authorization. */
  readonly log: { path: string; range: string | null; token: string | null }[];
  /** Bytes after which a connection is dropped; forever by default. */
  drop: number;
  /** Connections that will be dropped. */
  drops: number;
  /** Whether it knows ranges. */
  ranges: boolean;
  /** Answers instead of the files, where it answers anything. */
  instead: ((request: Request) => Response | undefined) | undefined;
}

/** Starts a server. */
export function fileServer(): FileServer {
  const http = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => answer(request),
  );
  const server: FileServer = {
    url: new URL(`http://127.0.0.1:${http.addr.port}/`),
    files: new Map(),
    log: [],
    drop: Infinity,
    drops: Infinity,
    ranges: true,
    instead: undefined,
    [Symbol.asyncDispose]: () => http.shutdown(),
  };
  return server;

  function answer(request: Request): Response {
    const path = decodeURIComponent(new URL(request.url).pathname);
    const range = request.headers.get("range");
    const token = request.headers.get("authorization");
    server.log.push({ path, range, token });
    const other = server.instead?.(request);
    if (other !== undefined) return other;
    const file = server.files.get(path);
    if (file === undefined) return new Response("no", { status: 404 });
    const { bytes, etag } = file;
    const headers = new Headers(etag === undefined ? {} : { etag });
    const asked = request.headers.get("if-range");
    const [, first] = /^bytes=(\d+)-$/.exec(range ?? "") ?? [];
    const use = server.ranges && first !== undefined &&
      (asked === null || asked === etag);
    const from = use ? Number(first) : 0;
    if (use && from >= bytes.length) {
      headers.set("content-range", `bytes */${bytes.length}`);
      return new Response(null, { status: 416, headers });
    }
    headers.set("content-length", `${bytes.length - from}`);
    if (use) {
      const last = bytes.length - 1;
      headers.set("content-range", `bytes ${from}-${last}/${bytes.length}`);
    }
    return new Response(body(bytes.subarray(from)), {
      status: use ? 206 : 200,
      headers,
    });
  }

  function body(
    bytes: Uint8Array<ArrayBuffer>,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const dropped = bytes.length > server.drop && server.drops > 0;
    if (dropped) server.drops--;
    const sent = dropped ? bytes.subarray(0, server.drop) : bytes;
    // Fewer bytes than the header promises: the connection has to be closed.
    return new Blob([sent]).stream();
  }
}
