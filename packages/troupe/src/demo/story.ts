import type { Refusal, SandboxRun } from "./sandbox.ts";

/** One thing that happened in a run, in order: somebody spoke, a program ran, or the process was killed and another went on. */
export type Scene =
  | {
      readonly kind: "spoke";
      readonly by: string;
      readonly text: string;
      /** The words are what the program before them printed: shown once is enough. */
      readonly isEcho: boolean;
      readonly startMs: number;
      readonly endMs: number;
    }
  | { readonly kind: "ran"; readonly run: SandboxRun; readonly startMs: number; readonly endMs: number }
  | {
      readonly kind: "killed";
      /** The last event of the process that was killed. */
      readonly sequence: number;
      readonly startMs: number;
      readonly endMs: number;
    };

/** What a run cost. `usd` is null when the price is unknown. */
export interface StoryUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly areTokensEstimated: boolean;
  readonly modelCalls: number;
  readonly usd: number | null;
}

/** How a run ended: `kind` and words. */
export interface StoryEnd {
  readonly kind: string;
  readonly detail: string;
}

/** A finished investigation: everything that the summary and the written files show. */
export interface Story {
  readonly modelName: string;
  /** True when no model was called and rules supplied the words. */
  readonly isStandIn: boolean;
  readonly dataName: string;
  readonly dataSource: string | undefined;
  readonly rowCount: number;
  readonly refusals: readonly Refusal[];
  readonly scenes: readonly Scene[];
  readonly turnCount: number;
  readonly usage: StoryUsage;
  readonly end: StoryEnd;
  readonly durationMs: number;
  /** What a crash in the middle came to, where there was one. */
  readonly crash?: CrashStory | undefined;
}

/** A run that was killed in the middle and went on in another process. */
export interface CrashStory {
  readonly seed: number;
  /** The event at which the process was killed; undefined when the run had ended before it came to that. */
  readonly killedAt: number | undefined;
  /** Events of the whole run. */
  readonly eventCount: number;
  readonly models: CallCounts;
  readonly programs: CallCounts;
  /** Messages of the run, and whether a run that nobody killed has the same; undefined where there is none to compare with. */
  readonly messageCount: number;
  readonly isSameTranscript: boolean | undefined;
}

/** How often something was done, over both processes. */
export interface CallCounts {
  readonly made: number;
  /** Outcomes in the log. */
  readonly recorded: number;
  /** Under way at the kill, without an outcome. */
  readonly inFlight: number;
}

/** Calls that were made although their outcome was recorded: there must be none. */
export function repeatedCalls({ made, recorded, inFlight }: CallCounts): number {
  return Math.max(0, made - recorded - inFlight);
}

/** The words of a message without its programs. */
export function wordsOf(text: string): string {
  return text.replaceAll(/```[\s\S]*?(```|$)/g, "").trim();
}

/** The last report of the analyst, without its programs; undefined when there is none. */
export function lastReport(story: Story): string | undefined {
  const spoken = story.scenes.filter((scene) => scene.kind === "spoke" && scene.by === "analyst");
  const reports = spoken.map((scene) => (scene.kind === "spoke" ? wordsOf(scene.text) : ""));
  const report = reports.findLast((text) => /^\W*REPORT\b/.test(text)) ?? reports.findLast((text) => text !== "");
  return report?.replace(/^\W*REPORT\W*\n/, "").trim();
}

/** What the reviewer said last; undefined when it never spoke. */
export function lastVerdict(story: Story): string | undefined {
  const last = story.scenes.findLast((scene) => scene.kind === "spoke" && scene.by === "reviewer");
  return last?.kind === "spoke" ? wordsOf(last.text) : undefined;
}
