import { styleText } from "node:util";

/** Where lines go. */
export interface Terminal {
  write(text: string): void;
  readonly isColoured: boolean;
  /** Characters in a line. */
  readonly width: number;
}

/** How text can look. */
export type Style = "bold" | "dim" | "cyan" | "green" | "yellow" | "red" | "magenta";

/** Widest line that stays readable. */
const maxWidth = 110;

/** Standard output: coloured where a person looks at it and has not said otherwise. */
export function standardOutput(): Terminal {
  const { isTTY, columns } = process.stdout;
  return {
    write: (text) => void process.stdout.write(text),
    isColoured: isTTY === true && (process.env["NO_COLOR"] ?? "") === "",
    width: Math.max(60, Math.min(maxWidth, columns || maxWidth)),
  };
}

/** Text in a style, where there are colours. */
export function paint(terminal: Pick<Terminal, "isColoured">, style: Style, text: string): string {
  return terminal.isColoured ? styleText(style, text, { validateStream: false }) : text;
}

/** Text of models, programs and tables, without what could control the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => (character === "\n" ? character : " "));
}

/** Printable text on one line, cut at a length. */
export function oneLine(text: string, length: number): string {
  const line = printable(text).replaceAll(/\s+/g, " ").trim();
  return line.length <= length ? line : `${line.slice(0, Math.max(0, length - 3))}...`;
}

/** Breaks text into lines of at most `width` characters, each behind `margin`; ends with a line break. */
export function wrap(text: string, width: number, margin: string): string {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && margin.length + line.length + word.length + 1 > width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line) => `${line === "" ? "" : margin + line}\n`).join("");
}
