import type { DurableRunEvent } from "@troupe/agentchat";
import type { OutsideBook } from "../outside/outside-server.ts";
import type { AppendKill, Assignment, ReportLine } from "../worker/assignment.ts";
import type { Kill } from "./kill-plan.ts";
import type { WorkerEnd, WorkerProcess } from "./worker-pool.ts";

/** What one process did between its assignment and its end. */
export interface Life {
  readonly lines: readonly ReportLine[];
  readonly end: WorkerEnd;
  /** True when the plan ended it; a process that finishes first is let go. */
  readonly isKilled: boolean;
  /** True when it did nothing more for longer than any of it may take. */
  readonly isStuck: boolean;
}

/** What a life is made of. */
export interface LifeOptions {
  readonly worker: WorkerProcess;
  readonly assignment: Assignment;
  readonly book: OutsideBook;
  readonly kill: Kill | undefined;
  /** Number of the last event that was seen in a life before. */
  readonly seen: number;
  readonly limitMs: number;
}

/** The part of a plan that the worker itself carries out. */
export function appendKill(kill: Kill | undefined): AppendKill | undefined {
  return kill !== undefined && "number" in kill && kill.at.startsWith("append-") ? (kill as AppendKill) : undefined;
}

/** Lets a worker carry out its assignment, and kills it where the plan says. */
export async function live(options: LifeOptions): Promise<Life> {
  const { worker, assignment, book, kill, seen, limitMs } = options;
  const lines: ReportLine[] = [];
  const timers: NodeJS.Timeout[] = [];
  let isKilled = false;
  let isStuck = false;
  const die = (afterMs: number): void => {
    if (isKilled) return;
    isKilled = true;
    if (afterMs === 0) worker.kill();
    else timers.push(setTimeout(() => worker.kill(), afterMs));
  };
  let requests = 0;
  book.onCall = () => {
    requests += 1;
    if (kill?.at !== "request" || kill.number !== requests) return "answer";
    die(0);
    return "withhold";
  };
  let answers = 0;
  book.onAnswered = () => {
    answers += 1;
    if (kill?.at === "answer" && kill.number === answers) die(kill.afterMs);
  };
  if (kill?.at === "time") timers.push(setTimeout(() => die(0), kill.afterMs));
  timers.push(
    setTimeout(() => {
      isStuck = true;
      worker.kill();
    }, limitMs),
  );
  worker.assign(assignment, (line) => {
    lines.push(line);
    if (line.kind === "dying") isKilled = true;
    if (kill?.at === "event" && line.kind === "event" && line.event.sequence === seen + kill.number) die(kill.afterMs);
    if (kill?.at === "finished" && (line.kind === "finished" || line.kind === "memories")) die(0);
  });
  const end = await worker.ended;
  for (const timer of timers) clearTimeout(timer);
  book.onCall = () => "withhold";
  return { lines, end, isKilled: isKilled && end.signal === "SIGKILL", isStuck };
}

/** The durable events a life reported. */
export function eventsOf(lines: readonly ReportLine[]): readonly DurableRunEvent[] {
  return lines.flatMap((line) => (line.kind === "event" ? [line.event] : []));
}
