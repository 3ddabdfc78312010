/**
 * Builds the client for other programs: `client.js`, one module without
 * dependencies for Node.js from 20 on, browsers, Deno and Bun, and its types.
 * `deno task web` commits both, every server gives them away, and
 * `deno task release` packs them.
 *
 * @module
 */

import { transpileDeclaration } from "typescript";
import { bundleEngine } from "./library.ts";

const SOURCE = new URL("../src/client/", import.meta.url);

/**
 * The module and its types.
 *
 * @throws {Error} What the bundler says.
 */
export async function bundleClient(): Promise<ReadonlyMap<string, string>> {
  const script = new TextDecoder().decode(
    await bundleEngine("src/client/package.ts"),
  );
  const exported = Object.keys(
    await import(`data:text/javascript,${encodeURIComponent(script)}`),
  );
  const types = [...await declared("package.ts")].map((text) =>
    declarations(text, exported)
  );
  return new Map([
    ["client.js", script],
    ["client.d.ts", `${[...types, "export {};"].join("\n")}\n`],
  ]);
}

/** What a module declares, and those that it imports before it. */
async function declared(
  name: string,
  known = new Map<string, string>(),
): Promise<Iterable<string>> {
  const file = new URL(name, SOURCE);
  const { outputText } = transpileDeclaration(
    await Deno.readTextFile(file),
    { fileName: file.pathname, compilerOptions: { declaration: true } },
  );
  // Told apart from modules not seen yet, while its own are read.
  known.set(name, "");
  for (const [, other] of outputText.matchAll(/ from "\.\/([\w.]+)"/g)) {
    if (!known.has(other)) await declared(other, known);
  }
  known.delete(name);
  known.set(name, outputText);
  return known.values();
}

/** Declarations alone: all are in one file, and only what the module has is public. */
function declarations(text: string, exported: readonly string[]): string {
  return text
    .replaceAll(/^\/\*\*(?:(?!\*\/)[^])*@module(?:(?!\*\/)[^])*\*\/\n/gm, "")
    .replaceAll(
      /^(?:import|export)(?: type)? (?:\{[^}]*\}|\*) from "[^"]+";\n/gm,
      "",
    )
    .replaceAll(
      /^export (?=declare (?:function|class|const) (\w+))/gm,
      (found, name: string) => exported.includes(name) ? found : "",
    )
    .trim();
}
