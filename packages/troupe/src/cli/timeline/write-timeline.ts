import type { CellEvent } from "@troupe/core";
import { formatDuration } from "../../terminal/human-units.ts";
import { oneLine, paint, printable, type Terminal, wrap } from "../../terminal/terminal.ts";
import { describeEvent } from "./describe-event.ts";
import { textAt } from "./json-view.ts";
import { type Moment, timeOf } from "./run-moments.ts";

/** Columns before the words: number, time, speaker. */
const numberWidth = 5;
const timeWidth = 12;
const speakerWidth = 14;
const indent = numberWidth + timeWidth + speakerWidth + 3;

/** Lines of what was said that are shown. */
const shownLines = 6;

/** Writes the course of a run: who said and did what, when after its start, with the deaths of processes in between. */
export function writeTimeline(terminal: Terminal, moments: readonly Moment[]): void {
  const startedAt = timeOf(moments[0]);
  const [first] = moments.flatMap((moment) => (moment.kind === "event" ? [moment.event.sequence] : []));
  if (first !== undefined && first > 1)
    terminal.write(paint(terminal, "dim", `${" ".repeat(indent)}events 1 to ${first - 1} were pruned\n`));
  moments.forEach((moment, index) => {
    if (moment.kind === "event") writeEvent(terminal, moment.event, startedAt);
    else writeBreak(terminal, moment, moment.at - timeOf(moments[index - 1]));
  });
}

function writeEvent(terminal: Terminal, event: CellEvent, startedAt: number): void {
  const { who, words, style, isSpeech } = describeEvent(event);
  const number = String(event.sequence).padStart(numberWidth);
  const time = `+${formatDuration(Math.max(0, event.at - startedAt))}`.padStart(timeWidth);
  const speaker = oneLine(who, speakerWidth).padEnd(speakerWidth);
  const head = `${paint(terminal, "dim", `${number}${time}`)}  ${paint(terminal, "cyan", speaker)} `;
  const body = isSpeech ? speechLines(words, terminal.width) : `${oneLine(words, terminal.width - indent)}\n`;
  terminal.write(head + (style === undefined ? body : paint(terminal, style, body)));
}

/** What was said, on a few lines; the first stands behind the head. */
function speechLines(text: string, width: number): string {
  const words = printable(text).trim();
  const lines = wrap(words === "" ? "(no words)" : words, width, " ".repeat(indent))
    .trimEnd()
    .split("\n");
  const more = lines.length - shownLines;
  const shown = lines.slice(0, shownLines).join("\n").slice(indent);
  return `${shown}\n${more > 0 ? `${" ".repeat(indent)}... and ${more} more lines\n` : ""}`;
}

function writeBreak(terminal: Terminal, moment: Exclude<Moment, { readonly kind: "event" }>, silenceMs: number): void {
  const margin = " ".repeat(numberWidth + timeWidth + 2);
  if (moment.kind === "recovered") {
    const words = `--- the process had died; another took over, ${formatDuration(Math.max(0, silenceMs))} after the last record ---`;
    terminal.write(`${margin}${paint(terminal, "yellow", words)}\n`);
    return;
  }
  const text = textAt(moment.detail, "text");
  const words = `--- ${moment.action}${text === "" ? "" : `: ${oneLine(text, 60)}`} ---`;
  terminal.write(`${margin}${paint(terminal, "magenta", words)}\n`);
}
