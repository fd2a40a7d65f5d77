// What a user's compiler pays for our types: the programs of e2e/programs and the code of the documents, compiled as a project
// of their own against the built declarations, must stay within a budget of time and type instantiations. Needs a build.
// The budget is processor time: it measures our types and not what else the machine is doing.
import { globSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../run-step.ts";
import { report } from "../tracked-files.ts";
import { userOptions } from "../user-options.ts";

const leastPrograms = 40;
const maxSeconds = 5;
const maxInstantiations = 100_000;

const files = globSync(["e2e/programs/*/*.ts", "out/docs-code/*.ts"], { cwd: root });
const { options } = ts.convertCompilerOptionsFromJson(userOptions, root);

const startedAt = process.cpuUsage();
const program = ts.createProgram(
  files.map((file) => join(root, file)),
  options,
);
const diagnostics = ts.getPreEmitDiagnostics(program);
const used = process.cpuUsage(startedAt);
const seconds = (used.user + used.system) / 1_000_000;
const instantiations = program.getInstantiationCount();

const problems = diagnostics.length === 0 ? [] : [ts.formatDiagnostics(diagnostics, formatHost())];
if (files.length < leastPrograms) problems.push(`${files.length} programs, at least ${leastPrograms} are wanted`);
if (seconds > maxSeconds) problems.push(`the compiler took ${seconds.toFixed(1)} s, at most ${maxSeconds}`);
if (instantiations > maxInstantiations) {
  problems.push(`${instantiations} instantiations, at most ${maxInstantiations}`);
}
report(
  problems,
  `${files.length} programs: ${seconds.toFixed(1)} s of processor time, ${instantiations} instantiations`,
);

function formatHost(): ts.FormatDiagnosticsHost {
  return { getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => "\n" };
}
