import { parse } from "acorn";

/** The name under which the prelude offers its watcher; unlikely to be a program's own. */
export const watcherName = "__troupeWatch";

/** Statements of these expressions may leave a promise to nobody. */
const dropping: ReadonlySet<unknown> = new Set([
  "CallExpression",
  "ChainExpression",
  "ConditionalExpression",
  "ImportExpression",
  "LogicalExpression",
  "NewExpression",
]);

interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** A program in which promises that nobody takes are watched. */
export interface WatchedProgram {
  readonly code: string;
  /** True when the code was changed: lines are the author's, columns are not. */
  readonly isChanged: boolean;
}

/**
 * Lets a program's forgotten promises be seen: the value of an expression statement such as `main();` goes through the prelude's watcher,
 * which hears of its rejection. QuickJS reports no unhandled rejections in this build, and programs that models write end with `main()`.
 *
 * Programs that mention neither `async` nor `Promise` nor `import(` make no promises and stay as they are, and so do programs that do not
 * parse: the engine will say why.
 */
export function watchPromises(code: string, isModule: boolean): WatchedProgram {
  if (!/\basync\b|\bPromise\b|\bimport\s*\(/.test(code)) return { code, isChanged: false };
  const insertions = findInsertions(code, isModule);
  if (insertions.length === 0) return { code, isChanged: false };
  let watched = "";
  let done = 0;
  for (const { at, text } of insertions) {
    watched += code.slice(done, at) + text;
    done = at;
  }
  return { code: watched + code.slice(done), isChanged: true };
}

function findInsertions(code: string, isModule: boolean): readonly Insertion[] {
  const insertions: Insertion[] = [];
  try {
    const sourceType = isModule ? "module" : "script";
    collect(parse(code, { ecmaVersion: "latest", sourceType, allowAwaitOutsideFunction: true }), insertions);
  } catch {
    return [];
  }
  return insertions.sort((left, right) => left.at - right.at);
}

/** Nodes are visited outside in, and of one node the end is pushed last; equal positions occur only between a closing and an opening. */
function collect(node: unknown, insertions: Insertion[]): void {
  if (Array.isArray(node)) {
    for (const item of node) collect(item, insertions);
    return;
  }
  if (!isRecord(node)) return;
  if (node["type"] === "ExpressionStatement") wrap(node["expression"], insertions);
  for (const key in node) collect(node[key], insertions);
}

function wrap(expression: unknown, insertions: Insertion[]): void {
  if (!isRecord(expression)) return;
  // `void main()` drops its promise all the same.
  if (expression["type"] === "UnaryExpression" && expression["operator"] === "void")
    return wrap(expression["argument"], insertions);
  const { start, end, callee } = expression;
  if (!dropping.has(expression["type"]) || typeof start !== "number" || typeof end !== "number") return;
  if (isRecord(callee) && callee["type"] === "Super") return;
  insertions.push({ at: start, text: `${watcherName}(` }, { at: end, text: ")" });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
