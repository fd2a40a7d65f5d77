import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { plainModel, textResult } from "../agentchat/speakers.ts";
import type { Benchmark } from "../harness/benchmark.ts";
import { installPeers } from "../harness/load-peer.ts";
import { footprint, installProject, removeProject } from "./installed-project.ts";

const peers = join(import.meta.dirname, "..", "peers");

/** The least program that is an agent: a model the program brings along, one question. */
const minimalAgent = `import { AssistantAgent } from "troupe";
export const ask = async (model, question) => (await new AssistantAgent({ name: "clerk", model }).run(question)).text;
`;

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

interface BundledProgram {
  ask(model: unknown, question: string): Promise<string>;
}

/** Bytes, gzipped, of a program bundled for browsers: everything a page would load. The bundle is run, so that it is known to work. */
async function bundleBytes(project: string): Promise<number> {
  const outDir = join(project, "bundle");
  mkdirSync(outDir, { recursive: true });
  const entry = join(project, "minimal-agent.js");
  writeFileSync(entry, minimalAgent);
  await build({
    root: project,
    configFile: false,
    logLevel: "error",
    // Not a library build: those keep white space and comments for the bundler that comes after.
    build: {
      outDir,
      target: "es2022",
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: entry,
        preserveEntrySignatures: "strict",
        output: { entryFileNames: "agent.js", chunkFileNames: "[name].js" },
      },
    },
  });
  const program = (await import(pathToFileURL(join(outDir, "agent.js")).href)) as BundledProgram;
  const answer = await program.ask(
    plainModel(
      () => textResult("bundled"),
      () => ["bundled"],
    ),
    "Who are you?",
  );
  if (answer !== "bundled") throw new Error(`the bundled agent said "${answer}"`);
  return readdirSync(outDir)
    .filter((name) => name.endsWith(".js"))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(outDir, name))).byteLength, 0);
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
      const bundle = await bundleBytes(project);
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
        { label: "a minimal agent, bundled, minified, gzip", value: bundle / 1000, unit: "kB", limit: 60 },
      ];
    } finally {
      removeProject(project);
    }
  },
};
