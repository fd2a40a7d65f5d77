import { afterAll, describe, expect, test } from "vitest";
import { plantWorkspace } from "./planted-workspace.ts";

const lines = (count: number): string => Array.from({ length: count }, (_, i) => `  total += ${i};`).join("\n");
const run = "declare function run(): Promise<void>;\n";

/** One planted violation per rule: rule, the file that breaks it, its text. */
const violations: readonly (readonly [rule: string, path: string, text: string])[] = [
  ["no-floating-promises", "packages/llm/src/floating.ts", `${run}export function go(): void {\n  run();\n}`],
  [
    "no-floating-promises",
    "packages/llm/src/thenable.ts",
    "declare function start(): PromiseLike<void>;\nexport function go(): void {\n  start();\n}",
  ],
  [
    "no-misused-promises",
    "packages/llm/src/misused.ts",
    `${run}export function go(): number {\n  return run() ? 1 : 2;\n}`,
  ],
  [
    "switch-exhaustiveness-check",
    "packages/llm/src/switch.ts",
    'export function go(kind: "a" | "b"): void {\n  switch (kind) {\n    case "a":\n      break;\n  }\n}',
  ],
  ["no-explicit-any", "packages/llm/src/any.ts", "export const x: any = 1;"],
  [
    "no-non-null-assertion",
    "packages/llm/src/bang.ts",
    "export const go = (x: string | undefined): number => x!.length;",
  ],
  [
    "consistent-type-assertions",
    "packages/llm/src/assertion.ts",
    "export const go = (x: unknown): string => x as string;",
  ],
  ["max-lines", "packages/llm/src/long-file.ts", `export let total = 0;\n{\n${lines(400)}\n}`],
  [
    "max-lines-per-function",
    "packages/llm/src/long.ts",
    `export function go(): number {\n  let total = 0;\n${lines(60)}\n  return total;\n}`,
  ],
  ["max-params", "packages/llm/src/wide.ts", "export const go = (a: 1, b: 2, c: 3, d: 4): number => a + b + c + d;"],
  ["no-default-export", "packages/llm/src/default.ts", "export default 1;"],
  ["filename-case", "packages/llm/src/CamelCase.ts", "export const x = 1;"],
  ["no-restricted-properties", "packages/core/src/async/now.ts", "export const now = (): number => Date.now();"],
  [
    "no-restricted-properties",
    "packages/agentchat/src/chance.ts",
    "export const chance = (): number => Math.random();",
  ],
  [
    "no-restricted-properties",
    "packages/llm/src/signal.ts",
    "export const go = (a: AbortSignal): AbortSignal => AbortSignal.any([a]);",
  ],
  ["id-denylist", "packages/llm/src/short.ts", "export const go = (ctx: number): number => ctx;"],
  ["no-eval", "packages/llm/src/eval.ts", 'export const go = (): unknown => eval("1");'],
];

const innocent: Readonly<Record<string, string>> = {
  "packages/llm/src/time.ts": "export const now = (): number => Date.now();",
  "packages/llm/src/constant.ts": 'export const kinds = ["a", "b"] as const;',
  "packages/llm/src/big.data.ts": `let total = 0;
{
${lines(400)}
}
export const sum = total;`,
};

describe("lint rules", () => {
  const planted = Object.fromEntries(violations.map(([, path, text]) => [path, `${text}\n`]));
  const workspace = plantWorkspace({ ...innocent, ...planted });
  afterAll(() => workspace.remove());
  const printed = workspace.run("oxlint", "--format=unix", "packages");
  const errors = printed.split("\n");

  test.each(violations)("%s catches %s", (rule, path) => {
    const found = errors.filter((line) => line.startsWith(`${path}:`) && line.includes(`(${rule})`));
    expect(found, printed).not.toEqual([]);
  });

  test.each(Object.keys(innocent))("%s is fine", (path) => {
    expect(errors.filter((line) => line.startsWith(`${path}:`))).toEqual([]);
  });
});
