import { ModelError } from "@troupe/core";

/** A table as the rules see it: what is measured, over which values it is compared, by what it is grouped. */
export type Roles = Readonly<Record<"file" | "separator" | "measure" | "axis", string> & { groups: readonly string[] }>;

type Column = Readonly<{ name: string; distinct: number; numeric: boolean; whole: boolean }>;

/** Infers the roles of columns from the description of a table. @throws ModelError `model.stand_in_cannot` */
export function inferRoles(task: string): Roles {
  const [, file, rows, separator] = /^File: (".*") \((\d+) rows, separator (".*")\)$/m.exec(task) ?? [];
  const columns = [...task.matchAll(/^- (".*"): (\d+) different values, such as (\[.*\])$/gm)].map(readColumn);
  const sorted = columns.toSorted((left, right) => left.distinct - right.distinct);
  const pairs = columns.filter(({ distinct }) => distinct === 2);
  const axis = pairs.find(({ numeric }) => numeric) ?? pairs[0] ?? sorted.find((one) => one.whole && one.distinct > 2);
  const numbers = sorted.filter((one) => one.numeric && one !== axis && one.distinct > 2);
  const measure = numbers.findLast((one) => !one.whole || one.distinct < Number(rows)) ?? numbers.at(-1);
  if (!file || !separator || !axis || !measure) throw cannot("finds no column to measure, or none to compare over");
  const most = Math.min(50, Number(rows) / 2);
  const groups = columns.filter((one) => one !== axis && one !== measure && one.distinct > 1 && one.distinct <= most);
  const names = { measure: measure.name, axis: axis.name, groups: groups.map(({ name }) => name) };
  return { file: text(file), separator: text(separator), ...names };
}

/** The refusal of a model that has no rule for what it was given. */
export function cannot(why: string): ModelError {
  const remedy = "It only compares a number column over two values of another. Ask a real model with --model.";
  return new ModelError("model.stand_in_cannot", `The stand-in model ${why}.`, { remedy });
}

function readColumn([, name = '""', distinct, examples = "[]"]: RegExpExecArray): Column {
  const list: unknown = JSON.parse(examples);
  const cells = Array.isArray(list) ? list.map(String) : [];
  const numbers = cells.filter((cell) => cell.trim() !== "" && Number.isFinite(Number(cell)));
  const numeric = numbers.length * 2 > cells.length;
  const whole = numeric && numbers.every((cell) => Number.isInteger(Number(cell)));
  return { name: text(name), distinct: Number(distinct), numeric, whole };
}

const text = (json: string): string => String(JSON.parse(json));
