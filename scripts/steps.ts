// The list of everything the house checks, as data. To add a check, add one line; to add a CI-only run, add it to `ciOnly`.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root, type Step } from "./run-step.ts";

const check = (name: string): [string, ...string[]] => ["node", `scripts/checks/${name}.ts`];

/** Every workspace that ships to npm. */
export const published: readonly string[] = ["packages", "extensions"].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
);

/** Static checks, cheap first. `npm run check` runs these; `npm run verify` runs these and the tests. */
export const checks: readonly Step[] = [
  { name: "hygiene", command: check("hygiene") },
  { name: "lockfile", command: check("lockfile") },
  { name: "layout", command: check("layout") },
  { name: "format", command: ["biome", "format", "."] },
  { name: "boundaries", command: ["depcruise", "--output-type", "err-long", "packages", "extensions", "e2e", "bench"] },
  { name: "types", command: ["tsc", "-p", "."] },
  ...published.map((path): Step => ({ name: `types ${path}`, command: ["tsc", "-p", path] })),
  { name: "lint", command: ["oxlint", "--format=unix"] },
  { name: "unused", command: ["knip"] },
  { name: "build", command: ["npm", "run", "--silent", "build"] },
  { name: "public types", command: check("public-types") },
  { name: "bundle size", command: check("bundle-size") },
  { name: "docstrings", command: ["typedoc", "--emit", "none"] },
  { name: "docs code", command: check("docs-code") },
  { name: "programs", command: check("programs") },
  { name: "packaging", command: check("packages") },
];

/** The whole suite, unbuilt. Its report is counted test by test. */
export const tests: Step = {
  name: "tests",
  command: ["vitest", "run", "--reporter=default", "--reporter=json", "--outputFile.json=out/ci/vitest.json"],
  report: "out/ci/vitest.json",
  timeoutMs: 1_080_000,
};

const examples = existsSync(join(root, "examples"))
  ? readdirSync(join(root, "examples"), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    )
  : [];

/** What only CI runs, after the checks and the tests. One line per run. */
export const ciOnly: readonly Step[] = [
  { name: "demo", command: ["npm", "run", "--silent", "demo"], timeoutMs: 60_000 },
  { name: "demo --crash", command: ["npm", "run", "--silent", "demo", "--", "--crash"], timeoutMs: 90_000 },
  {
    name: "simulation",
    command: ["node", "--conditions=troupe-source", "scripts/simulate.ts", "--steps", "50000", "--seed", "ci"],
    timeoutMs: 180_000,
  },
  // 300 kills for each store, both at once.
  {
    name: "crash",
    command: ["npm", "run", "--silent", "crash", "--", "--store", "sqlite", "--store", "postgres", "--kills", "300"],
    timeoutMs: 900_000,
  },
  {
    name: "soak",
    command: ["npm", "run", "--silent", "soak", "--", "--runs", "2000", "--store-runs", "500"],
    timeoutMs: 120_000,
  },
  { name: "installed", command: check("install") },
  ...examples.map(
    (name): Step => ({ name: `example ${name}`, command: ["npm", "start", "--silent", "-w", `examples/${name}`] }),
  ),
  // Shows that every benchmark runs; figures are read, never judged, by CI.
  { name: "bench", command: ["node", "bench/main.ts", "--quick"], timeoutMs: 300_000 },
  // --- portable runs: the contract suites on every platform; `node scripts/portable.ts` without a name runs them all
  ...["node22", "node24", "node26", "deno", "bun", "workerd", "chromium"].map(
    (name): Step => ({ name: `portable ${name}`, command: ["node", "scripts/portable.ts", name] }),
  ),
  // --- end of portable runs
];
