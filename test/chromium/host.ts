/**
 * A host of this repository's files for a page: modules are bundled when they are
 * asked for, so that a page loads a test as Deno does, by its path.
 *
 * @module
 */

import * as esbuild from "esbuild";

const ROOT = new URL("../../", import.meta.url);

/** Pages may share memory with their workers. */
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** A host on a free port. */
export interface TestHost extends AsyncDisposable {
  /** A page that holds nothing but `inside.ts`. */
  readonly url: string;
}

/** Starts a host. */
export function hostTests(): TestHost {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/") {
        const page =
          `<!doctype html><script type="module" src="/test/chromium/inside.ts"></script>`;
        return respond(page, "text/html");
      }
      const file = new URL(`.${pathname}`, ROOT);
      try {
        return pathname.endsWith(".ts")
          ? respond(await bundle(file), "text/javascript")
          : respond(
            await Deno.readFile(file),
            pathname.endsWith(".wasm")
              ? "application/wasm"
              : "application/octet-stream",
          );
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        return new Response("There is no such file", { status: 404 });
      }
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    async [Symbol.asyncDispose](): Promise<void> {
      await server.shutdown();
      await esbuild.stop();
    },
  };
}

function respond(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { ...ISOLATED, "content-type": type } });
}

async function bundle(file: URL): Promise<Uint8Array<ArrayBuffer>> {
  const { outputFiles: [{ contents }] } = await esbuild.build({
    entryPoints: [pathOf(file)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: ["es2024"],
    loader: { ".wgsl": "text" },
    logLevel: "silent",
    plugins: [modules],
  });
  return new Uint8Array(contents);
}

/** What Deno has and a page has not. */
const modules: esbuild.Plugin = {
  name: "modules",
  setup(build) {
    const assert = pathOf(new URL("assert.ts", import.meta.url));
    build.onResolve(
      { filter: /^(?:@std\/assert|node:assert(?:\/strict)?)$/ },
      () => ({ path: assert }),
    );
    // `import source` is for Deno.
    build.onLoad({ filter: /\/device\/wasm\/kernels\.js$/ }, () => ({
      contents: `export const kernels = await WebAssembly.compileStreaming(
        fetch(new URL("/src/device/wasm/kernels.wasm", location.origin)));`,
      loader: "js",
    }));
    // A bundle knows its own address only, and files are read by their module's.
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const root = pathOf(ROOT);
      if (!path.startsWith(root) || path.includes("/node_modules/")) return;
      const url = `(location.origin + ${
        JSON.stringify(`/${path.slice(root.length)}`)
      })`;
      const source = await Deno.readTextFile(path);
      return {
        contents: source.replaceAll("import.meta.url", url),
        loader: "ts",
      };
    });
  },
};

function pathOf(url: URL): string {
  return decodeURIComponent(url.pathname);
}
