import type { Refusal, SandboxRun } from "./sandbox.ts";
import type { Scene, Story } from "./story.ts";
import { wordsOf } from "./story.ts";
import type { Summary, SummaryRow } from "./summary.ts";
import { formatDuration } from "../terminal/human-units.ts";
import { paint, printable, type Style, type Terminal, wrap } from "../terminal/terminal.ts";

/** Where a demonstration is shown. */
export interface Screen extends Terminal {
  /** Replaces the line that says what is going on right now; empty removes it. Nothing on a screen that cannot. */
  status(text: string): void;
}

/** Lines of a program's output that are shown. */
const shownLines = 24;

/** Columns before the words: time and speaker. */
const indent = 21;

/** What stands before a program's output. */
const gutter = `${" ".repeat(indent)}|`;

/** The first lines: whose words these are, what is investigated. */
export function showOpening(
  screen: Screen,
  opening: Pick<Story, "modelName" | "isStandIn" | "dataName" | "dataSource" | "rowCount">,
): void {
  const words = opening.isStandIn
    ? `Stand-in model (${opening.modelName}): the words below come from rules; no language model is called.`
    : `Model: ${opening.modelName}.`;
  screen.write(`${paint(screen, "yellow", words)}\n`);
  const source = opening.dataSource === undefined ? "" : ` (${opening.dataSource})`;
  screen.write(wrap(`Data: ${printable(opening.dataName)}, ${opening.rowCount} rows${source}.`, screen.width, ""));
}

/** What programs reached for, and that the sandbox refused. */
export function showRefusals(screen: Screen, refusals: readonly Refusal[]): void {
  screen.write("\nThe sandbox, before any program of the team runs:\n");
  for (const { attempt, answer, isRefused } of refusals) {
    const verdict = isRefused ? paint(screen, "green", "refused") : paint(screen, "red", "ALLOWED");
    screen.write(`  ${verdict}  ${attempt}\n`);
    screen.write(paint(screen, "dim", wrap(printable(answer), screen.width, " ".repeat(11))));
  }
  screen.write("\n");
}

/** A scene that has just ended: who spoke or whose program ran, when, for how long. */
export function showScene(screen: Screen, scene: Scene): void {
  screen.status("");
  switch (scene.kind) {
    case "ran":
      return showRun(screen, scene.run, scene.endMs);
    case "killed":
      return showKill(screen, scene);
    case "spoke":
      return scene.isEcho ? undefined : showWords(screen, scene);
  }
}

/** The closing tables. */
export function showSummary(screen: Screen, summary: Summary): void {
  showTable(screen, "What was real", summary.real);
  showTable(screen, "What stood in", summary.stoodIn);
  if (summary.crash.length > 0) showTable(screen, "The crash", summary.crash);
  showTable(screen, "Run", summary.totals);
}

function showWords(screen: Screen, scene: Extract<Scene, { kind: "spoke" }>): void {
  const programLines = (/```\w*\n([\s\S]*?)```/.exec(scene.text)?.[1] ?? "").split("\n").length - 1;
  const words = printable(wordsOf(scene.text).replaceAll("**", ""));
  const time = formatDuration(scene.endMs - scene.startMs);
  const foot = programLines > 0 ? `[program of ${programLines} lines, ${time}]` : `[${time}]`;
  showHead(screen, scene.endMs, scene.by);
  screen.write(wrap(words === "" ? foot : words, screen.width, " ".repeat(indent)).slice(indent));
  if (words !== "") screen.write(paint(screen, "dim", `${" ".repeat(indent)}${foot}\n`));
}

/** Scenes are shown when they have ended, so time only goes forward. */
function showHead(screen: Screen, endMs: number, speaker: string): void {
  screen.write(
    `${paint(screen, "dim", clock(endMs))}  ${paint(screen, colourOf(speaker), speaker.padEnd(indent - 10))}`,
  );
}

function showRun(screen: Screen, run: SandboxRun, endMs: number): void {
  const lines = printable(run.output)
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("RESULT "));
  const hidden = Math.max(0, lines.length - shownLines);
  const whose = run.author === run.by ? "a program of its own" : `the ${run.author}'s program`;
  const outcome = run.exitCode === 0 ? `ran ${whose}` : `${whose} failed with exit code ${run.exitCode}`;
  showHead(screen, endMs, run.by);
  screen.write(paint(screen, run.exitCode === 0 ? "dim" : "red", `${outcome}, ${formatDuration(run.durationMs)}\n`));
  for (const line of lines.slice(0, shownLines)) {
    screen.write(`${paint(screen, "dim", gutter)} ${line.slice(0, screen.width - indent - 2)}\n`);
  }
  if (hidden > 0) screen.write(paint(screen, "dim", `${gutter} ... and ${hidden} more lines\n`));
}

function showKill(screen: Screen, { sequence, startMs, endMs }: Extract<Scene, { kind: "killed" }>): void {
  showHead(screen, startMs, "SIGKILL");
  const words = `the process is dead after event ${sequence}; a new one goes on ${formatDuration(endMs - startMs)} later`;
  screen.write(`${paint(screen, "red", words)}\n`);
}

function showTable(screen: Screen, title: string, rows: readonly SummaryRow[]): void {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  screen.write(`\n${paint(screen, "bold", title)}\n`);
  for (const [name, value] of rows) {
    const body = wrap(printable(value), screen.width, " ".repeat(width + 2));
    screen.write(`  ${paint(screen, "cyan", name.padEnd(width))}${body.slice(width + 2)}`);
  }
}

function colourOf(speaker: string): Style {
  return speaker === "analyst" ? "cyan" : speaker === "reviewer" ? "magenta" : "green";
}

function clock(ms: number): string {
  return `${(ms / 1000).toFixed(2).padStart(6)} s`;
}
