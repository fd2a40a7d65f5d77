import { jsonSchema, type Tool, tool } from "@troupe/llm";
import { type CodeExecutor, createRegistry } from "troupe";

/** Ours, in the place of the tool of the same name whose source AutoGen wrote down. */
export const add: Tool<{ a: number; b: number }> = tool({
  name: "add",
  description: "Adds",
  input: jsonSchema<{ a: number; b: number }>({
    type: "object",
    properties: { a: { type: "number" }, b: { type: "number" } },
    required: ["a", "b"],
  }),
  execute: ({ a, b }) => a + b,
});

/** Runs nothing: the documents only name it. */
const executor: CodeExecutor = {
  kind: "code-executor",
  name: "stand-in",
  languages: ["python", "sh"],
  execute: async () => ({ exitCode: 0, output: "ran", truncated: false, durationMs: 0 }),
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

const local = "autogen_ext.code_executors.local.LocalCommandLineCodeExecutor";
const config = { timeout: 60, work_dir: "work", functions_module: "functions", cleanup_temp_files: true };

/** Lends what the documents of AutoGen need of a program. */
export const registry: ReturnType<typeof createRegistry> = createRegistry({
  tools: [add],
  executors: { executor },
  standIns: [{ provider: local, type: "code_executor", name: "executor", config }],
});
