import type { RunEvent, RunResult } from "@troupe/agentchat";
import { readProgramAnswer, type SandboxRun } from "./sandbox.ts";
import type { Scene, Story, StoryUsage } from "./story.ts";

/** What a run contributes to its story. */
export type RunStory = Pick<Story, "scenes" | "turnCount" | "usage" | "end">;

/** Turns the events of a run into scenes as they happen. */
export interface Storyteller {
  /** Hears an event of the run. */
  hear(event: RunEvent): void;
  /** Hears that the process of the run was killed after the last event it heard. */
  killed(): void;
  /** The story of a finished run. */
  tell(result: RunResult<undefined>): RunStory;
}

/** A program that somebody asked to run, until its result is there. */
interface OpenProgram {
  readonly author: string;
  readonly code: string;
}

/**
 * Makes the storyteller of one run, from nothing but its durable events: so a run that went on in another process has one story. A turn
 * begins where the one before it ended: the team speaks one at a time.
 *
 * 1. Scenes are told in the order in which they ended.
 */
export function createStoryteller(onScene: (scene: Scene) => void): Storyteller {
  const teller = new EventTeller(onScene);
  return {
    hear: (event) => {
      if (!event.isLive) teller.hear(event);
    },
    killed: () => teller.killed(),
    tell: (result) => ({
      scenes: teller.scenes,
      turnCount: teller.turnCount,
      usage: usageOf(result),
      end: { kind: result.stopReason.kind, detail: result.stopReason.detail },
    }),
  };
}

type DurableEvent = Extract<RunEvent, { readonly isLive: false }>;

class EventTeller {
  readonly scenes: Scene[] = [];
  turnCount = 0;
  readonly #onScene: (scene: Scene) => void;
  readonly #programs = new Map<string, OpenProgram>();
  #startedAt: number | undefined;
  #turnStartMs = 0;
  #lastMs = 0;
  #lastSequence = 0;
  #killedMs: number | undefined;

  constructor(onScene: (scene: Scene) => void) {
    this.#onScene = onScene;
  }

  hear(event: DurableEvent): void {
    this.#startedAt ??= event.at;
    const endMs = event.at - this.#startedAt;
    if (this.#killedMs !== undefined) this.#goOn(this.#killedMs, endMs);
    this.#lastMs = endMs;
    this.#lastSequence = event.sequence;
    const speaker = event.path.at(-1) ?? "";
    switch (event.kind) {
      case "code-started":
        this.#programs.set(speaker, { author: "analyst", code: event.blocks.map(({ code }) => code).join("\n\n") });
        return;
      case "code-finished":
        return this.#ran(speaker, { by: speaker, ...event }, endMs);
      case "tool-call-requested":
        for (const call of event.calls)
          this.#programs.set(call.callId, { author: speaker, code: codeOf(call.arguments) });
        return;
      case "tool-call-finished": {
        const text = event.result.content.map((part) => (part.kind === "text" ? part.text : "")).join("\n");
        const { durationMs } = event;
        return this.#ran(event.result.callId, { by: speaker, durationMs, ...readProgramAnswer(text) }, endMs);
      }
      case "message":
        return event.message.source === "user" ? undefined : this.#spoke(event.message, endMs);
      default:
        return undefined;
    }
  }

  killed(): void {
    this.#killedMs = this.#lastMs;
  }

  #goOn(startMs: number, endMs: number): void {
    this.#killedMs = undefined;
    this.#add({ kind: "killed", sequence: this.#lastSequence, startMs, endMs });
    this.#turnStartMs = endMs;
  }

  #ran(key: string, outcome: Omit<SandboxRun, "author" | "code">, endMs: number): void {
    const { author = "", code = "" } = this.#programs.get(key) ?? {};
    this.#programs.delete(key);
    const { by, output, exitCode, durationMs } = outcome;
    const run: SandboxRun = { by, author, code, output, exitCode, durationMs };
    this.#add({ kind: "ran", run, startMs: Math.max(0, endMs - durationMs), endMs });
  }

  #spoke({ source: by, text }: { readonly source: string; readonly text: string }, endMs: number): void {
    this.turnCount += 1;
    const last = this.scenes.at(-1);
    const isEcho = by === "runner" && last?.kind === "ran" && last.run.by === by;
    this.#add({ kind: "spoke", by, text, isEcho, startMs: this.#turnStartMs, endMs });
    this.#turnStartMs = endMs;
  }

  #add(scene: Scene): void {
    this.scenes.push(scene);
    this.#onScene(scene);
  }
}

/** The program in the arguments of the reviewer's tool, which the tool's schema has checked. */
function codeOf(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && "code" in parsed ? String(parsed.code) : text;
  } catch {
    return text;
  }
}

function usageOf(result: RunResult<undefined>): StoryUsage {
  const { inputTokens, outputTokens, usd, estimated, calls } = result.usage.total;
  return { inputTokens, outputTokens, usd, areTokensEstimated: estimated, modelCalls: calls };
}
