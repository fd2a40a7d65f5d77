import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findGaps, verifiedIds } from "./coverage.ts";
import { defineRequirements, type Requirements } from "./requirement.ts";

/** Files beside the row files that hold no rows. */
const tooling = new Set(["requirement.ts", "coverage.ts", "coverage.test.ts"]);
const folder = import.meta.dirname;

/** Each `<area>.ts` exports `requirements`; its tests lie in the folder `<area>/`. */
const areas = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !tooling.has(file))
  .map((file) => file.slice(0, -".ts".length));

function readTests(area: string): readonly string[] {
  const files = readdirSync(join(folder, area), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".test.ts"),
  );
  return files.map((file) => readFileSync(join(folder, area, file), "utf8"));
}

describe("requirements", () => {
  test("there are areas", () => {
    expect(areas).toContain("core");
  });

  test.each(areas)("every requirement of %s has a test, and every test a requirement", async (area) => {
    const rows = (await import(`./${area}.ts`)) as { readonly requirements: Requirements };
    expect(rows.requirements.size).toBeGreaterThan(0);
    expect(findGaps(rows.requirements, readTests(area))).toEqual([]);
  });
});

describe("the coverage check itself", () => {
  const requirements = defineRequirements([
    { id: "x-1", text: "one", kind: "parity" },
    { id: "x-2", text: "two", kind: "replaced", replacedBy: "something else" },
  ]);

  test("sees a row without a test and a test without a row", () => {
    expect(
      findGaps(requirements, ['verifies("x-1", "one", () => {});', 'verifies(\n  "x-3", "three", () => {});']),
    ).toEqual(['nobody verifies "x-2"', '"x-3" is verified but is no requirement']);
    expect(findGaps(requirements, ['verifies("x-1", "a", f); verifies("x-2", "b", f);'])).toEqual([]);
  });

  test("does not count a test that is commented out", () => {
    expect(verifiedIds('// verifies("x-1", "one", f);\n  verifies("x-2", "two", f);')).toEqual(["x-2"]);
  });

  test("refuses an id used twice and a replacement without a reason", () => {
    const row = { id: "x-1", text: "one", kind: "parity" } as const;
    expect(() => defineRequirements([row, row])).toThrow("x-1");
    expect(() => defineRequirements([{ id: "x-1", text: "one", kind: "replaced", replacedBy: " " }])).toThrow(
      "does not say",
    );
  });
});
