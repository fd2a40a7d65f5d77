import type { Figures, Means, Panel } from "./figures.ts";
import { escapeMarkup } from "../pages/markup.ts";
import { createScale, type Scale } from "./scale.ts";

/** Sizes of the drawing in its own units (CSS pixels at scale 1). */
const size = {
  width: 960,
  panelGap: 18,
  labelWidth: 150,
  strip: 22,
  line: 17,
  top: 92,
  bottom: 48,
  columns: 3,
} as const;

/** Two colours that stay apart for colour-blind readers (Okabe and Ito's blue and vermilion); shapes differ as well. */
const colours = { before: "#0072b2", after: "#d55e00", odd: "#fff1c9", oddLine: "#b07d00" } as const;

/**
 * A dot plot in panels, after the trellis display that made this kind of table famous (Becker, Cleveland and Shyu, 1996):
 * one panel per group, one line per subgroup, one mark per compared value. A panel that moves against the whole is tinted.
 */
export function drawChart(figures: Figures): string {
  const scale = createScale(figures.panels.flatMap((panel) => panel.lines.flatMap(valuesOf)));
  const layout = createLayout(figures);
  const panels = figures.panels.map((panel, index) => drawPanel({ panel, index, figures, layout, scale }));
  const { measure, axis } = figures.roles;
  const title = `${measure} by ${[figures.panelColumn, figures.lineColumn, axis].filter((name) => name !== undefined).join(", ")}`;
  const summary = figures.panels
    .map((panel) => `${panel.name}: ${short(panel.before)} to ${short(panel.after)}`)
    .join("; ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${layout.height}" width="${size.width}" height="${layout.height}" role="img" aria-labelledby="chart-title chart-summary" font-family="system-ui, sans-serif" font-size="11" fill="#222">`,
    `<title id="chart-title">${escapeMarkup(title)}</title>`,
    `<desc id="chart-summary">${escapeMarkup(`Mean ${measure}, ${figures.ends.join(" to ")}. ${summary}`)}</desc>`,
    `<rect width="${size.width}" height="${layout.height}" fill="#fff"/>`,
    `<text x="20" y="32" font-size="18" font-weight="600">${escapeMarkup(title)}</text>`,
    drawLegend(figures),
    ...panels,
    "</svg>",
  ].join("\n");
}

/** True when a panel moves against the whole table. */
export function isAgainst(panel: Means, all: Means): boolean {
  return changeOf(panel) * changeOf(all) < 0;
}

interface Layout {
  readonly columns: number;
  readonly panelWidth: number;
  readonly panelHeight: number;
  readonly lineNames: readonly string[];
  readonly height: number;
}

interface PanelDrawing {
  readonly panel: Panel;
  readonly index: number;
  readonly figures: Figures;
  readonly layout: Layout;
  readonly scale: Scale;
}

function createLayout(figures: Figures): Layout {
  const columns = Math.min(size.columns, Math.max(1, figures.panels.length));
  const panelRows = Math.ceil(figures.panels.length / columns);
  const lineNames = [...new Set(figures.panels.flatMap((panel) => panel.lines.map((line) => line.name)))];
  const panelWidth = (size.width - size.labelWidth - 20 - (columns - 1) * size.panelGap) / columns;
  const panelHeight = size.strip + (lineNames.length + 1) * size.line;
  const height = size.top + panelRows * (panelHeight + size.panelGap) + size.bottom - size.panelGap;
  return { columns, panelWidth, panelHeight, lineNames: orderLines(figures, lineNames), height };
}

/** Highest subgroups first, judged over all panels, so that every panel has the same order. */
function orderLines(figures: Figures, names: readonly string[]): readonly string[] {
  const height = (name: string): number => {
    const values = figures.panels.flatMap((panel) =>
      panel.lines.filter((line) => line.name === name).flatMap(valuesOf),
    );
    return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  };
  return names.toSorted((left, right) => height(right) - height(left));
}

function drawLegend({ ends, roles }: Figures): string {
  const label = (value: string): string => escapeMarkup(`${roles.axis} ${value}`);
  return [
    `<g transform="translate(20 56)">`,
    mark("before", 6, 0),
    `<text x="18" y="4">${label(ends[0])}</text>`,
    mark("after", 146, 0),
    `<text x="158" y="4">${label(ends[1])}</text>`,
    `<rect x="280" y="-8" width="16" height="16" fill="${colours.odd}" stroke="${colours.oddLine}"/>`,
    `<text x="303" y="4">moves against the whole</text>`,
    "</g>",
  ].join("");
}

function drawPanel(drawing: PanelDrawing): string {
  const { panel, index, figures, layout, scale } = drawing;
  const column = index % layout.columns;
  const left = size.labelWidth + column * (layout.panelWidth + size.panelGap);
  const top = size.top + Math.floor(index / layout.columns) * (layout.panelHeight + size.panelGap);
  const odd = isAgainst(panel, figures.all);
  const isLowest = index + layout.columns >= figures.panels.length;
  const frame = `<rect width="${layout.panelWidth}" height="${layout.panelHeight}" fill="${odd ? colours.odd : "#fafafa"}" stroke="${odd ? colours.oddLine : "#999"}"/>`;
  const strip = `<text x="8" y="15" font-weight="600">${escapeMarkup(clip(panel.name, 34))}</text><text x="${layout.panelWidth - 8}" y="15" text-anchor="end">${signed(changeOf(panel))}</text>`;
  const lines = layout.lineNames.map((name, row) => drawLine(drawing, { name, row, hasLabel: column === 0 }));
  return [
    `<g transform="translate(${left} ${top})">`,
    frame,
    strip,
    drawGrid(layout, scale, isLowest),
    ...lines,
    "</g>",
  ].join("\n");
}

function drawGrid(layout: Layout, scale: Scale, hasLabels: boolean): string {
  return scale.ticks
    .map((tick) => {
      const x = position(scale, layout, tick);
      const line = `<line x1="${x}" x2="${x}" y1="${size.strip}" y2="${layout.panelHeight}" stroke="#e2e2e2"/>`;
      const label = `<text x="${x}" y="${layout.panelHeight + 15}" text-anchor="middle" fill="#555">${short(tick)}</text>`;
      return hasLabels ? line + label : line;
    })
    .join("");
}

function drawLine(
  drawing: PanelDrawing,
  line: { readonly name: string; readonly row: number; readonly hasLabel: boolean },
): string {
  const { panel, layout, scale } = drawing;
  const y = size.strip + (line.row + 1) * size.line - 3;
  const label = line.hasLabel
    ? `<text x="-8" y="${y + 4}" text-anchor="end">${escapeMarkup(clip(line.name, 22))}</text>`
    : "";
  const means = panel.lines.find((candidate) => candidate.name === line.name);
  if (means === undefined) return label;
  const marks = (["before", "after"] as const).flatMap((end) => {
    const value = means[end];
    return value === null ? [] : [{ end, x: position(scale, layout, value) }];
  });
  const [first, last] = [marks[0], marks.at(-1)];
  const link = first && last ? `<line x1="${first.x}" x2="${last.x}" y1="${y}" y2="${y}" stroke="#bbb"/>` : "";
  return label + link + marks.map(({ end, x }) => mark(end, x, y)).join("");
}

function mark(end: "before" | "after", x: number, y: number): string {
  if (end === "before")
    return `<circle cx="${x}" cy="${y}" r="4" fill="#fff" stroke="${colours.before}" stroke-width="2"/>`;
  return `<path d="M${x} ${y - 5}l5 5l-5 5l-5 -5z" fill="${colours.after}"/>`;
}

function position(scale: Scale, layout: Layout, value: number): number {
  const inner = layout.panelWidth - 24;
  return Math.round((12 + ((value - scale.low) / (scale.high - scale.low || 1)) * inner) * 100) / 100;
}

function valuesOf({ before, after }: Means): number[] {
  return [before, after].filter((value) => value !== null);
}

function changeOf({ before, after }: Means): number {
  return before === null || after === null ? 0 : after - before;
}

function short(value: number | null): string {
  return value === null ? "none" : String(Math.round(value * 100) / 100);
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${value.toFixed(2)}`;
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
