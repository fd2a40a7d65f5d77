import type { RunEvent, RunResult } from "@troupe/agentchat";
import type { SandboxRun } from "./sandbox.ts";
import type { Scene, Story, StoryUsage } from "./story.ts";

/** What a run contributes to its story. */
export type RunStory = Pick<Story, "scenes" | "turnCount" | "usage" | "end">;

/** Turns the events of a run into scenes as they happen. */
export interface Storyteller {
  /** Hears an event of the run. */
  hear(event: RunEvent): void;
  /** Hears of a program that ran. */
  readonly ran: (run: SandboxRun) => void;
  /** The story of a finished run. */
  tell(result: RunResult<undefined>): RunStory;
}

/** Where a storyteller takes the time from, and who hears each scene. */
export interface StorytellerOptions {
  readonly now: () => number;
  readonly onScene: (scene: Scene) => void;
}

/**
 * Makes the storyteller of one run. A turn begins where the one before it ended: the team speaks one at a time.
 *
 * 1. Scenes are told in the order in which they ended.
 */
export function createStoryteller({ now, onScene }: StorytellerOptions): Storyteller {
  const startedAt = now();
  const scenes: Scene[] = [];
  const counts = { turns: 0, modelCalls: 0, turnStartMs: 0 };
  const add = (scene: Scene): void => {
    scenes.push(scene);
    onScene(scene);
  };
  return {
    hear: (event) => {
      if (event.kind !== "message" || event.message.source === "user") return;
      const endMs = now() - startedAt;
      counts.turns += 1;
      const { source: by, text } = event.message;
      const last = scenes.at(-1);
      const isEcho = by === "runner" && last?.kind === "ran" && last.run.by === by;
      add({ kind: "spoke", by, text, isEcho, startMs: counts.turnStartMs, endMs });
      counts.turnStartMs = endMs;
    },
    ran: (run) => {
      const endMs = now() - startedAt;
      add({ kind: "ran", run, startMs: Math.max(0, endMs - run.durationMs), endMs });
    },
    tell: (result) => ({
      scenes,
      turnCount: counts.turns,
      usage: usageOf(result),
      end: { kind: result.stopReason.kind, detail: result.stopReason.detail },
    }),
  };
}

function usageOf(result: RunResult<undefined>): StoryUsage {
  const { inputTokens, outputTokens, usd, estimated, calls } = result.usage.total;
  return { inputTokens, outputTokens, usd, areTokensEstimated: estimated, modelCalls: calls };
}
