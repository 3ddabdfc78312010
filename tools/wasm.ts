/**
 * Compiles wasm/ to the committed kernels: `deno task wasm`.
 *
 * @module
 */

import asc from "assemblyscript/asc";

const SOURCE = new URL("../wasm/", import.meta.url);
const TARGET = new URL("../src/device/wasm/kernels.wasm", import.meta.url);

const OPTIONS = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--importMemory",
  "--noExportMemory",
  "--sharedMemory",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "65536",
  "--enable",
  "simd,relaxed-simd,threads",
];

/**
 * The bytes that wasm/ compiles to.
 *
 * @param entry The file that exports; the kernels' by default.
 * @throws {Error} What the compiler says.
 */
export async function compileKernels(
  entry = "index.ts",
): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [entry, "--outFile", "kernels.wasm", ...OPTIONS],
    {
      readFile: (name) =>
        Deno.readTextFile(new URL(name, SOURCE)).catch(() => null),
      writeFile: (_name, contents) => {
        if (typeof contents !== "string") binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined) {
    throw new Error(`Cannot compile the kernels: ${stderr}`, { cause: error });
  }
  return new Uint8Array(binary);
}

if (import.meta.main) await Deno.writeFile(TARGET, await compileKernels());
