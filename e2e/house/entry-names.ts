import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const root = join(import.meta.dirname, "..", "..");

/** What one entry of a published package offers, read from its source without running it. */
export interface Entry {
  /** As a user imports it: `@troupe/core/testing`. */
  readonly specifier: string;
  /** Sorted; a name that exists only as a type is written `type Name`. */
  readonly names: readonly string[];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Every entry of every published package that has a source. */
export function publicEntries(): readonly Entry[] {
  const folders = ["packages", "extensions"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name)),
  );
  return folders.flatMap((folder) => {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (!isRecord(manifest) || !isRecord(manifest["exports"])) throw new Error(`"${folder}" exports nothing`);
    const name = String(manifest["name"]);
    return Object.entries(manifest["exports"]).flatMap(([path, target]) => {
      if (!isRecord(target)) return [];
      const file = join(folder, String(target["troupe-source"]));
      return [{ specifier: name + path.slice(1), names: exportedNames(file) }];
    });
  });
}

/** The names an entry file exports, in its own words: entries list names one by one, so syntax is enough. */
function exportedNames(file: string): readonly string[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2024, true);
  return source.statements.flatMap((statement) => namesOf(statement)).sort();
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isExportDeclaration(statement)) return reexportedNames(statement);
  if (ts.isExportAssignment(statement)) throw new Error("a default export in an entry");
  if (!ts.canHaveModifiers(statement) || !hasExport(statement)) return [];
  throw new Error(`an entry declares something itself: "${statement.getText().slice(0, 60)}"`);
}

function reexportedNames(statement: ts.ExportDeclaration): string[] {
  const clause = statement.exportClause;
  if (clause === undefined || !ts.isNamedExports(clause)) throw new Error("`export *` in an entry");
  return clause.elements.map((element) => {
    const isType = statement.isTypeOnly || element.isTypeOnly;
    return isType ? `type ${element.name.text}` : element.name.text;
  });
}

function hasExport(node: ts.HasModifiers): boolean {
  return (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword);
}

/** Every value that a browser page, a worker or this Node offers without an import, and the class behind `console`. */
export function globalNames(): ReadonlySet<string> {
  const libraries = ["lib.dom.d.ts", "lib.webworker.d.ts", "lib.es2024.full.d.ts"];
  const folder = join(root, "node_modules", "typescript", "lib");
  const declared = libraries.flatMap((library) => {
    const text = readFileSync(join(folder, library), "utf8");
    return [...text.matchAll(/^declare (?:var|let|const|function|class) (\w+)/gm)].map((match) => match[1] ?? "");
  });
  return new Set([...declared, ...Object.getOwnPropertyNames(globalThis), "Console"]);
}
