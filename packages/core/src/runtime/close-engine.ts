import { createDeferred, type MaybePromise } from "../async/index.ts";
import { StoreError } from "../errors/index.ts";
import { closed } from "./door/front-door.ts";
import type { Mail } from "../store/index.ts";
import type { Engine } from "./engine.ts";
import type { Turn } from "./turn/turn.ts";

/** Pause before a release at close is tried again, doubled each time, and how often that is. Milliseconds. */
const retryAfterMs = 50;
const maxRetries = 4;

/**
 * Closes a runtime (C19): no new work, callers are told at once, running steps get the grace, the rest is abandoned without a
 * record. With the memory store what was never handled ends in the dead letters, because no other runtime will come for it.
 */
export async function closeEngine(engine: Engine, graceMs: number): Promise<void> {
  engine.isClosed = true;
  const tell = (mail: Mail): Error | undefined =>
    mail.replyTo?.kind === "outside" ? closed(mail.messageId, "unknown") : undefined;
  if (engine.store.isDurable) engine.pending.detach(tell);
  else engine.pending.end(tell);
  if (!engine.store.isDurable) cancelRuns(engine);
  await Promise.race([engine.whenIdle(), after(engine, graceMs)]);
  engine.scheduler.close();
  for (const agent of engine.agents.all()) {
    for (const mail of agent.drain()) if (!engine.store.isDurable) void engine.post.bury(mail, "closed", undefined);
    for (const turn of agent.turns) turn.abandonUnrecorded();
  }
  engine.pending.clear();
  engine.waits.clear();
  engine.leases.stop();
  const left = engine.agents.clear();
  for (const release of engine.onClose.splice(0)) release();
  await Promise.race([Promise.all([left, engine.settleOwned()]), after(engine, graceMs)]);
  if (engine.store.isDurable) await Promise.race([releaseAll(engine), after(engine, graceMs)]);
  engine.timers.clear();
}

/** Other processes need not wait for this one's lease to end. A store that fails for a moment is asked again while the grace lasts. */
async function releaseAll(engine: Engine): Promise<void> {
  let open: readonly (() => MaybePromise<void>)[] = [
    () => engine.remote.close(),
    () => engine.store.release(engine.owner),
  ];
  for (let failures = 0; failures <= maxRetries; failures++) {
    const failed: (() => MaybePromise<void>)[] = [];
    for (const act of open) {
      try {
        await act();
      } catch (error) {
        if (failures === 0) engine.report(error, "release of the runtime's cells");
        if (!isStoreClosed(error)) failed.push(act);
      }
    }
    open = failed;
    if (open.length === 0 || failures === maxRetries) return;
    await after(engine, retryAfterMs * 2 ** failures);
  }
}

function isStoreClosed(error: unknown): boolean {
  return error instanceof StoreError && error.code === "store.closed";
}

/** Runs on the memory store end as cancelled: their turns get the chance to close in order. */
function cancelRuns(engine: Engine): void {
  const reason = { kind: "cancel", detail: "the runtime is closing" } as const;
  for (const cell of engine.agents.cells.all()) for (const run of cell.runs()) run.stop ??= reason;
  const turns: Turn[] = [...engine.agents.all()].flatMap((agent) => [...agent.turns]);
  for (const turn of turns)
    if (turn.run !== undefined) engine.own(turn.control(reason), `cancel of turn "${turn.id}" at close`);
}

function after(engine: Engine, delayMs: number): Promise<void> {
  const elapsed = createDeferred<void>();
  engine.timers.set(delayMs, () => elapsed.resolve()).keepAlive?.(true);
  return elapsed.promise;
}
