import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Every module that `entry` loads, with what it imports by name; type imports load nothing. */
function importsOf(entry: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const open = [entry];
  for (let url = open.pop(); url !== undefined; url = open.pop()) {
    if (found.has(url)) continue;
    const source = readFileSync(new URL(url), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
    const statements = source.matchAll(/^(?:import|export)\s+(?!type\s)[^;"]*?from "([^"]+)";|^import "([^"]+)";/gm);
    const names = [...statements].map(([, from, bare]) => from ?? bare ?? "");
    found.set(url, names);
    for (const name of names) {
      if (name.startsWith(".")) open.push(new URL(name, url).href);
      else if (name === "troupe" || name.startsWith("@troupe/")) open.push(import.meta.resolve(name));
    }
  }
  return found;
}

test.each(["troupe", "troupe/testing"])("%s loads nothing of Node, nor the command line or the sandbox", (entry) => {
  const imports = importsOf(import.meta.resolve(entry));
  expect(imports.size).toBeGreaterThan(20);
  const foreign = new Set(
    [...imports.values()].flat().filter((name) => !name.startsWith(".") && !name.startsWith("@troupe/")),
  );
  for (const name of foreign) expect(["@cfworker/json-schema", "@standard-schema/spec"]).toContain(name);
  expect([...imports.keys()].filter((url) => /\/(cli|demo|node|wasm-exec)\//.test(url))).toEqual([]);
});
