import { describe, expect, test } from "vitest";
import { globalNames, publicEntries } from "./entry-names.ts";

const entries = publicEntries();

describe("public entries", () => {
  // A name that appears or goes is a decision: look at the difference, then `npx vitest run e2e/house -u`.
  test.each(entries)("$specifier exports exactly the pinned names", async ({ specifier, names }) => {
    const file = specifier.replaceAll(/[@/]+/g, "-").replace(/^-/, "");
    await expect(`${names.join("\n")}\n`).toMatchFileSnapshot(`__snapshots__/${file}.txt`);
  });

  test.each(entries)("$specifier loads, and offers at run time what it lists", async ({ specifier, names }) => {
    const loaded: unknown = await import(/* @vite-ignore */ specifier);
    const values = names.filter((name) => !name.startsWith("type "));
    expect(Object.keys(loaded ?? {}).sort()).toEqual(values);
  });

  test("the list of globals knows the ones that people trip over", () => {
    const globals = globalNames();
    for (const name of ["Response", "Event", "File", "Image", "Console", "Buffer", "fetch"])
      expect(globals).toContain(name);
  });

  test.each(entries)("$specifier shadows no global of Node or the browser", ({ names }) => {
    const globals = globalNames();
    expect(names.map((name) => name.replace("type ", "")).filter((name) => globals.has(name))).toEqual([]);
  });
});
