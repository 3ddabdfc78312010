/**
 * Builds `@gosling/engine`, the engine for other programs: `deno task library [DIR]`
 * writes a package folder, `dist/engine` by default, for `npm publish` or a
 * `<script type="module">`.
 *
 * ```text
 * engine.js        browsers, Node.js, Bun, Deno: the kernels are inside
 * thread.js        a thread of it, where memory can be shared
 * engine.edge.js   Workers-like runtimes, with kernels.wasm and codec.wasm
 * templates.js     chat templates of a model's own, in Jinja
 * *.d.ts           types
 * ```
 *
 * @module
 */

import * as esbuild from "esbuild";
import { deflateRawSync, deflateSync } from "node:zlib";
import { transpileDeclaration } from "typescript";
import deno from "../deno.json" with { type: "json" };
import { licences } from "./licences.ts";
import { unshared } from "../src/device/wasm/unshared_kernels.ts";

const ROOT = new URL("../", import.meta.url);

/** A file's content by its name. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** What stands in the place of what, by the ends of their paths. */
const PORTABLE: Readonly<Record<string, string>> = {
  "src/state/compress.ts": "src/library/zstd_without_zlib.ts",
  "src/state/codec_kernels.js": "src/library/codec_module.ts",
};
const EDGE: Readonly<Record<string, string>> = {
  ...PORTABLE,
  "src/state/codec_kernels.js": "src/library/edge/codec_module.js",
  "src/library/compiled_kernels.ts": "src/library/edge/kernels.js",
};

/** Builds every file of the package. */
export async function buildLibrary(): Promise<Files> {
  const read = (path: string) => Deno.readFile(new URL(path, ROOT));
  return new Map([
    ["engine.js", await bundleEngine("src/library/local_engine.ts")],
    ["thread.js", await bundleEngine("src/device/wasm/worker.ts")],
    ["engine.edge.js", await bundleEngine("src/library/local_engine.ts", true)],
    ["templates.js", await bundleEngine("src/library/jinja_templates.ts")],
    ["kernels.wasm", unshared(await read("src/device/wasm/kernels.wasm"))],
    ["codec.wasm", await read("src/state/codec_kernels.wasm")],
    ["engine.d.ts", await declarations()],
    ["templates.d.ts", new TextEncoder().encode(TEMPLATES)],
    ["package.json", manifest()],
    ["README.md", await read("src/library/README.md")],
    ["LICENSE", await read("LICENSE")],
    ["LICENCES.txt", new TextEncoder().encode(await licences())],
  ]);
}

/** Ends the bundler's process, without which a program would not end. */
export async function endBundler(): Promise<void> {
  await esbuild.stop();
}

/**
 * A module with the engine in it, for engines of any kind. Threads are workers of
 * `thread.js` beside it.
 *
 * @param entry Its path in this repository.
 * @param edge For runtimes that compile nothing at run time.
 */
export async function bundleEngine(
  entry: string,
  edge = false,
): Promise<Uint8Array<ArrayBuffer>> {
  const { outputFiles: [file] } = await esbuild.build({
    entryPoints: [decodeURIComponent(new URL(entry, ROOT).pathname)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: ["es2022"],
    legalComments: "inline",
    define: {
      "Promise.withResolvers": "withResolvers",
      ...(edge &&
        {
          AbortController: "PlainAbortController",
          "AbortSignal.any": "anySignal",
        }),
    },
    inject: [
      decodeURIComponent(
        new URL(`src/library/shims${edge ? "_edge" : ""}.ts`, ROOT).pathname,
      ),
    ],
    external: ["./kernels.wasm", "./codec.wasm"],
    plugins: [replace(edge ? EDGE : PORTABLE), assets, packages],
  });
  return new Uint8Array(file.contents);
}

/** Other files in the place of some. */
function replace(instead: Readonly<Record<string, string>>): esbuild.Plugin {
  return {
    name: "replace",
    setup(build) {
      build.onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => {
        const found = Object.entries(instead).find(([end]) =>
          path.endsWith(`/${end}`)
        );
        if (found === undefined) return undefined;
        const file = new URL(found[1], ROOT);
        return {
          contents: await Deno.readTextFile(file),
          loader: found[1].endsWith(".js") ? "js" : "ts",
          resolveDir: decodeURIComponent(new URL(".", file).pathname),
        };
      });
    },
  };
}

/** Files as bytes and text, and what the bundle names otherwise. */
const assets: esbuild.Plugin = {
  name: "assets",
  setup(build) {
    build.onLoad({ filter: /\.wasm$/ }, async ({ path }) => {
      const bytes = await Deno.readFile(path);
      // The codec is compiled at once, and so cannot wait for a stream.
      if (!path.includes("/device/wasm/")) {
        return {
          contents: new Uint8Array(deflateRawSync(bytes, { level: 9 })),
          loader: "binary",
        };
      }
      // Both in one, for most of their code is the same: see compiled_kernels.ts.
      const plain = await Deno.readFile(
        new URL("src/device/wasm/kernels_plain.wasm", ROOT),
      );
      if (path.endsWith("/kernels.wasm")) {
        const length = Uint32Array.of(plain.length);
        return { contents: new Uint8Array(length.buffer), loader: "binary" };
      }
      const relaxed = await Deno.readFile(
        new URL("src/device/wasm/kernels.wasm", ROOT),
      );
      const both = await new Blob([plain, relaxed]).bytes();
      return {
        contents: new Uint8Array(deflateSync(both, { level: 9 })),
        loader: "binary",
      };
    });
    // Deflated together, for they have much in common.
    build.onLoad({ filter: /\/shaders\/\w+\.wgsl$/ }, async ({ path }) => {
      const at = (await shaderNames()).findIndex((name) =>
        path.endsWith(`/${name}`)
      );
      return {
        contents: `import { shaders } from "gosling:shaders";
          export default shaders[${at}];`,
        loader: "js",
      };
    });
    build.onResolve(
      { filter: /^gosling:shaders$/ },
      ({ path }) => ({ path, namespace: "shaders" }),
    );
    build.onLoad({ filter: /.*/, namespace: "shaders" }, async () => {
      const sources = await Promise.all(
        (await shaderNames()).map((name) =>
          Deno.readTextFile(new URL(`shaders/${name}`, ROOT))
        ),
      );
      const text = sources.map(bareShader).join("\0");
      const packed = deflateRawSync(text, { level: 9 }).toString("base64url");
      return {
        contents: `import { shaderTexts } from "./shader_text.ts";
          export const shaders = shaderTexts("${packed}");`,
        loader: "js",
        resolveDir: decodeURIComponent(
          new URL("src/library/", ROOT).pathname,
        ),
      };
    });
    // The kernels are always given here; `import source` is for Deno.
    build.onLoad({ filter: /\/device\/wasm\/kernels\.js$/ }, () => ({
      contents: "export const kernels = undefined;",
      loader: "js",
    }));
    build.onLoad(
      { filter: /\/device\/wasm\/worker_thread\.ts$/ },
      async ({ path }) => ({
        contents: (await Deno.readTextFile(path)).replace(
          "./worker.ts",
          "./thread.js",
        ),
        loader: "ts",
      }),
    );
  },
};

/** Packages where Deno keeps them. */
const packages: esbuild.Plugin = {
  name: "packages",
  setup(build) {
    build.onResolve(
      { filter: /^(?:@noble\/|@huggingface\/jinja|fzstd)/ },
      ({ path }) => ({
        path: decodeURIComponent(new URL(import.meta.resolve(path)).pathname),
      }),
    );
  },
};

/** The shaders' files, in the order in which they are packed. */
async function shaderNames(): Promise<string[]> {
  const entries = await Array.fromAsync(
    Deno.readDir(new URL("shaders/", ROOT)),
  );
  return entries.map(({ name }) => name).filter((name) =>
    name.endsWith(".wgsl")
  ).toSorted();
}

/** A shader without its comments, its indents, and spaces that part no tokens. */
export function bareShader(source: string): string {
  return source.replaceAll(/\/\/.*$/gm, "").replaceAll(/^\s+|\s+$/gm, "")
    .replaceAll(/ ?([,;:+*&|(){}?%[\]]) ?/g, "$1")
    // Not where a minus would meet another, or what closes a template.
    .replaceAll(/(?<=[^ \->]) ?([-=]) ?(?=[^ \->])/g, "$1");
}

async function declarations(): Promise<Uint8Array> {
  const api = await Deno.readTextFile(
    new URL("src/library/engine_api.ts", ROOT),
  );
  const { outputText } = transpileDeclaration(
    `${api}${DECLARED}`,
    { fileName: "engine.ts", compilerOptions: { declaration: true } },
  );
  return new TextEncoder().encode(
    `/// <reference types="@webgpu/types" />\n${outputText}`,
  );
}

/** Types of `templates.js`. */
const TEMPLATES = `import type { TemplateLanguage } from "./engine.js";

/** Writes chat templates where it is called; an option of \`open\`. */
export declare const jinja: TemplateLanguage;
`;

/** What `local_engine.ts` exports besides types. */
const DECLARED = `
/** An error thrown on purpose. */
export declare class GoslingError extends Error {
  /** The stable name of the failure, such as \`ERR_STATE_MISMATCH\`. */
  readonly code: string;
}

/**
 * Loads a model and puts it to work.
 *
 * @throws {GoslingError} \`ERR_MODEL_…\` if the files are no model, \`ERR_DEVICE_…\`
 * if it cannot run here.
 */
export declare function open(options: OpenOptions): Promise<LocalEngine>;
`;

function manifest(): Uint8Array {
  const text = JSON.stringify(
    {
      name: "@gosling/engine",
      version: deno.version,
      description:
        "RWKV-7 in a tab, Node.js, Bun or Deno; conversations as files",
      license: deno.license,
      type: "module",
      sideEffects: false,
      types: "./engine.d.ts",
      exports: {
        ".": {
          types: "./engine.d.ts",
          workerd: "./engine.edge.js",
          "edge-light": "./engine.edge.js",
          default: "./engine.js",
        },
        "./templates": {
          types: "./templates.d.ts",
          default: "./templates.js",
        },
        "./kernels.wasm": "./kernels.wasm",
        "./codec.wasm": "./codec.wasm",
      },
      engines: { node: ">=20" },
      optionalDependencies: {},
    },
    null,
    2,
  );
  return new TextEncoder().encode(`${text}\n`);
}

if (import.meta.main) {
  const folder = new URL(`${Deno.args[0] ?? "dist/engine"}/`, ROOT);
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, content] of await buildLibrary()) {
    await Deno.writeFile(new URL(name, folder), content);
  }
  await endBundler();
}
