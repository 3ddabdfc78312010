/** The compiled kernels of wasm/codec. */
export const codec: WebAssembly.Module;
