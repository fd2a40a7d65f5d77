import { codeExecutorContract, type ContractPrograms } from "@troupe/llm/testing";
import { wasmExecutor } from "@troupe/wasm-exec";
import { describe, it } from "vitest";

const programs: ContractPrograms = {
  language: "javascript",
  print: (text) => `console.log(${JSON.stringify(text)})`,
  fail: (message) => `throw new Error(${JSON.stringify(message)})`,
  loop: "for (;;) {}",
  flood: "for (;;) console.log('x'.repeat(1000))",
  printFile: (name) => `console.log(readFile(${JSON.stringify(name)}))`,
  leaveTrace:
    "console.log(globalThis.trace === undefined ? 'fresh' : 'stale'); globalThis.trace = 1; Object.prototype.trace = 1",
};

describe("wasmExecutor keeps the contract of code executors", () => {
  it.each(codeExecutorContract.map((contractCase) => [contractCase.name, contractCase] as const))(
    "%s",
    async (_name, contractCase) => {
      await contractCase.run({ createExecutor: async () => wasmExecutor(), programs });
    },
  );
});
