import type { Roles } from "./columns.ts";

/** What a program knows; a tolerant one leaves out and counts the rows without a number, a strict one stops. */
export type Plan = Roles & { readonly tolerant: boolean };

/** Part of a table: some values of one column. */
export type Part = Readonly<{ column: string; levels: readonly string[] }>;

/** Composes a program: its question, the names and values it works on (figures as a report prints them), its steps. */
function compose(question: string, values: object, body: string): string {
  const round = (_: string, value: unknown): unknown => (typeof value === "number" ? Number(value.toFixed(2)) : value);
  const lines = Object.entries(values).map(
    ([name, value]) => `const ${name} = ${JSON.stringify(value ?? null, round)};`,
  );
  return [`// ${question}`, ...lines, body.trim()].join("\n");
}

/** The analyst's program: the change of all rows and with and without a part; with `stated` it checks a report. */
export function analysisProgram(plan: Plan, part: Part | undefined, stated?: object): string {
  const question = stated ? "Does every figure of the report hold?" : "How does the measure change over the axis?";
  return compose(question, { ...plan, part, stated }, analyst);
}

/** The reviewer's program: the same by other means, and the change of every group and of every matched pair. */
export function reviewProgram(plan: Plan, part: Part | undefined): string {
  return compose("The same by other means, and in every group and every matched pair", { ...plan, part }, reviewer);
}

const analyst = String.raw`
const text = readFile(file), cells = [[""]];
for (let at = 0, quoted = false; at < text.length; at += 1) {
  const line = cells[cells.length - 1], char = text[at];
  if (char === '"' && quoted && text[at + 1] === '"') line[line.length - 1] += text[(at += 1)];
  else if (char === '"') quoted = !quoted;
  else if (char === separator && !quoted) line.push("");
  else if (char === "\n" && !quoted) cells.push([""]);
  else if (char !== "\r") line[line.length - 1] += char;
}
const [head, ...rows] = cells.filter((line) => line.join("") !== ""), data = [], skipped = [];
rows.forEach((line, row) => {
  const record = Object.fromEntries(head.map((name, at) => [name, line[at] ?? ""])), cell = record[measure];
  if (cell.trim() !== "" && Number.isFinite(Number(cell))) data.push({ record, value: Number(cell) });
  else if (tolerant) skipped.push(row + 1);
  else throw new TypeError("row " + (row + 1) + ": " + JSON.stringify(cell) + " in column " + measure + " is not a number");
});
if (skipped.length > 0) console.log("left out " + skipped.length + " rows without a number, the first is row " + skipped[0]);
const order = (a, b) => a - b || (a < b ? -1 : 1);
const levels = [...new Set(data.map(({ record }) => record[axis]))].sort(order), ends = [levels[0], levels[levels.length - 1]];
const mean = (list) => list.reduce((sum, { value }) => sum + value, 0) / list.length;
const compare = (keep) => {
  const list = data.filter(({ record }) => keep(record));
  const [before, after] = ends.map((end) => mean(list.filter(({ record }) => record[axis] === end)));
  return { rows: list.length, before, after };
};
const inside = (record) => part.levels.includes(record[part.column]), found = { all: compare(() => true) }, result = { others: [] };
if (part) {
  Object.assign(found, { without: compare((record) => !inside(record)), only: compare(inside) });
  const others = new Set(data.filter(({ record }) => !inside(record)).map(({ record }) => record[part.column]));
  const changes = [...others].map((level) => compare((record) => record[part.column] === level)).map(({ before, after }) => after - before);
  result.others = changes.filter(Number.isFinite).sort(order);
  console.log("changes in the other groups: " + result.others.map((change) => change.toFixed(2)).join(", "));
}
for (const [name, figures] of Object.entries(found)) {
  console.log(name + ": mean of " + measure + " " + figures.before.toFixed(2) + " -> " + figures.after.toFixed(2) + " over " + figures.rows + " rows");
  for (const [what, said] of Object.entries(stated?.[name] ?? {})) {
    if (Math.abs(figures[what] - said) > 0.005001) throw new Error(name + " " + what + " is " + figures[what] + ", the report says " + said);
  }
}
if (stated) console.log("every figure of the report holds");
console.log("RESULT " + JSON.stringify({ kind: stated ? "check" : "change", ends, skipped: skipped.length, ...found, ...result }));`;

const reviewer = String.raw`
const cell = new RegExp('(?:"((?:[^"]|"")*)"|([^' + separator + '\\n]*))([' + separator + ']|\\n|$)', "g"), table = [[]];
for (const [, quoted, plain, end] of readFile(file).replaceAll("\r", "").matchAll(cell)) {
  table[table.length - 1].push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
  if (end === "\n") table.push([]);
}
const [header, ...lines] = table.filter((line) => line.some((cell) => cell !== "")), at = (name) => header.indexOf(name);
const x = at(axis), y = at(measure), good = lines.filter((line) => /\S/.test(line[y] ?? "") && Number.isFinite(+line[y]));
if (good.length < lines.length && !tolerant) throw new TypeError(lines.length - good.length + " rows hold what is not a number");
const values = [...new Set(good.map((line) => line[x]))].sort((a, b) => a - b || (a < b ? -1 : 1));
const ends = [values[0], values[values.length - 1]], sums = new Map(), list = new Map();
const add = (key, line) => {
  const sum = sums.get(key) ?? { rows: 0, n: [0, 0], total: [0, 0], square: [0, 0] }, side = ends.indexOf(line[x]);
  sums.set(key, sum).get(key).rows += 1;
  if (side >= 0) (sum.n[side] += 1), (sum.total[side] += +line[y]), (sum.square[side] += line[y] ** 2);
};
for (const line of good) {
  for (const key of ["all", part?.levels.includes(line[at(part.column)]) ? "only" : "without"]) add(key, line);
  for (const by of groups) {
    const group = [by, line[at(by)]], pair = [...group, groups.filter((other) => other !== by).map((other) => line[at(other)])];
    for (const key of [group, pair]) add(JSON.stringify(key), line);
  }
}
const change = ({ rows, n, total }) => ({ rows, before: total[0] / n[0], after: total[1] / n[1] });
const variance = ({ n, total, square }, side) => Math.max(0, square[side] / n[side] - (total[side] / n[side]) ** 2) / (n[side] - 1);
for (const [key, sum] of [...sums].filter(([key]) => key.startsWith("["))) {
  const [column, level, pair] = JSON.parse(key), { before, after } = change(sum), group = JSON.stringify([column, level]);
  const error = Math.sqrt(variance(sum, 0) + variance(sum, 1));
  if (!pair) list.set(group, { column, level, ...change(sum), error, down: 0, up: 0 });
  else if (after !== before) list.get(group)[after < before ? "down" : "up"] += 1;
}
const parts = [...list.values()].sort((a, b) => groups.indexOf(a.column) - groups.indexOf(b.column));
for (const { column, level, before, after, down, up } of parts)
  console.log(column + " " + level + ": " + before.toFixed(2) + " -> " + after.toFixed(2) + "; " + down + " pairs fall, " + up + " rise");
const found = Object.fromEntries([...sums].filter(([key]) => !key.startsWith("[")).map(([key, sum]) => [key, change(sum)]));
console.log("RESULT " + JSON.stringify({ kind: "review", ends, ...found, groups: parts }));`;
