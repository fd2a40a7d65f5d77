/** A fenced block of Markdown. */
export interface Fence {
  /** The first word behind the fence, as written; empty when there is none. */
  readonly language: string;
  readonly body: string;
  /** False when the text ends inside the block. */
  readonly isClosed: boolean;
}

interface OpenFence {
  readonly marker: string;
  readonly indent: number;
  readonly language: string;
  readonly lines: string[];
}

/**
 * Finds the fenced blocks of a Markdown text in order, by the rules of CommonMark 0.31.2, section 4.5: a fence is a line of at least three
 * backticks or tildes, closed by a line of at least as many of the same. Fences inside list items, indented deeper, count too, because
 * models write them.
 */
export function findFences(markdown: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: OpenFence | undefined;
  for (const line of markdown.split(/\r\n|\n|\r/)) {
    if (open === undefined) open = openFence(line);
    else if (closes(line, open)) {
      fences.push(toFence(open, true));
      open = undefined;
    } else open.lines.push(withoutIndent(line, open.indent));
  }
  if (open !== undefined) fences.push(toFence(open, false));
  return fences;
}

function openFence(line: string): OpenFence | undefined {
  const [, indent = "", marker, info = ""] = /^([ \t]*)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
  // Backticks behind backticks are inline code, not a fence.
  if (marker === undefined || (marker.startsWith("`") && info.includes("`"))) return undefined;
  return { marker, indent: indent.length, language: info.trim().split(/\s+/)[0] ?? "", lines: [] };
}

function closes(line: string, open: OpenFence): boolean {
  const text = line.trim();
  return text.length >= open.marker.length && text === (open.marker[0] ?? "").repeat(text.length);
}

function withoutIndent(line: string, indent: number): string {
  const blanks = line.length - line.trimStart().length;
  return line.slice(Math.min(indent, blanks));
}

function toFence(open: OpenFence, isClosed: boolean): Fence {
  return { language: open.language, body: open.lines.join("\n"), isClosed };
}
