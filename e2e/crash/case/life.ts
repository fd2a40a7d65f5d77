import type { DurableRunEvent } from "@troupe/agentchat";
import type { OutsideBook } from "../outside/outside-server.ts";
import type { WriteKill, ReportLine, Start } from "../worker/assignment.ts";
import type { Kill } from "../campaign/kill-plan.ts";
import type { WorkerEnd, WorkerProcess } from "../campaign/worker-pool.ts";

/** What one process did between its assignment and its end. */
export interface Life {
  readonly lines: readonly ReportLine[];
  readonly end: WorkerEnd;
  /** True when the plan ended it; a process that finishes first is let go. */
  readonly isKilled: boolean;
  /** True when it did nothing more for longer than any of it may take. */
  readonly isStuck: boolean;
  /** Milliseconds from when there was something to interrupt to its end; 0 when there never was. */
  readonly workedMs: number;
}

/** What a life is made of. */
export interface LifeOptions {
  /** Has prepared its assignment. */
  readonly worker: WorkerProcess;
  readonly start: Start;
  readonly lane: string;
  /** From 0: the how manieth process of its lane this is. */
  readonly life: number;
  readonly book: OutsideBook;
  readonly kill: Kill | undefined;
  /** Number of the last event that was seen in a life before. */
  readonly seen: number;
  readonly limitMs: number;
}

/** The part of a plan that the worker itself carries out. */
export function writeKill(kill: Kill | undefined): WriteKill | undefined {
  return kill !== undefined && "number" in kill && kill.at.startsWith("write-") ? (kill as WriteKill) : undefined;
}

/** Lets a worker carry out its assignment, and kills it where the plan says. */
export async function live(options: LifeOptions): Promise<Life> {
  const { worker, kill, seen, limitMs } = options;
  const lines: ReportLine[] = [];
  const timers: NodeJS.Timeout[] = [];
  let isKilled = false;
  let isStuck = false;
  let preparedAt: number | undefined;
  const die = (afterMs: number): void => {
    if (isKilled) return;
    isKilled = true;
    if (afterMs === 0) worker.kill();
    else timers.push(setTimeout(() => worker.kill(), afterMs));
  };
  listenOutside(options, die);
  timers.push(
    setTimeout(() => {
      isStuck = true;
      worker.kill();
    }, limitMs),
  );
  worker.go(options.start, (line) => {
    lines.push(line);
    // Times count from when there is something to interrupt.
    if (line.kind === "prepared") preparedAt = performance.now();
    if (line.kind === "prepared" && kill?.at === "time") timers.push(setTimeout(() => die(0), kill.afterMs));
    if (line.kind === "dying") isKilled = true;
    if (kill?.at === "event" && line.kind === "event" && line.event.sequence === seen + kill.number) die(kill.afterMs);
    if (kill?.at === "finished" && (line.kind === "finished" || line.kind === "memories")) die(0);
  });
  const end = await worker.ended;
  for (const timer of timers) clearTimeout(timer);
  const workedMs = preparedAt === undefined ? 0 : performance.now() - preparedAt;
  return { lines, end, isKilled: isKilled && end.signal === "SIGKILL", isStuck, workedMs };
}

/** Deaths at requests: the world outside tells when they come. */
function listenOutside({ book, lane, life, kill }: LifeOptions, die: (afterMs: number) => void): void {
  let requests = 0;
  let answers = 0;
  book.listen(lane, {
    life,
    onCall: () => {
      requests += 1;
      if (kill?.at !== "request" || kill.number !== requests) return "answer";
      die(0);
      return "withhold";
    },
    onAnswered: () => {
      answers += 1;
      if (kill?.at === "answer" && kill.number === answers) die(kill.afterMs);
    },
  });
}

/** The durable events a life reported. */
export function eventsOf(lines: readonly ReportLine[]): readonly DurableRunEvent[] {
  return lines.flatMap((line) => (line.kind === "event" ? [line.event] : []));
}
