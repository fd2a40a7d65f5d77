import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { root } from "../run-step.ts";
import type { Bundle } from "./platform.ts";

/** Prints the report as one line, wherever `console` and dynamic import exist. */
const launcher = `import { runSuites } from "./suites.js";
console.log(JSON.stringify(await runSuites()));
`;

/** A Worker that answers any request with the report. */
const worker = `import { runSuites } from "./suites.js";
export default { fetch: async () => new Response(JSON.stringify(await runSuites())) };
`;

/** Bundles the suites with core, llm and agentchat into one module without any import, from the sources. */
export async function buildBundle(): Promise<Bundle> {
  const folder = join(root, "out", "portable");
  mkdirSync(folder, { recursive: true });
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: ["troupe-source"] },
    build: {
      outDir: folder,
      emptyOutDir: true,
      minify: false,
      target: "es2024",
      rolldownOptions: { output: { codeSplitting: false } },
      lib: { entry: join(root, "e2e", "portable", "run-suites.ts"), formats: ["es"], fileName: () => "suites.js" },
    },
  });
  writeFileSync(join(folder, "launch.js"), launcher);
  writeFileSync(join(folder, "worker.js"), worker);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  return { path: join(folder, "suites.js"), folder };
}
