// Writes the JavaScript of the portable packages: one file per entry of package.json, and shared files for what several
// entries need, so that a class has one identity. Loading is most of an import, and it costs by the file. Declarations
// come from `tsc -b`, which leaves the JavaScript of these packages to this script; their dependencies stay imports.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "rolldown";
import { root } from "./run-step.ts";

/** Packages whose files nobody finds by path at run time: no worker files, no `import.meta.url`. */
const bundled: readonly string[] = ["packages/core", "packages/llm", "packages/agentchat", "extensions/ai-sdk"];

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly "troupe-source": string; readonly default: string }>>;
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === "object" && value !== null && "exports" in value && typeof value.exports === "object";
}

/** The source file of every entry, by the path of its output below `dist/` without its extension. */
function entriesOf(packagePath: string): Record<string, string> {
  const manifest: unknown = JSON.parse(readFileSync(join(root, packagePath, "package.json"), "utf8"));
  if (!isManifest(manifest)) throw new Error(`"${packagePath}" has no exports`);
  const files = Object.values(manifest.exports).filter((target) => typeof target !== "string");
  return Object.fromEntries(
    files.map((target) => [target.default.replace(/^\.\/dist\/|\.js$/g, ""), target["troupe-source"]]),
  );
}

/** Removes JavaScript of an earlier build: a file that no entry needs any more must not be packed. */
function removeScripts(packagePath: string): void {
  const folder = join(root, packagePath, "dist");
  if (!existsSync(folder)) return;
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    if (/\.js(\.map)?$/.test(path)) rmSync(join(folder, path));
}

async function bundle(packagePath: string): Promise<void> {
  const cwd = join(root, packagePath);
  await build({
    cwd,
    input: entriesOf(packagePath),
    // Whatever is imported by name belongs to another package, or is that package's affair to find.
    external: /^[^./]/,
    platform: "neutral",
    tsconfig: false,
    transform: { target: "es2024" },
    checks: { circularDependency: true },
    onLog: (_level, log) => {
      throw new Error(`"${packagePath}" does not bundle cleanly: ${log.message}`);
    },
    output: {
      dir: join(cwd, "dist"),
      entryFileNames: "[name].js",
      chunkFileNames: "shared/[name].js",
      minify: false,
      minifyInternalExports: false,
      sourcemap: true,
      // The tarball holds `src`, where the map points.
      sourcemapExcludeSources: true,
    },
  });
}

for (const packagePath of bundled) {
  removeScripts(packagePath);
  if (!process.argv.includes("--clean")) await bundle(packagePath);
}
