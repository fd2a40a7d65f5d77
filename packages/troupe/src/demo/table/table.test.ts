import { TroupeError } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { parseDelimited } from "./delimited.ts";
import { describeTable, parseTable } from "./table.ts";

function failureOf(text: string): { code: string; message: string } {
  try {
    parseTable("my.csv", text);
  } catch (error) {
    if (TroupeError.isTroupeError(error)) return { code: error.code, message: error.message };
  }
  return { code: "none", message: "" };
}

describe("parseDelimited", () => {
  test.each([
    [
      "plain cells",
      "a,b\n1,2\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "no line break at the end",
      "a,b\n1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "line ends of Windows",
      "a,b\r\n1,2\r\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "quoted separators, quotes and line breaks",
      'a,b\n"x, ""y""\nz",2\n',
      [
        ["a", "b"],
        ['x, "y"\nz', "2"],
      ],
    ],
    [
      "empty cells",
      "a,b,c\n,,\n",
      [
        ["a", "b", "c"],
        ["", "", ""],
      ],
    ],
    [
      "an empty cell at the very end",
      "a,b\n1,",
      [
        ["a", "b"],
        ["1", ""],
      ],
    ],
    ["nothing", "", []],
  ])("reads %s", (_name, text, rows) => {
    const neverClosed = (line: number): never => expect.unreachable(`line ${line}`);
    expect(parseDelimited(text, ",", neverClosed)).toEqual(rows);
  });
});

describe("parseTable", () => {
  test.each([
    ["empty", "", "is empty"],
    ["only blank lines", "\n\n \n".replace(" ", ""), "is empty"],
    ["a header alone", "a,b\n", "has a header but no rows"],
    ["a column without a name", "a,,c\n1,2,3\n", "has a column without a name"],
    ["cut short within a quote", 'a,b\n1,2\n"x,3\ny,4\n', "has a quote in line 3 that never closes"],
    ["two columns of one name", "a,a\n1,2\n", "has two columns of one name"],
  ])("refuses a table that is %s, with a typed error", (_name, text, problem) => {
    const failure = failureOf(text);
    expect(failure.code).toBe("config.invalid_option");
    expect(failure.message).toContain(problem);
  });

  test.each([[","], [";"], ["\t"], ["|"]])("finds the separator %j", (separator) => {
    const table = parseTable(
      "my.csv",
      [
        ["a", "b"],
        ["1", "2"],
      ]
        .map((row) => row.join(separator))
        .join("\n"),
    );
    expect(table.separator).toBe(separator);
    expect(table.columns.map((column) => column.name)).toEqual(["a", "b"]);
  });

  test("drops a byte order mark and counts rows and different values", () => {
    const table = parseTable("my.csv", "\uFEFFcity,n\nBonn,1\nBonn,2\n\nKöln,3\n");
    expect(table.rowCount).toBe(3);
    expect(table.columns).toEqual([
      { name: "city", distinctCount: 2, firstValues: ["Bonn", "Köln"] },
      { name: "n", distinctCount: 3, firstValues: ["1", "2", "3"] },
    ]);
  });
});

test("a description names the file, every column with its first values, and the first lines", () => {
  const table = parseTable("my.csv", 'name,"say ""hi"""\nx,1\ny,2\n');
  expect(describeTable(table).split("\n")).toEqual([
    'File: "my.csv" (2 rows, separator ",")',
    "Columns:",
    '- "name": 2 different values, such as ["x","y"]',
    '- "say \\"hi\\"": 2 different values, such as ["1","2"]',
    "First lines:",
    'name,"say ""hi"""',
    "x,1",
    "y,2",
  ]);
});
