/**
 * XGrammar, compiled to WebAssembly. Its package is a script that leaves itself on
 * the global object and looks for Node's `require` there until its WebAssembly is
 * ready.
 *
 * @module
 */

import { createRequire } from "node:module";
import { FUEL, metered } from "./wasm_fuel.ts";

/** The library. */
export type Xgrammar = typeof import("@mlc-ai/web-xgrammar");

/** Steps of the library until something else is said: any number. */
const STARTING = 1n << 62n;

/** What is left to the library's steps. */
let fuel: WebAssembly.Global | undefined;

/** Steps that the library may take once it is there. */
let allowed = Number(STARTING);

/** Sets how many steps the library may take from now on, before it traps. */
export function allowSteps(steps: number): void {
  allowed = steps;
  if (fuel !== undefined) fuel.value = BigInt(steps);
}

/** Steps that the library may still take. */
export function stepsLeft(): number {
  return fuel === undefined ? allowed : Number(fuel.value);
}

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
 * are the request's and go there. It makes its WebAssembly itself, of bytes that
 * are inside the package; they are changed on the way to bound steps and memory.
 *
 * @param pages 64 KiB pages that its memory may have.
 */
export async function loadXgrammar(pages: number): Promise<Xgrammar> {
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
  meterWebAssembly(pages);
  await import("@mlc-ai/web-xgrammar");
  const { xgrammar } = surroundings;
  if (xgrammar === undefined) throw new Error("Cannot load XGrammar");
  return xgrammar;
}

/** Changes what becomes of bytes of WebAssembly in this thread. */
function meterWebAssembly(pages: number): void {
  const { instantiate } = WebAssembly;
  Object.assign(WebAssembly, {
    async instantiate(
      source: Uint8Array<ArrayBuffer>,
      imports: WebAssembly.Imports,
    ): Promise<WebAssembly.WebAssemblyInstantiatedSource> {
      const made = await instantiate(
        metered(source, { pages, fuel: STARTING }),
        imports,
      );
      fuel = made.instance.exports[FUEL] as WebAssembly.Global;
      return made;
    },
  });
}
