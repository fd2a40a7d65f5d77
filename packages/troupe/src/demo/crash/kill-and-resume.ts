import { rm } from "node:fs/promises";
import type { ChatMessage, RunResult } from "@troupe/agentchat";
import { createSeededRandom, type StoreRecord, TeamError } from "@troupe/core";
import { sqliteStore } from "@troupe/sqlite";
import { createInvestigation, investigationName, investigationTask } from "../investigation.ts";
import type { DemoOptions } from "../run-demo.ts";
import type { CallCounts, CrashStory } from "../story.ts";
import type { Storyteller } from "../storyteller.ts";
import { crashRunId, type WorkerOrder, type WorkerReport } from "./crash-protocol.ts";
import { runWorker } from "./worker-process.ts";

/** How a demonstration is killed. */
export interface CrashOptions {
  /** Equal seeds kill at the same event. */
  readonly seed: number;
  /** The database file of the run; what is in it goes first. */
  readonly storePath: string;
  /** For the worker processes, which load their own. */
  readonly dataPath?: string | undefined;
  readonly modelId?: string | undefined;
}

/** What a run that was killed came to. */
export interface CrashOutcome {
  readonly result: RunResult<undefined>;
  readonly crash: CrashStory;
}

/** What is run, how it is killed, and who tells of it. */
export interface CrashPlan {
  readonly demo: DemoOptions;
  readonly crash: CrashOptions;
  readonly teller: Storyteller;
}

/** Events of a run with a real model in which it may be killed: it is not run twice to count them. */
const unknownEventCount = 30;

/**
 * Runs the investigation in a process of its own, kills that at a random event, and lets another one go on from the file it has left.
 *
 * With the stand-in model the same investigation runs once more, undisturbed, to compare with.
 *
 * @throws StoreError, TeamError when a worker process fails; the signal's reason after an abort.
 */
export async function killAndResume({ demo, crash, teller }: CrashPlan): Promise<CrashOutcome> {
  const undisturbed = demo.isStandIn ? await runUndisturbed(demo) : undefined;
  const stopAt = pickEvent(crash.seed, undisturbed?.eventCount ?? unknownEventCount);
  await clearStore(crash.storePath);
  const { storePath, dataPath, modelId } = crash;
  const order: WorkerOrder = {
    storePath,
    ...(dataPath !== undefined && { dataPath }),
    ...(modelId !== undefined && { modelId }),
  };
  const heard = new Hearing(demo, teller);
  const work = (more: Pick<WorkerOrder, "stopAt">): Promise<void> =>
    runWorker({ order: { ...order, ...more }, onReport: (report) => heard.take(report), signal: demo.signal });
  await work({ stopAt });
  const isKilled = heard.result === undefined;
  const atKill = isKilled ? await countOutcomes(storePath) : undefined;
  const madeAtKill = { ...heard.made };
  if (isKilled) {
    teller.killed();
    demo.screen.status("killed; another process goes on...");
    await work({});
  }
  const { result, made, eventCount } = heard;
  if (result === undefined)
    throw new TeamError("run.failed", "The second process ended without a result", { remedy: "Run it again." });
  const recorded = await countOutcomes(storePath);
  const countsOf = (what: "model" | "program"): CallCounts => ({
    made: made[what],
    recorded: recorded[what],
    inFlight: atKill === undefined ? 0 : madeAtKill[what] - atKill[what],
  });
  return {
    result,
    crash: {
      seed: crash.seed,
      killedAt: isKilled ? stopAt : undefined,
      eventCount,
      models: countsOf("model"),
      programs: countsOf("program"),
      messageCount: result.messages.length,
      isSameTranscript: undisturbed === undefined ? undefined : isSame(result.messages, undisturbed.messages),
    },
  };
}

/** What the worker processes have told so far. */
class Hearing {
  readonly made = { model: 0, program: 0 };
  result: RunResult<undefined> | undefined;
  eventCount = 0;
  readonly #demo: DemoOptions;
  readonly #teller: Storyteller;

  constructor(demo: DemoOptions, teller: Storyteller) {
    this.#demo = demo;
    this.#teller = teller;
  }

  take(report: WorkerReport): void {
    switch (report.kind) {
      case "event":
        this.eventCount = report.event.sequence;
        this.#teller.hear(report.event);
        return;
      case "calling":
        this.made[report.what] += 1;
        this.#demo.screen.status(report.what === "model" ? "a model is asked..." : "a program runs...");
        return;
      case "finished":
        this.result = report.result;
        this.#demo.screen.status("");
        return;
      case "stopped":
        return;
    }
  }
}

interface Undisturbed {
  readonly eventCount: number;
  readonly messages: readonly ChatMessage[];
}

async function runUndisturbed({ table, model, executor, runtime, signal, screen }: DemoOptions): Promise<Undisturbed> {
  screen.status("first without a crash, to compare with...");
  const run = createInvestigation({ table, model, executor }).run(investigationTask(table), { runtime, signal });
  let eventCount = 0;
  for await (const event of run) eventCount = event.sequence;
  const { messages } = await run;
  screen.status("");
  return { eventCount, messages };
}

/** The event at which a seed kills: any but the last, because a run that has ended cannot be killed. */
export function pickEvent(seed: number, eventCount: number): number {
  return 1 + Math.floor(createSeededRandom(seed).next() * Math.max(1, eventCount - 1));
}

/** SQLite keeps a file or two beside its own. */
async function clearStore(path: string): Promise<void> {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) await rm(file, { force: true });
}

/** How many calls of models and runs of programs have their outcome in the log. */
async function countOutcomes(storePath: string): Promise<{ readonly model: number; readonly program: number }> {
  const store = sqliteStore(storePath);
  try {
    const outcomes = (await store.read(`${investigationName}/${crashRunId}`)).filter(isOutcome);
    const model = outcomes.filter(({ key }) => /(?:^|\/)model#/.test(key)).length;
    const program = outcomes.filter(({ key }) => /(?:^|\/)(?:code#|tool:)/.test(key)).length;
    return { model, program };
  } finally {
    await store.close();
  }
}

function isOutcome(record: StoreRecord): record is Extract<StoreRecord, { readonly kind: "step-settled" }> {
  return record.kind === "step-settled" && record.outcome.status === "done";
}

/** Who said what, in order; ids and times are those of a run. */
function isSame(left: readonly ChatMessage[], right: readonly ChatMessage[]): boolean {
  const wordsOf = (messages: readonly ChatMessage[]): string =>
    JSON.stringify(messages.map(({ source, text }) => [source, text]));
  return wordsOf(left) === wordsOf(right);
}
