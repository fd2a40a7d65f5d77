/** Marks text for a terminal, or leaves it alone. */
export interface Palette {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  /** The colour of a speaker: the same name always has the same one. */
  speaker(name: string): string;
}

/** Select graphic rendition codes, ECMA-48 8.3.117. */
const codes = { bold: "1", dim: "2", red: "31", green: "32" } as const;
const speakerCodes: readonly string[] = ["36", "35", "33", "34", "32", "96", "95", "94"];

/** The palette of a terminal, or of plain text. */
export function createPalette(hasColours: boolean): Palette {
  const paint = (code: string, text: string): string =>
    hasColours && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
  const colourOf = new Map<string, string>();
  return {
    bold: (text) => paint(codes.bold, text),
    dim: (text) => paint(codes.dim, text),
    good: (text) => paint(codes.green, text),
    bad: (text) => paint(codes.red, text),
    speaker: (name) => {
      const code = colourOf.get(name) ?? speakerCodes[colourOf.size % speakerCodes.length] ?? codes.bold;
      colourOf.set(name, code);
      return paint(`${codes.bold};${code}`, name);
    },
  };
}

/** What a model or tool wrote, without control characters: it must not move the cursor or rename the window. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}
