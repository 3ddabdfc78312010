import { unshared } from "../../../src/device/wasm/unshared_kernels.ts";

/** Compiled kernels for memory that is not shared. */
export async function inlineKernels(
  name: "kernels" | "kernels_plain",
): Promise<WebAssembly.Module> {
  const file = new URL(
    `../../../src/device/wasm/${name}.wasm`,
    import.meta.url,
  );
  return await WebAssembly.compile(unshared(await Deno.readFile(file)));
}
