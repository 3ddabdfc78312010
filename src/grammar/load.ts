/**
 * XGrammar, compiled to WebAssembly. Its package is a script that leaves itself on
 * the global object and looks for Node's `require` there until its WebAssembly is
 * ready.
 *
 * @module
 */

import { createRequire } from "node:module";

/** The library. */
export type Xgrammar = typeof import("@mlc-ai/web-xgrammar");

/** What the library has to say of its last failure. */
let complaint = "";

/** Takes what the library says last, without where in its sources. */
export function takeComplaint(): string {
  const said = complaint.replace(/^.*?\.(?:cc|h):\d+: /, "");
  complaint = "";
  return said;
}

/**
 * Loads the library, once. It writes failures to the console of its thread: they
 * are the request's and go there.
 */
export async function loadXgrammar(): Promise<Xgrammar> {
  Object.assign(globalThis.console, {
    log() {},
    warn() {},
    error(line: unknown) {
      const text = String(line);
      if (text.includes("FATAL")) complaint = text;
    },
  });
  const surroundings = globalThis as {
    xgrammar?: Xgrammar;
    require?: unknown;
    __filename?: string;
    __dirname?: string;
  };
  surroundings.require = createRequire(import.meta.url);
  surroundings.__filename = "";
  surroundings.__dirname = "";
  await import("@mlc-ai/web-xgrammar");
  const { xgrammar } = surroundings;
  if (xgrammar === undefined) throw new Error("Cannot load XGrammar");
  return xgrammar;
}
