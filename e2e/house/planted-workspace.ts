import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
const packages: Readonly<Record<string, string>> = {
  "packages/core": "@troupe/core",
  "packages/llm": "@troupe/llm",
  "packages/agentchat": "@troupe/agentchat",
  "packages/troupe": "troupe",
  "extensions/one": "@troupe/one",
  "extensions/two": "@troupe/two",
};

/** A throw-away workspace of our shape, to plant violations in and see the real configuration catch them. */
export interface PlantedWorkspace {
  readonly folder: string;
  /** Runs one of our tools in it and returns everything it printed. */
  run(program: string, ...args: string[]): string;
  remove(): void;
}

/** Writes the given files (path to text) into a copy of our package layout; the tools and their configuration are ours. */
export function plantWorkspace(files: Readonly<Record<string, string>>): PlantedWorkspace {
  const folder = mkdtempSync(join(tmpdir(), "troupe-house-"));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const workspaces = ["packages/*", "extensions/*"];
  write("package.json", JSON.stringify({ name: "planted", private: true, type: "module", workspaces }));
  // Copied, not named by path: globs in a configuration are relative to the file they stand in.
  for (const file of [".oxlintrc.json", ".dependency-cruiser.mjs", "tsconfig.base.json"]) {
    copyFileSync(join(root, file), join(folder, file));
  }
  write("tsconfig.json", JSON.stringify({ extends: "./tsconfig.base.json", compilerOptions: { rootDir: "." } }));
  for (const [path, name] of Object.entries(packages)) {
    const entry = (file: string) => ({ "troupe-source": `./src/${file}.ts`, default: `./dist/${file}.js` });
    const exports = { ".": entry("index"), "./testing": entry("testing/index") };
    const dependencies = Object.fromEntries(Object.values(packages).map((sibling) => [sibling, "0.0.0"]));
    write(`${path}/package.json`, JSON.stringify({ name, version: "0.0.0", type: "module", exports, dependencies }));
    write(`${path}/src/index.ts`, "export const entry = 1;\n");
    write(`${path}/src/testing/index.ts`, "export const fake = 1;\n");
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(folder, path), link);
  }
  for (const [path, text] of Object.entries(files)) write(path, text);
  return {
    folder,
    run: (program, ...args) => {
      const child = spawnSync(join(root, "node_modules", ".bin", program), args, { cwd: folder, encoding: "utf8" });
      return child.stdout + child.stderr;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
