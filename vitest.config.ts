import { defineConfig } from "vitest/config";
import { defaultServerConditions } from "vite";

// Tests run the TypeScript sources of every workspace package: no build, no stale dist.
// "module" is for bundlers: Node never asks for it, and packages keep code behind it that Node cannot load.
const conditions = ["troupe-source", ...defaultServerConditions.filter((condition) => condition !== "module")];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "{packages,extensions}/*/{src,test}/**/*.test.ts",
      "e2e/**/*.test.ts",
      "examples/**/*.test.ts",
      "scripts/**/*.test.ts",
    ],
    execArgv: ["--conditions=troupe-source"],
    testTimeout: 20_000,
    // By default one processor is left alone, which on a machine with two is half of it.
    maxWorkers: "100%",
  },
});
