import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { bundleMinimalAgent } from "./minimal-bundle.ts";
import type { Benchmark } from "../harness/benchmark.ts";
import { installPeers } from "../harness/load-peer.ts";
import { footprint, installProject, removeProject } from "./installed-project.ts";

const peers = join(import.meta.dirname, "..", "peers");

/** Milliseconds that a new process spends on one import. */
function importMs(name: string, folder: string): number {
  const program = `const startedAt = performance.now(); await import("${name}"); console.log(performance.now() - startedAt);`;
  const args = ["--input-type=module", "--eval", program];
  return Number(execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" }));
}

/** The least of several imports of each, taking turns. */
function leastImportMs(project: string, repetitions: number): { readonly troupe: number; readonly aiSdk: number } {
  let least = { troupe: Number.POSITIVE_INFINITY, aiSdk: Number.POSITIVE_INFINITY };
  for (let repetition = 0; repetition < repetitions; repetition++) {
    least = {
      troupe: Math.min(least.troupe, importMs("troupe", project)),
      aiSdk: Math.min(least.aiSdk, importMs("ai", peers)),
    };
  }
  return least;
}

/** What it costs to have Troupe at all. */
export const newcomer: Benchmark = {
  claim:
    "npm i troupe brings at most 15 packages and 15 MB, imports in 80 ms, and a minimal agent bundles to 60 kB gzip",
  run: async (scale) => {
    installPeers();
    const project = installProject();
    try {
      const { packages, bytes } = footprint(project);
      const imports = leastImportMs(project, scale.count(15, 2));
      const { ownModel, aiSdkModel } = await bundleMinimalAgent(project);
      return [
        { label: "npm i troupe, packages", value: packages, unit: "packages", limit: 15 },
        { label: "npm i troupe, on disk", value: bytes / 1e6, unit: "MB", limit: 15 },
        {
          label: 'import "troupe" in a new process',
          value: imports.troupe,
          unit: "ms",
          limit: 80,
          beside: [{ name: 'import "ai"', value: imports.aiSdk, role: "at-most" }],
        },
        { label: "a minimal agent, bundled, minified, gzip", value: ownModel / 1000, unit: "kB", limit: 60 },
        { label: "the same with an AI SDK model", value: aiSdkModel / 1000, unit: "kB", limit: 60 },
      ];
    } finally {
      removeProject(project);
    }
  },
};
