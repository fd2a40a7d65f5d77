import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { createProgram } from "../src/cli/command-line.ts";
import { exitCodes } from "../src/cli/exit-codes.ts";

const page = readFileSync(new URL("../../../docs/reference/command.md", import.meta.url), "utf8");

/** Options that every command has; the page tells of them once. */
const shared = ["--debug", "--env"];

interface Documented {
  readonly usage: string;
  readonly options: readonly string[];
}

/** What the page says, by heading. */
function documented(): Documented[] {
  return page
    .split(/^## /m)
    .filter((section) => section.startsWith("`troupe "))
    .map((section) => ({
      usage: section.slice(1, section.indexOf("`", 1)),
      options: [...section.matchAll(/^\| `(--[\w-]+)/gm)].map(([, option = ""]) => option),
    }));
}

function existing(command: Command, parent: string): Documented[] {
  const name = `${parent} ${command.name()}`.trim();
  const parts = command.registeredArguments.map((argument) => {
    const dots = argument.variadic ? "..." : "";
    return argument.required ? `<${argument.name()}${dots}>` : `[${argument.name()}${dots}]`;
  });
  const options = command.options.map(({ long }) => long ?? "").filter((long) => !shared.includes(long));
  return [
    { usage: [name, ...parts].join(" "), options },
    ...command.commands.flatMap((child) => existing(child, name)),
  ];
}

test("the reference page has every command with its options, and no others", () => {
  const commands = createProgram(() => {}).commands.flatMap((command) => existing(command, "troupe"));
  expect(commands.length).toBeGreaterThan(8);
  expect(documented()).toEqual(commands);
});

test("the reference page has the exit codes", () => {
  const codes = [...page.slice(page.indexOf("## Exit codes")).matchAll(/^\| (\d+) \|/gm)].map(([, code]) =>
    Number(code),
  );
  expect(codes).toEqual(Object.values(exitCodes));
});
