/**
 * Programs that hold the package, each in a runtime of its own.
 *
 * @module
 */

import { Miniflare } from "miniflare";

const ROOT = new URL("../../", import.meta.url);
const MODEL = new URL("models/gosling/", ROOT);
const WEIGHTS = new URL("model.safetensors", MODEL).pathname;
const VOCABULARY = new URL("vocab.txt", MODEL).pathname;
const CONFIG = new URL("tokenizer_config.json", MODEL).pathname;

/** Bun, as npm has it. */
export const BUN = new URL(
  "node_modules/@oven/bun-linux-x64/bin/bun",
  import.meta.url,
).pathname;

/** What a guest answers. */
export interface GuestAnswer {
  readonly text: string;
  readonly save: Uint8Array<ArrayBuffer>;
}

/** A program that takes turns. */
export interface Guest extends AsyncDisposable {
  say(text: string, save?: Uint8Array, codec?: string): Promise<GuestAnswer>;
}

/** Builds the package into a folder of its own. */
export async function buildPackage(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "gosling-engine-" });
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", "tools/library.ts", folder],
    cwd: ROOT,
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return folder;
}

/** Starts a program of a runtime that reads lines. */
export function startGuest(
  program: string,
  args: readonly string[],
  folder: string,
): Guest {
  const process = new Deno.Command(program, {
    args: [
      ...args,
      new URL("guest.mjs", import.meta.url).pathname,
      `${folder}/engine.js`,
      WEIGHTS,
      VOCABULARY,
      CONFIG,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = process.stdin.getWriter();
  const lines = process.stdout.pipeThrough(new TextDecoderStream())
    .getReader();
  let rest = "";
  const line = async () => {
    while (!rest.includes("\n")) {
      const { done, value } = await lines.read();
      if (done) throw new Error(`Cannot hear ${program}: it ended`);
      rest += value;
    }
    const end = rest.indexOf("\n"), found = rest.slice(0, end);
    rest = rest.slice(end + 1);
    return found;
  };
  return {
    async say(say, save, codec): Promise<GuestAnswer> {
      const request = JSON.stringify({ say, codec, save: save?.toBase64() });
      await writer.write(new TextEncoder().encode(`${request}\n`));
      const { text, pieces, save: left, code, message } = JSON.parse(
        await line(),
      );
      if (message !== undefined) throw new Error(`${code}: ${message}`);
      if (pieces !== text) {
        throw new Error(`Pieces are ${pieces}, the text is ${text}`);
      }
      return { text, save: Uint8Array.fromBase64(left) };
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await writer.close();
      const { success } = await process.status;
      await lines.cancel();
      if (!success) throw new Error(`Cannot end ${program} well`);
    },
  };
}

/** Starts workerd with the package and the model deployed. */
export async function startEdge(folder: string): Promise<Guest> {
  const read = (path: string) => Deno.readFile(path);
  const text = (path: string | URL) => Deno.readTextFile(path);
  const script = new URL("edge.mjs", import.meta.url);
  const edge = new Miniflare({
    compatibilityDate: "2026-07-01",
    modulesRoot: "/",
    modules: [
      { type: "ESModule", path: "/edge.mjs", contents: await text(script) },
      {
        type: "ESModule",
        path: "/engine.edge.js",
        contents: await text(`${folder}/engine.edge.js`),
      },
      ...await Promise.all(["kernels.wasm", "codec.wasm"].map(async (name) => ({
        type: "CompiledWasm" as const,
        path: `/${name}`,
        contents: await read(`${folder}/${name}`),
      }))),
      {
        type: "Data",
        path: "/model.safetensors",
        contents: await read(WEIGHTS),
      },
      { type: "Data", path: "/vocab.txt", contents: await read(VOCABULARY) },
      {
        type: "Text",
        path: "/tokenizer_config.json",
        contents: await text(CONFIG),
      },
    ],
  });
  return {
    async say(say, save): Promise<GuestAnswer> {
      const query = new URLSearchParams({ say });
      const response = await edge.dispatchFetch(`http://edge/?${query}`, {
        method: "POST",
        body: save === undefined ? "" : new Uint8Array(save),
      });
      const left = new Uint8Array(await response.arrayBuffer());
      if (!response.ok) {
        throw new Error(
          `Cannot use workerd: ${new TextDecoder().decode(left)}`,
        );
      }
      return { text: response.headers.get("x-text") ?? "", save: left };
    },
    [Symbol.asyncDispose]: () => edge.dispose(),
  };
}
