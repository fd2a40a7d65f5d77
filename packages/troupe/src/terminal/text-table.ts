import { oneLine, paint, type Terminal } from "./terminal.ts";

/** A column: its heading, and on which side its texts stand. */
export interface TableColumn {
  readonly name: string;
  readonly align?: "left" | "right" | undefined;
  /** Longer texts are cut. Default: as long as the longest. */
  readonly maxWidth?: number | undefined;
}

/** Writes rows under headings; columns are as wide as what they hold. */
export function writeTable(
  terminal: Terminal,
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): void {
  const cells = rows.map((row) => columns.map(({ maxWidth = 200 }, index) => oneLine(row[index] ?? "", maxWidth)));
  const widths = columns.map(({ name }, index) =>
    Math.max(name.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const lineOf = (row: readonly string[]): string =>
    columns
      .map(({ align }, index) => pad(row[index] ?? "", widths[index] ?? 0, align))
      .join("  ")
      .trimEnd();
  terminal.write(`${paint(terminal, "bold", lineOf(columns.map(({ name }) => name)))}\n`);
  for (const row of cells) terminal.write(`${lineOf(row)}\n`);
}

function pad(text: string, width: number, align: TableColumn["align"]): string {
  return align === "right" ? text.padStart(width) : text.padEnd(width);
}
