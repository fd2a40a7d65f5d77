import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const families = "delivery|config|serialization|state|wait|store|model|tool|code|team|run";
/** Strings that look like codes and are file names. */
const fileNames = new Set(["run.html", "team.ts"]);

function codesIn(path: string, pattern: RegExp, group = 1): string[] {
  return [...readFileSync(join(root, path), "utf8").matchAll(pattern)].map((match) => match[group] ?? "");
}

const sources = globSync(["packages/*/src/**/*.ts", "extensions/*/src/**/*.ts"], { cwd: root }).filter(
  (path) => !path.includes(".test"),
);
const inCode = new Set(sources.flatMap((path) => codesIn(path, new RegExp(`"((?:${families})\\.[a-z_]+)"`, "g"))));
for (const name of fileNames) inCode.delete(name);
const rows = codesIn("docs/reference/error-codes.md", /^\| [^|]*/gm, 0).flatMap((cell) =>
  [...cell.matchAll(/`([a-z]+\.[a-z_]+)`/g)].map((match) => match[1] ?? ""),
);

describe("the page of error codes", () => {
  test("has a row for every code in the sources", () => {
    expect([...inCode].filter((code) => !rows.includes(code)).sort()).toEqual([]);
  });

  test("has no row for a code that does not exist", () => {
    expect(rows.filter((code) => !inCode.has(code))).toEqual([]);
  });

  test("names each code once", () => {
    expect(rows.length).toBeGreaterThan(80);
    expect(new Set(rows).size).toBe(rows.length);
  });
});
