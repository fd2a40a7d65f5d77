import type { OutsideBook, OutsideServer } from "../outside/outside-server.ts";
import type { Assignment, Start } from "../worker/assignment.ts";
import type { Kill } from "../campaign/kill-plan.ts";
import { writeKill, type Life, live } from "./life.ts";
import type { WorkerPool, WorkerProcess } from "../campaign/worker-pool.ts";

/** What every case of a campaign shares. */
export interface CaseTools {
  readonly pool: WorkerPool;
  readonly server: OutsideServer;
  /** Milliseconds that one process may take. */
  readonly limitMs: number;
  /** True keeps the next process ready on the same store while one works, as a second worker of a service is. */
  readonly hasStandby: boolean;
}

/** Processes that do one thing, one after the other: each goes on where the one before it died. */
export interface LaneOptions {
  readonly lane: string;
  readonly book: OutsideBook;
  readonly kills: readonly Kill[];
  /** What all its processes are to do. */
  readonly assignment: (kill: Kill | undefined) => Assignment;
  /** Asked when a process begins; `deaths` were before it. */
  readonly start: (deaths: number) => Start;
  /** Events seen so far. */
  readonly seen: () => number;
  /** Hears of each life when it is over. */
  readonly onLife: (life: Life) => Promise<void> | void;
}

/** Lives through all deaths of a lane; returns the life that nobody ended. */
export async function runLane(options: LaneOptions, tools: CaseTools): Promise<Life> {
  const prepare = async (deaths: number): Promise<WorkerProcess> => {
    const worker = await tools.pool.take();
    worker.prepare(options.assignment(options.kills[deaths]));
    return worker;
  };
  let standby: WorkerProcess | undefined;
  try {
    for (let deaths = 0; ; deaths++) {
      const worker = standby ?? (await prepare(deaths));
      standby = tools.hasStandby && deaths < options.kills.length ? await prepare(deaths + 1) : undefined;
      const { lane, book, kills, start, seen } = options;
      const { limitMs } = tools;
      const kill = kills[deaths];
      const life = await live({ worker, start: start(deaths), lane, life: deaths, book, kill, seen: seen(), limitMs });
      await options.onLife(life);
      if (!life.isKilled) return life;
    }
  } finally {
    standby?.kill();
    await standby?.ended;
  }
}

/** What all assignments of a case share. */
export function commonParts({ server }: CaseTools, kill: Kill | undefined): Pick<Assignment, "outsideUrl" | "kill"> {
  return { outsideUrl: server.url, kill: writeKill(kill) };
}
