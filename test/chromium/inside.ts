/**
 * Runs a test file inside a page: what it registers with `Deno.test` is collected,
 * run in order and told as plain values. The page's builder puts this in place of
 * `Deno`, and `assert.ts` in place of the assertions.
 *
 * @module
 */

import { type Failure, failureOf } from "./assert.ts";

/** How a test or a step of it ended. */
export interface Verdict {
  /** As registered. */
  readonly name: string;
  /** Why it failed; none if it passed. */
  readonly failure?: Failure;
  /** Its steps, in order. */
  readonly steps: readonly Verdict[];
}

/** What the page says of a test file. */
export interface Report {
  /** One a test, in order. */
  readonly verdicts: readonly Verdict[];
  /** WGSL that was compiled on the way. */
  readonly shaders: readonly string[];
}

/** What tests take of Deno's test context. */
interface Context {
  step(name: string, work: Work): Promise<boolean>;
}

type Work = (context: Context) => void | Promise<void>;

const registered: { readonly name: string; readonly work: Work }[] = [];
const shaders = new Set<string>();

Object.assign(globalThis, {
  Deno: {
    test: (name: string, work: Work) => registered.push({ name, work }),
    readFile: async (path: string) =>
      new Uint8Array(await (await read(path)).arrayBuffer()),
    readTextFile: async (path: string) => await (await read(path)).text(),
  },
  /** Loads a test file, by its path in this repository, and runs it. */
  async runTests(path: string): Promise<Report> {
    await import(path);
    const verdicts: Verdict[] = [];
    for (const { name, work } of registered) {
      verdicts.push(await run(name, work));
    }
    return { verdicts, shaders: [...shaders] };
  },
  /** What the compiler says of each shader. */
  async compileShaders(sources: readonly string[]): Promise<string[][]> {
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter?.requestDevice();
    if (device === undefined) throw new Error("Cannot compile: no device");
    return await Promise.all(sources.map(async (code) => {
      const module = device.createShaderModule({ code });
      const { messages } = await module.getCompilationInfo();
      return messages.map(({ type, lineNum, message }) =>
        `${type} in line ${lineNum}: ${message}`
      );
    }));
  },
});

const compile = GPUDevice.prototype.createShaderModule;
GPUDevice.prototype.createShaderModule = function (descriptor) {
  shaders.add(descriptor.code);
  return compile.call(this, descriptor);
};

async function run(name: string, work: Work): Promise<Verdict> {
  const steps: Verdict[] = [];
  const step = async (name: string, work: Work) => {
    const verdict = await run(name, work);
    steps.push(verdict);
    return !failed(verdict);
  };
  try {
    await work({ step });
    return { name, steps };
  } catch (error) {
    return { name, steps, failure: failureOf(error) };
  }
}

function failed({ failure, steps }: Verdict): boolean {
  return failure !== undefined || steps.some(failed);
}

async function read(path: string | URL): Promise<Response> {
  const response = await fetch(new URL(path, location.origin));
  if (!response.ok) throw new Error(`Cannot read ${path}: ${response.status}`);
  return response;
}
