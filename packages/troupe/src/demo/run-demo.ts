import type { RunResult } from "@troupe/agentchat";
import type { AgentRuntime } from "@troupe/core";
import type { ChatModel, CodeExecutor } from "@troupe/llm";
import { drawChart } from "./chart/chart.ts";
import { type CrashOptions, killAndResume } from "./crash/kill-and-resume.ts";
import { computeFigures } from "./chart/figures.ts";
import { createInvestigation, investigationTask } from "./investigation.ts";
import { writeReport } from "./pages/report.ts";
import { writeRunPage } from "./pages/run-page.ts";
import { probeSandbox } from "./sandbox.ts";
import { type Screen, showOpening, showRefusals, showScene, showSummary } from "./screen.ts";
import { createStoryteller, type Storyteller } from "./storyteller.ts";
import type { CrashStory, Story } from "./story.ts";
import { summarize } from "./summary.ts";
import type { Table } from "./table/table.ts";

/** What a demonstration runs on; everything outside this folder comes in here. */
export interface DemoOptions {
  readonly table: Table;
  /** What the table is called on screen, and where it is from. */
  readonly dataName: string;
  readonly dataSource?: string | undefined;
  readonly model: ChatModel;
  readonly isStandIn: boolean;
  readonly executor: CodeExecutor;
  readonly runtime: AgentRuntime;
  readonly screen: Screen;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
  /** Kills the run in the middle. Default: it runs undisturbed, in this process. */
  readonly crash?: CrashOptions | undefined;
}

/** What a demonstration leaves behind: its story, and the text of the files to write. */
export interface DemoOutcome {
  readonly story: Story;
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Runs the investigation on screen and composes its report, chart and page.
 *
 * @throws TeamError when the team fails; CodeExecutionError when the sandbox does; the signal's reason after an abort.
 */
export async function runDemo(options: DemoOptions): Promise<DemoOutcome> {
  const { screen, table, executor, signal } = options;
  const startedAt = options.now();
  const about = {
    modelName: options.model.name,
    isStandIn: options.isStandIn,
    dataName: options.dataName,
    dataSource: options.dataSource,
    rowCount: table.rowCount,
  };
  showOpening(screen, about);
  const refusals = await probeSandbox(executor, signal);
  showRefusals(screen, refusals);
  const teller = createStoryteller((scene) => showScene(screen, scene));
  const { result, crash } = await investigate(options, teller);
  const figures = await computeFigures(table, executor, signal);
  const ending = { refusals, durationMs: options.now() - startedAt };
  const story: Story = { ...about, ...ending, ...teller.tell(result), crash };
  const chart = figures === undefined ? undefined : drawChart(figures);
  const summary = summarize(story, chart !== undefined);
  showSummary(screen, summary);
  const files = { "report.md": writeReport(story, summary, figures), "run.html": writeRunPage(story, summary, chart) };
  return { story, files: chart === undefined ? files : { ...files, "chart.svg": chart } };
}

async function investigate(
  options: DemoOptions,
  teller: Storyteller,
): Promise<{ readonly result: RunResult<undefined>; readonly crash?: CrashStory }> {
  if (options.crash !== undefined) return killAndResume({ demo: options, crash: options.crash, teller });
  const { table, model, executor, runtime, screen, signal } = options;
  const run = createInvestigation({ table, model, executor }).run(investigationTask(table), { runtime, signal });
  for await (const event of run) {
    teller.hear(event);
    if (event.kind === "turn-started") screen.status(`${event.path.join("/")} is at work...`);
  }
  screen.status("");
  return { result: await run };
}
