/**
 * Compiles wasm/ to the committed kernels: `deno task wasm`.
 *
 * @module
 */

import asc from "assemblyscript/asc";

const SOURCE = new URL("../wasm/", import.meta.url);
const TARGET = new URL("../src/device/wasm/kernels.wasm", import.meta.url);
const PLAIN = new URL("../src/device/wasm/kernels_plain.wasm", import.meta.url);

const CODEC = new URL("../src/state/codec_kernels.wasm", import.meta.url);

const COMMON = ["-O3", "--noAssert", "--runtime", "stub"];

const SHARED = [
  "--importMemory",
  "--noExportMemory",
  "--sharedMemory",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "65536",
];
const OPTIONS = [...SHARED, "--enable", "simd,relaxed-simd,threads"];
const PLAIN_OPTIONS = [...SHARED, "--enable", "simd,threads"];

/** The codec runs on whatever thread asks, in a memory of its own. */
const CODEC_OPTIONS = [
  "--initialMemory",
  "8",
  "--maximumMemory",
  "8",
  "--enable",
  "simd",
];

/** The bytes that wasm/codec compiles to. */
export async function compileCodec(): Promise<Uint8Array<ArrayBuffer>> {
  return await compile("codec/index.ts", CODEC_OPTIONS);
}

/**
 * The bytes that wasm/ compiles to.
 *
 * @param entry The file that exports; the kernels' by default.
 * @throws {Error} What the compiler says.
 */
export async function compileKernels(
  entry = "index.ts",
): Promise<Uint8Array<ArrayBuffer>> {
  return await compile(entry, OPTIONS);
}

/** The same for engines without relaxed SIMD, Node.js 20 and WebKit among them. */
export async function compilePlainKernels(): Promise<Uint8Array<ArrayBuffer>> {
  return await compile("index.ts", PLAIN_OPTIONS, { fused: "fused_plain" });
}

async function compile(
  entry: string,
  options: readonly string[],
  instead: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [entry, "--outFile", "kernels.wasm", ...COMMON, ...options],
    {
      readFile: (name) => {
        const own = instead[name.replace(/\.ts$/, "")];
        const file = own === undefined ? name : `${own}.ts`;
        return Deno.readTextFile(new URL(file, SOURCE)).catch(() => null);
      },
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

if (import.meta.main) {
  await Deno.writeFile(TARGET, await compileKernels());
  await Deno.writeFile(PLAIN, await compilePlainKernels());
  await Deno.writeFile(CODEC, await compileCodec());
}
