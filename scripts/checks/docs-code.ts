// Code in documents is code: every ```ts block of every README and of docs/ is compiled against the built declarations under
// the strictest options a user can have (needs a build), and blocks marked ```ts run are run, as are ```sh run blocks. A block is a module of its own.
// There is no way to opt out of compiling: a fragment that cannot compile is not an example.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, runStep, type Step } from "../run-step.ts";
import { report, trackedFiles } from "../tracked-files.ts";
import { userOptions } from "../user-options.ts";

const folder = join("out", "docs-code");
const isDocument = (path: string): boolean =>
  path.endsWith(".md") &&
  /^(README\.md|docs\/|packages\/[^/]+\/README|extensions\/[^/]+\/README|examples\/)/.test(path);

interface Block {
  readonly document: string;
  readonly line: number;
  readonly language: string;
  readonly isRun: boolean;
  readonly code: string;
}

/** The fenced blocks of one document, with the line where the code begins. */
function blocksOf(document: string): Block[] {
  const text = readFileSync(join(root, document), "utf8");
  return [...text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```\s*$/gm)].map((match) => {
    const [, language = "", flags = "", code = ""] = match;
    const line = text.slice(0, match.index).split("\n").length + 1;
    return { document, line, language, isRun: flags.trim().split(/\s+/).includes("run"), code };
  });
}

/** `docs/tutorial/first.md` line 12 becomes `docs-tutorial-first-12.ts`. */
function fileName({ document, line }: Block): string {
  return `${document.replace(/\.md$/, "").replaceAll(/[^A-Za-z0-9]+/g, "-")}-${line}.ts`;
}

function writeProgram(blocks: readonly Block[]): void {
  rmSync(join(root, folder), { recursive: true, force: true });
  mkdirSync(join(root, folder), { recursive: true });
  for (const block of blocks) writeFileSync(join(root, folder, fileName(block)), `${block.code}\nexport {};\n`);
  const config = { compilerOptions: { ...userOptions, noUncheckedIndexedAccess: true }, include: ["*.ts"] };
  writeFileSync(join(root, folder, "tsconfig.json"), JSON.stringify(config));
}

function runOf(block: Block): Step {
  const name = `${block.document}:${block.line}`;
  const isShell = block.language === "sh";
  const node: Step["command"] = ["node", "--conditions=troupe-source", join(folder, fileName(block))];
  return { name, command: isShell ? ["bash", "-euo", "pipefail", "-c", block.code] : node, timeoutMs: 60_000 };
}

const blocks = trackedFiles().filter(isDocument).flatMap(blocksOf);
const programs = blocks.filter(({ language }) => language === "ts");
const runs = blocks.filter(({ language, isRun }) => isRun && (language === "ts" || language === "sh"));
const problems: string[] = [];
writeProgram(programs);
if (programs.length > 0) {
  const { isOk, output } = await runStep({ name: "compile", command: ["tsc", "-p", folder] });
  if (!isOk) problems.push(output.trim());
}
for (const block of runs) {
  const { isOk, output, step } = await runStep(runOf(block));
  if (!isOk) problems.push(`${step.name} fails:\n${output.trim()}`);
}
report(problems, `${programs.length} blocks compile, ${runs.length} run`);
