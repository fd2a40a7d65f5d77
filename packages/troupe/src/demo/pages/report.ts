import { isAgainst } from "../chart/chart.ts";
import type { Figures, Means, Panel } from "../chart/figures.ts";
import { lastReport, lastVerdict, type Story } from "../story.ts";
import { type Summary, type SummaryRow } from "../summary.ts";

/** The report as Markdown: the analyst's words, the review, the figures by group, the chart, and what was real. */
export function writeReport(story: Story, summary: Summary, figures: Figures | undefined): string {
  const sections = [
    `# ${story.dataName}: report`,
    story.isStandIn
      ? "_Words by the stand-in model, rules in place of a language model. Figures computed from the table._"
      : `_Words by ${story.modelName}._`,
    lastReport(story) ?? "The analyst did not report.",
    `## Review\n\n${lastVerdict(story) ?? "The reviewer did not speak."}`,
    ...(figures === undefined ? [] : [writeFigures(figures), "![One panel per group](chart.svg)"]),
    `## What was real\n\n${writeTable(["", ""], summary.real)}`,
    `## What stood in\n\n${writeTable(["", ""], summary.stoodIn)}`,
    ...(summary.crash.length === 0 ? [] : [`## Crash\n\n${writeTable(["", ""], summary.crash)}`]),
    `## Run\n\n${writeTable(["", ""], summary.totals)}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function writeFigures(figures: Figures): string {
  const { measure, axis } = figures.roles;
  const head = [
    figures.panelColumn ?? "",
    `${axis} ${figures.ends[0]}`,
    `${axis} ${figures.ends[1]}`,
    "change",
    "pairs that fall",
    "pairs that rise",
    "",
  ];
  const rows = figures.panels.map((panel) => [
    ...meansCells(panel),
    ...pairCells(panel),
    isAgainst(panel, figures.all) ? "against the whole" : "",
  ]);
  const whole = [...meansCells(figures.all), "", "", ""];
  return `## Mean ${measure}\n\n${writeTable(head, [...rows, whole])}`;
}

function meansCells({ name, before, after }: Means): string[] {
  const change = before === null || after === null ? "" : signed(after - before);
  return [name, before?.toFixed(2) ?? "", after?.toFixed(2) ?? "", change];
}

function pairCells({ falls, rises }: Panel): string[] {
  return [String(falls), String(rises)];
}

function writeTable(head: readonly string[], rows: readonly (readonly string[] | SummaryRow)[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll(/\s+/g, " ").replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${value.toFixed(2)}`;
}
