import { defineConfig } from "vitest/config";
import { defaultServerConditions } from "vite";

// Tests run the TypeScript sources of every workspace package: no build, no stale dist.
const conditions = ["troupe-source", ...defaultServerConditions];

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
  },
});
