// Helpers that need Node; the main entry of this package runs anywhere.
export { loadEnvironment } from "./environment.ts";
export { type EventLogFile, type EventLogFileOptions, eventLogFile } from "./event-log/event-log-file.ts";
export { askInTerminal } from "./terminal-questions.ts";
export type { AskedQuestion } from "./answer-question.ts";
export { wasmExecutor, type WasmExecutorOptions } from "@troupe/wasm-exec";
