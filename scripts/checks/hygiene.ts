// No tracked file names a package registry's host (a lockfile that does ties every user to it), an absolute path of
// somebody's machine, or a private key. The patterns are put together from parts so that this file passes its own check.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run-step.ts";
import { report, trackedFiles } from "../tracked-files.ts";

const hosts = [
  ["registry", "npmjs", "org"],
  ["registry", "npmjs", "com"],
  ["registry", "yarnpkg", "com"],
  ["registry", "npmmirror", "com"],
  ["npm", "pkg", "github", "com"],
  ["npm", "jsr", "io"],
  ["files", "pythonhosted", "org"],
].map((parts) => parts.join("\\."));
const paths = [
  ["", "home", "[a-z]+", ""],
  ["", "Users", "[A-Za-z]+", ""],
  ["", "work", "(main|shared)\\b"],
  ["", "tmp", "brief"],
  ["", "opt", "node\\d"],
].map((parts) => parts.join("/"));
const keys = [["-----BEGIN", "[A-Z ]*PRIVATE KEY"].join(" "), `\\b${"sk"}-(proj|ant)-[A-Za-z0-9]{20}`];
const forbidden = new RegExp([...hosts, ...paths, ...keys].map((pattern) => `(?:${pattern})`).join("|"));

function problemsIn(path: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  if (text.includes("\0")) return [];
  return text.split("\n").flatMap((line, index) => {
    const hit = forbidden.exec(line);
    return hit === null ? [] : [`${path}:${index + 1}: "${hit[0]}" must not be in a tracked file`];
  });
}

const files = trackedFiles();
report(files.flatMap(problemsIn), `${files.length} files are clean`);
