/**
 * A host of files, as a page without a server has it.
 *
 * @module
 */

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
  json: "application/json",
  webmanifest: "application/manifest+json",
};

/** A host of files on a free port. */
export interface FileHost extends AsyncDisposable {
  /** Where it is. */
  readonly url: string;
  /** Ends it. */
  stop(): Promise<void>;
}

/**
 * Serves a folder as the plainest host of files does.
 *
 * @param folder Its path, with a slash at the end.
 * @param isolated Whether pages may share memory with their workers.
 */
export function serveFiles(folder: string, isolated: boolean): FileHost {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
      try {
        const bytes = await Deno.readFile(`${folder}${path}`);
        const type = TYPES[path.split(".").at(-1) ?? ""];
        return new Response(bytes, {
          headers: {
            "content-type": type ?? "application/octet-stream",
            ...(isolated && {
              "cross-origin-opener-policy": "same-origin",
              "cross-origin-embedder-policy": "require-corp",
            }),
          },
        });
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        return new Response("There is no such file", { status: 404 });
      }
    },
  );
  const stop = async () => await server.shutdown();
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
