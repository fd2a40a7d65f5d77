/**
 * Splits delimited text into rows of cells, quotes and line breaks within quotes included (RFC 4180).
 *
 * A last empty line is no row. A quote that never closes would swallow the rest: it is told to `onOpenQuote`, with its line.
 */
export function parseDelimited(text: string, separator: string, onOpenQuote: (line: number) => never): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let position = 0;
  while (position < text.length) {
    const cell =
      text[position] === '"' ? quotedCell(text, position, onOpenQuote) : plainCell(text, separator, position);
    row.push(cell.value);
    position = cell.end;
    if (text[position] === separator) {
      position += 1;
      if (position === text.length) row.push("");
      continue;
    }
    rows.push(row);
    row = [];
    position += text.startsWith("\r\n", position) ? 2 : 1;
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

interface Cell {
  readonly value: string;
  readonly end: number;
}

function plainCell(text: string, separator: string, start: number): Cell {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== "\n" && text[end] !== "\r") end += 1;
  return { value: text.slice(start, end), end };
}

function quotedCell(text: string, start: number, onOpenQuote: (line: number) => never): Cell {
  let value = "";
  let position = start + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote < 0) return onOpenQuote(text.slice(0, start).split("\n").length);
    value += text.slice(position, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    position = quote + 2;
  }
}
