/** The compiled kernels of wasm/, not yet joined to a memory. */
export const kernels: WebAssembly.Module;
