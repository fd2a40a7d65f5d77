import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const documents = globSync(["*.md", "docs/**/*.md", "packages/*/*.md", "extensions/*/*.md", "examples/**/*.md"], {
  cwd: root,
  exclude: (path) => path.includes("node_modules"),
});

/** Targets of relative links, without their anchors. */
function linksOf(document: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? "").replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
    .map((target) => join(dirname(document), target));
}

/** Paths of this repository named in backticks, as `packages/core/src/errors`; a placeholder or a glob is none. */
function pathsOf(text: string): string[] {
  return [...text.matchAll(/`((?:packages|extensions|scripts|e2e|bench|examples|docs)\/[\w./-]+)`/g)]
    .map((match) => (match[1] ?? "").replace(/\/$/, ""))
    .filter((path) => path !== "docs/api" && !path.includes("NNNN"));
}

describe("documents", () => {
  test("there are some", () => {
    expect(documents.length).toBeGreaterThan(10);
  });

  test.each(documents)("%s names only files and folders that exist", (document) => {
    const text = readFileSync(join(root, document), "utf8");
    const missing = [...linksOf(document, text), ...pathsOf(text)].filter((path) => !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });

  test("every decision is in the index", () => {
    const index = readFileSync(join(root, "docs/decisions/README.md"), "utf8");
    const files = globSync("[0-9]*.md", { cwd: join(root, "docs/decisions") });
    expect(files.filter((file) => !index.includes(`(${file})`))).toEqual([]);
  });
});
