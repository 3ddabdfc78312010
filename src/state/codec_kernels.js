// @ts-self-types="./codec_kernels.d.ts"
import source codec from "./codec_kernels.wasm";
export { codec };
