import { afterAll, describe, expect, test } from "vitest";
import { plantWorkspace } from "./planted-workspace.ts";

/** One planted violation per rule: rule name, the file that breaks it, its text. */
const violations: readonly (readonly [rule: string, path: string, text: string])[] = [
  ["layer-packages-core-message", "packages/core/src/message/up.ts", 'export { x } from "../runtime/engine.ts";'],
  ["layer-packages-core-errors", "packages/core/src/errors/up.ts", 'export type { X } from "../message/up.ts";'],
  ["core-is-lowest", "packages/core/src/agent/up.ts", 'export { entry } from "@troupe/llm";'],
  ["llm-below-agentchat", "packages/llm/src/up.ts", 'export { entry } from "@troupe/agentchat";'],
  ["agentchat-below-troupe", "packages/agentchat/src/up.ts", 'export { entry } from "@troupe/one";'],
  ["extension-below-troupe", "extensions/one/src/up.ts", 'export { entry } from "troupe";'],
  ["extension-alone", "extensions/one/src/across.ts", 'export { entry } from "@troupe/two";'],
  ["front-door-only", "packages/llm/src/deep.ts", 'export { x } from "../../core/src/runtime/engine.ts";'],
  ["sibling-by-name", "packages/llm/src/path.ts", 'export { entry } from "../../core/src/index.ts";'],
  ["no-node-in-portable", "packages/agentchat/src/node.ts", 'export { readFileSync } from "node:fs";'],
  ["no-testing-in-production", "packages/agentchat/src/fake.ts", 'export { fake } from "@troupe/core/testing";'],
  ["no-value-cycle", "packages/llm/src/cycle-a.ts", 'import { b } from "./cycle-b.ts";\nexport const a = () => b();'],
  ["resolvable", "packages/llm/src/nowhere.ts", 'export { x } from "./not-there.ts";'],
];

const innocent: Readonly<Record<string, string>> = {
  "packages/core/src/runtime/engine.ts": "export const x = 1;",
  "packages/llm/src/cycle-b.ts": 'import { a } from "./cycle-a.ts";\nexport const b = (): unknown => a;',
  "packages/llm/src/type-cycle-a.ts":
    'import type { B } from "./type-cycle-b.ts";\nexport interface A { readonly b?: B }',
  "packages/llm/src/type-cycle-b.ts":
    'import type { A } from "./type-cycle-a.ts";\nexport interface B { readonly a?: A }',
  "packages/llm/src/good.ts": 'export { entry } from "@troupe/core";',
  "packages/llm/src/good.test.ts":
    'import { fake } from "@troupe/core/testing";\nimport { readFileSync } from "node:fs";\nfake; readFileSync;',
};

describe("dependency rules", () => {
  const planted = Object.fromEntries(violations.map(([, path, text]) => [path, text]));
  const workspace = plantWorkspace({ ...innocent, ...planted });
  afterAll(() => workspace.remove());
  const printed = workspace.run("depcruise", "--output-type", "err", "packages", "extensions");
  const errors = printed.split("\n").filter((line) => line.includes("error "));

  test.each(violations)("%s catches %s", (rule, path) => {
    expect(errors.filter((line) => line.includes(`${rule}: ${path}`))).not.toEqual([]);
  });

  test("what is allowed is not reported: entries by name, type-only cycles, tests", () => {
    const names = ["packages/llm/src/good.ts", "packages/llm/src/good.test.ts", "type-cycle"];
    expect(errors.filter((line) => names.some((name) => line.includes(name)))).toEqual([]);
  });
});
