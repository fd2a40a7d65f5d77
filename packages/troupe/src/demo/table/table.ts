import { ConfigError } from "@troupe/core";
import { parseDelimited } from "./delimited.ts";

/** A table as the demonstration hands it to the team: the text itself, and what a newcomer would see at first glance. */
export interface Table {
  /** The name under which programs in the sandbox read it. */
  readonly fileName: string;
  readonly text: string;
  readonly separator: string;
  readonly columns: readonly TableColumn[];
  readonly rowCount: number;
}

/** A column at first glance: how varied it is and its first values. */
export interface TableColumn {
  readonly name: string;
  readonly distinctCount: number;
  readonly firstValues: readonly string[];
}

/** Values of a column, lines of the file, and characters of each, that a description shows. */
const shown = { values: 5, lines: 4, valueLength: 60, lineLength: 300 } as const;

/** Separators that are tried, by how often they occur in the first line. */
const separators = [",", ";", "\t", "|"];

/**
 * Reads delimited text into a table: names in the first line, at least one row below.
 *
 * @throws ConfigError `config.invalid_option` when the text is empty, has no rows, or its column names are missing or repeated.
 */
export function parseTable(fileName: string, text: string): Table {
  const plain = text.replace(/^\uFEFF/, "");
  const headLine = plain.slice(0, plain.search(/\r?\n|$/));
  const separator =
    separators.toSorted((left, right) => headLine.split(right).length - headLine.split(left).length)[0] ?? ",";
  const [names, ...rows] = rowsOf({ fileName, text: plain, separator }).filter((row) =>
    row.some((cell) => cell !== ""),
  );
  if (names === undefined) throw unusable(fileName, "is empty", someRows);
  if (rows.length === 0) throw unusable(fileName, "has a header but no rows", someRows);
  if (names.some((name) => name.trim() === ""))
    throw unusable(fileName, "has a column without a name", "Name every column.");
  if (new Set(names).size < names.length)
    throw unusable(fileName, "has two columns of one name", "Rename one of them in the first line.");
  const columns = names.map((name, index) =>
    describeColumn(
      name,
      rows.map((row) => row[index] ?? ""),
    ),
  );
  return { fileName, text: plain, separator, columns, rowCount: rows.length };
}

/** The cells of a table, its header first. @throws ConfigError `config.invalid_option` for a quote that never closes. */
export function rowsOf({ fileName, text, separator }: Pick<Table, "fileName" | "text" | "separator">): string[][] {
  return parseDelimited(text, separator, (line) => {
    throw unusable(
      fileName,
      `has a quote in line ${line} that never closes`,
      "Close it, or double a quote that belongs to a cell.",
    );
  });
}

/** The description of a table in a task: its file, its columns with some values, its first lines. */
export function describeTable(table: Table): string {
  const columns = table.columns.map(
    ({ name, distinctCount, firstValues }) =>
      `- ${JSON.stringify(name)}: ${distinctCount} different values, such as ${JSON.stringify(firstValues)}`,
  );
  const file = `File: ${JSON.stringify(table.fileName)} (${table.rowCount} rows, separator ${JSON.stringify(table.separator)})`;
  const lines = table.text
    .trimEnd()
    .split(/\r?\n/, shown.lines)
    .map((line) => line.slice(0, shown.lineLength));
  return [file, "Columns:", ...columns, "First lines:", ...lines].join("\n");
}

function describeColumn(name: string, cells: readonly string[]): TableColumn {
  const distinct = new Set(cells);
  const firstValues = [...distinct].slice(0, shown.values).map((value) => value.slice(0, shown.valueLength));
  return { name, distinctCount: distinct.size, firstValues };
}

const someRows = "Give a CSV file with column names in its first line and at least one row below.";

function unusable(fileName: string, problem: string, remedy: string): ConfigError {
  return new ConfigError("config.invalid_option", `The table "${fileName}" ${problem}.`, {
    remedy,
    details: { file: fileName },
  });
}
