import { arch, cpus, platform, totalmem } from "node:os";
import { type Beside, type Figure, isMet } from "./benchmark.ts";

/** A number with three significant digits, without exponents. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function formatBeside(figure: Figure, beside: Beside): string {
  const ratio = beside.value === 0 ? "" : ` (${formatValue(figure.value / beside.value)} x)`;
  return `${beside.name} ${formatValue(beside.value)}${ratio}`;
}

/** One line of the table: label, value, target, peers with the ratio, verdict. */
export function formatFigure(figure: Figure): string {
  const met = isMet(figure);
  const target = figure.limit === undefined ? "" : `<= ${formatValue(figure.limit)}`;
  const verdict = met === undefined ? "" : met ? "met" : "MISSED";
  const beside = (figure.beside ?? []).map((one) => formatBeside(figure, one)).join(", ");
  const value = `${formatValue(figure.value)} ${figure.unit}`;
  return `  ${figure.label.padEnd(62)} ${value.padStart(16)}  ${target.padEnd(10)} ${verdict.padEnd(7)} ${beside}`.trimEnd();
}

/** What the figures were measured on. */
export function describeMachine(): string {
  const [first] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${first?.model ?? "unknown CPU"}, ${cpus().length} cores, ${gigabytes} GiB, ${platform()} ${arch()}, Node ${process.versions.node}`;
}
