/** What the program of the chart works on: names of columns, and the limits of a readable chart. */
export interface FiguresPlan {
  readonly measure: string;
  readonly axis: string;
  readonly panel: string | null;
  readonly line: string | null;
  readonly maxPanels: number;
  readonly maxLines: number;
}

/** The program that computes what the chart shows; it reads `rows.json` and prints one JSON value. */
export function figuresProgram(plan: FiguresPlan): string {
  return `const plan = ${JSON.stringify(plan)};\n${program.trim()}`;
}

const program = String.raw`
const [head, ...rows] = JSON.parse(readFile("rows.json")).filter((row) => row.some((cell) => cell !== ""));
const at = Object.fromEntries(["measure", "axis", "panel", "line"].map((role) => [role, head.indexOf(plan[role])]));
const isNumber = (cell) => cell !== undefined && cell.trim() !== "" && Number.isFinite(Number(cell));
const good = rows.filter((row) => isNumber(row[at.measure]));
const values = [...new Set(good.map((row) => row[at.axis]))].sort((a, b) => a - b || (a < b ? -1 : 1));
const ends = [values[0], values[values.length - 1]];
const mean = (list) => (list.length === 0 ? null : list.reduce((sum, row) => sum + Number(row[at.measure]), 0) / list.length);
const means = (name, list) => {
  const [before, after] = ends.map((end) => mean(list.filter((row) => row[at.axis] === end)));
  return { name, before, after };
};
const groupsOf = (list, index) => {
  const groups = new Map();
  for (const row of list) {
    const name = index < 0 ? "all rows" : row[index];
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(row);
  }
  return groups;
};
const height = ({ before, after }) => (before ?? after ?? 0) + (after ?? before ?? 0);
const bySize = (left, right) => height(right) - height(left);
const panels = [...groupsOf(good, at.panel)].map(([name, list]) => {
  const lines = [...groupsOf(list, at.line)].map(([line, part]) => means(line, part)).sort(bySize);
  const both = lines.filter(({ before, after }) => before !== null && after !== null);
  const falls = both.filter(({ before, after }) => after < before).length;
  const rises = both.filter(({ before, after }) => after > before).length;
  return { ...means(name, list), falls, rises, lines: lines.slice(0, plan.maxLines) };
});
panels.sort(bySize);
const all = means("all rows", good);
console.log(JSON.stringify({ ends, rowCount: rows.length, skipped: rows.length - good.length, all, panels: panels.slice(0, plan.maxPanels) }));`;
