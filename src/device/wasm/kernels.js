// @ts-self-types="./kernels.d.ts"
import source kernels from "./kernels.wasm";
export { kernels };
