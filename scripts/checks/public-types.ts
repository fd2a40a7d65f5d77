// The built declarations are what a user's compiler reads. None may say `any`, and all must compile with the user's
// library checks on (`skipLibCheck` off), because a declaration that fails to resolve turns into `any` silently.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { root } from "../run-step.ts";
import { published } from "../steps.ts";
import { report } from "../tracked-files.ts";

/** The declaration file behind every entry of a package. */
function entryDeclarations(packagePath: string): string[] {
  const manifest: unknown = JSON.parse(readFileSync(join(root, packagePath, "package.json"), "utf8"));
  if (typeof manifest !== "object" || manifest === null || !("exports" in manifest)) return [];
  return Object.values(manifest.exports ?? {})
    .filter(
      (entry: unknown): entry is { types: string } => typeof entry === "object" && entry !== null && "types" in entry,
    )
    .map((entry) => join(root, packagePath, entry.types));
}

/** Every place in a declaration file where the keyword `any` is written. */
function anyKeywords(file: ts.SourceFile): string[] {
  const places: string[] = [];
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      places.push(
        `${relative(root, file.fileName)}:${line + 1}: "any" in a public declaration: ${lineText(file, line)}`,
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return places;
}

function lineText(file: ts.SourceFile, line: number): string {
  return file.text.split("\n")[line]?.trim() ?? "";
}

const entries = published.flatMap(entryDeclarations);
const missing = entries.filter((entry) => !existsSync(entry)).map((entry) => `${relative(root, entry)}: not built`);
const program = ts.createProgram(entries, {
  target: ts.ScriptTarget.ES2024,
  module: ts.ModuleKind.NodeNext,
  lib: [
    "lib.es2024.d.ts",
    "lib.esnext.disposable.d.ts",
    "lib.dom.d.ts",
    "lib.dom.iterable.d.ts",
    "lib.dom.asynciterable.d.ts",
  ],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
});
const ours = program
  .getSourceFiles()
  .filter((file) => /^(packages|extensions)\/[^/]+\/dist\//.test(relative(root, file.fileName)));
const unresolved = ours
  .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
  .map((diagnostic) => {
    const where = diagnostic.file === undefined ? "" : `${relative(root, diagnostic.file.fileName)}: `;
    return where + ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
  });
report(
  [...missing, ...unresolved, ...ours.flatMap(anyKeywords)],
  `${entries.length} entries, ${ours.length} declaration files: no "any"`,
);
