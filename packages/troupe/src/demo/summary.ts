import { formatDuration } from "../terminal/human-units.ts";
import { type CallCounts, repeatedCalls, type Story } from "./story.ts";

/** A line of a table with two columns. */
export type SummaryRow = readonly [name: string, value: string];

/** The closing tables of a demonstration: what it really did, what was played, and what it cost. */
export interface Summary {
  readonly real: readonly SummaryRow[];
  readonly stoodIn: readonly SummaryRow[];
  /** What a kill in the middle came to; empty without one. */
  readonly crash: readonly SummaryRow[];
  readonly totals: readonly SummaryRow[];
}

/** Sums a story up, for the screen, the report and the page alike. */
export function summarize(story: Story, hasChart: boolean): Summary {
  return {
    real: whatWasReal(story, hasChart),
    stoodIn: whatStoodIn(story),
    crash: whatCrashed(story),
    totals: totals(story),
  };
}

function whatWasReal(story: Story, hasChart: boolean): SummaryRow[] {
  const runs = story.scenes.filter((scene) => scene.kind === "ran");
  const sandboxMs = runs.reduce((sum, scene) => sum + (scene.kind === "ran" ? scene.run.durationMs : 0), 0);
  const refused = story.refusals.filter((refusal) => refusal.isRefused).length;
  const source = story.dataSource === undefined ? "" : `; ${story.dataSource}`;
  return [
    ["runtime", "Troupe's InProcessRuntime: every turn a committed actor turn"],
    [
      "sandbox",
      `QuickJS in a worker thread: ${runs.length} programs in ${formatDuration(sandboxMs)}, ${refused} of ${story.refusals.length} reaches for the host refused`,
    ],
    ["data", `${story.dataName}, ${story.rowCount} rows${source}`],
    ["figures", "computed in the sandbox by the analyst's programs and again by the reviewer's"],
    ["chart", hasChart ? "drawn from figures computed in the sandbox" : "none: no column of this table can be charted"],
  ];
}

function whatStoodIn(story: Story): SummaryRow[] {
  if (!story.isStandIn) return [["nothing", `the words are those of ${story.modelName}`]];
  return [["the model's words", `rules in place of a language model (${story.modelName}); no model was called`]];
}

function whatCrashed({ crash }: Story): SummaryRow[] {
  if (crash === undefined) return [];
  const { seed, killedAt, eventCount, models, programs, messageCount, isSameTranscript } = crash;
  const killed =
    killedAt === undefined
      ? `not at all: the run ended before its process was to be killed (seed ${seed})`
      : `SIGKILL at event ${killedAt} of ${eventCount} (seed ${seed}); a new process went on from what was on disk`;
  const verdict = isSameTranscript === true ? "the same, word for word," : "NOT THE SAME";
  const compared = isSameTranscript === undefined ? "" : `, ${verdict} as those of a run that nobody killed`;
  return [
    ["killed", killed],
    ["model calls", describeCalls(models)],
    ["code runs", describeCalls(programs)],
    ["conversation", `${messageCount} messages${compared}`],
  ];
}

function describeCalls(counts: CallCounts): string {
  const repeated = repeatedCalls(counts);
  const again = counts.made - counts.recorded - repeated;
  const inFlight = again > 0 ? `; ${again} under way at the kill, without an outcome, made again` : "";
  const verdict = repeated === 0 ? "no recorded one repeated" : `${repeated} RECORDED ONES REPEATED`;
  return `${counts.made} made, ${counts.recorded} recorded: ${verdict}${inFlight}`;
}

function totals({ usage, turnCount, durationMs, end, isStandIn }: Story): SummaryRow[] {
  const mark = usage.areTokensEstimated ? "≈ " : "";
  const note = usage.areTokensEstimated ? " (≈: estimated, no tokenizer counted them)" : "";
  return [
    ["turns", String(turnCount)],
    ["model calls", isStandIn ? `${usage.modelCalls}, all answered by the stand-in` : String(usage.modelCalls)],
    ["tokens", `${mark}${usage.inputTokens} in, ${mark}${usage.outputTokens} out${note}`],
    ["cost", isStandIn ? "nothing: no model was called" : priceText(usage.usd)],
    ["time", formatDuration(durationMs)],
    ["stopped by", end.detail === "" ? end.kind : `${end.kind}: ${end.detail}`],
  ];
}

function priceText(usd: number | null): string {
  return usd === null ? "unknown: no price is listed for this model" : `${usd.toFixed(4)} USD`;
}
