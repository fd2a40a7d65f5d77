export { wasmExecutor } from "./wasm-executor.ts";
export type { WasmExecutorOptions } from "./host/limits.ts";
