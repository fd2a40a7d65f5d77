import { CodeExecutionError, TroupeError } from "@troupe/core";
import type { CodeExecutor } from "@troupe/llm";

import { figuresProgram } from "./figures-program.ts";
import { inferRoles, type Roles } from "../stand-in/columns.ts";
import { describeTable, rowsOf, type Table } from "../table/table.ts";

/** The mean of the measure at both ends of the axis, over a set of rows; null where the set has no row. */
export interface Means {
  readonly name: string;
  readonly before: number | null;
  readonly after: number | null;
}

/** A panel of the chart: a group of rows, and its subgroups as lines of dots. */
export interface Panel extends Means {
  readonly falls: number;
  readonly rises: number;
  readonly lines: readonly Means[];
}

/** What the chart and the tables of the report are drawn from; every number in it was computed in the sandbox. */
export interface Figures {
  readonly roles: Roles;
  readonly panelColumn: string | undefined;
  readonly lineColumn: string | undefined;
  readonly ends: readonly [string, string];
  readonly rowCount: number;
  readonly skipped: number;
  readonly all: Means;
  readonly panels: readonly Panel[];
}

/** Most panels, and most lines in a panel, that a chart stays readable with. */
const maxPanels = 12;
const maxLines = 40;

/**
 * Computes the figures of the chart in the sandbox, from the table alone; undefined when no column can play a role in a chart.
 *
 * @throws CodeExecutionError `code.program_failed` when the program does not print figures; the signal's reason after an abort.
 */
export async function computeFigures(
  table: Table,
  executor: CodeExecutor,
  signal?: AbortSignal,
): Promise<Figures | undefined> {
  const roles = rolesOf(table);
  if (roles === undefined) return undefined;
  const [panelColumn, lineColumn] = roles.groups.toSorted(
    (left, right) => distinctCount(table, left) - distinctCount(table, right),
  );
  const plan = {
    measure: roles.measure,
    axis: roles.axis,
    panel: panelColumn ?? null,
    line: lineColumn ?? null,
    maxPanels,
    maxLines,
  };
  const files = { "rows.json": JSON.stringify(rowsOf(table)) };
  const result = await executor.execute([{ code: figuresProgram(plan), language: "javascript" }], { files, signal });
  const printed = result.exitCode === 0 ? parseFigures(result.output) : undefined;
  if (printed === undefined) throw programFailed(result.output);
  return { roles, panelColumn, lineColumn, ...printed };
}

function rolesOf(table: Table): Roles | undefined {
  try {
    return inferRoles(describeTable(table));
  } catch (error) {
    if (error instanceof TroupeError && error.code === "model.stand_in_cannot") return undefined;
    throw error;
  }
}

function distinctCount(table: Table, name: string): number {
  return table.columns.find((column) => column.name === name)?.distinctCount ?? 0;
}

type PrintedFigures = Omit<Figures, "roles" | "panelColumn" | "lineColumn">;

function parseFigures(output: string): PrintedFigures | undefined {
  try {
    const value: unknown = JSON.parse(output);
    return isPrintedFigures(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPrintedFigures(value: unknown): value is PrintedFigures {
  return (
    typeof value === "object" && value !== null && "ends" in value && "panels" in value && Array.isArray(value.panels)
  );
}

function programFailed(output: string): CodeExecutionError {
  return new CodeExecutionError(
    "code.program_failed",
    `The program that computes the chart's figures failed: ${output.slice(0, 500)}`,
    {
      remedy: "Look at the table: the measure needs a number in most rows, and the compared column two values.",
    },
  );
}
