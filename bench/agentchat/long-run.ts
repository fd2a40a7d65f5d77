// A run of two who say a word in turns, as long as wanted, on any store: how it comes about, and what is seen of it afterwards.
import { type Run, RoundRobinGroupChat } from "@troupe/agentchat";
import { InProcessRuntime, type Store } from "@troupe/core";
import { Speaker } from "./speakers.ts";

const runId = "long";

/** Two who say a word in turns. */
export function createTalkers(turns: number, onTurn?: () => void): RoundRobinGroupChat {
  const participants = [new Speaker("left", onTurn), new Speaker("right")];
  return new RoundRobinGroupChat({ name: "long", participants, maxTurns: turns, budget: "unbounded" });
}

/** A run to be left behind. */
export interface Talk {
  readonly messages: number;
  /** True: its process goes before it is over. */
  readonly isLeft: boolean;
  /** Called with every second turn. */
  readonly onTurn?: (turns: number, run: Run<unknown>) => void;
}

/** A run of so many messages on a store, which is closed in the end. */
export async function talk(store: Store, { messages, isLeft, onTurn }: Talk): Promise<void> {
  const runtime = new InProcessRuntime({ store });
  let turns = 0;
  const reached = Promise.withResolvers<void>();
  const team = createTalkers(isLeft ? messages * 2 : messages, () => {
    turns += 2;
    if (turns === messages) reached.resolve();
    onTurn?.(turns, run);
  });
  const run = team.run("go", { runtime, runId });
  if (isLeft) {
    await reached.promise;
    // Left in the middle: closing records nothing, as a death does not.
    run.handle.result().catch(() => {});
    await runtime.close({ graceMs: 0 });
  } else {
    await run;
    await runtime.close();
  }
  await store.close();
}

const messagesPerRun = 20;

/** A conversation of so many messages, every run of which had an owner of its own, on a store that `open` opens for it and that it closes. */
export async function converse(messages: number, open: () => Store): Promise<void> {
  for (let written = 0; written < messages; written += messagesPerRun) {
    const store = open();
    const runtime = new InProcessRuntime({ store });
    // The task is a message too.
    await createTalkers(messagesPerRun - 1)
      .session("long", { runtime })
      .run("go");
    await runtime.close();
    await store.close();
  }
}

/** Number of the last event in a store's only cell; closes the store. */
export async function lastSequence(store: Store): Promise<number> {
  const [cell] = await store.cells();
  const records = await store.read(cell?.cell ?? "");
  await store.close();
  return records.reduce((last, record) => ("events" in record ? (record.events?.at(-1)?.sequence ?? last) : last), 0);
}

/** Waits until something is seen of what is stored. */
export type See = (team: RoundRobinGroupChat, runtime: InProcessRuntime) => Promise<void>;

/** The result of a run that had ended. */
export const seeResult =
  (messages: number): See =>
  async (team, runtime) => {
    const result = await team.attach(runId, { runtime });
    if (result.messages.length !== messages + 1) throw new Error(`${result.messages.length} messages`);
  };

/** The first event that is new of a run that goes on. */
export const seeEvent =
  (from: number): See =>
  async (team, runtime) => {
    const { handle } = team.attach(runId, { runtime });
    handle.result().catch(() => {});
    for await (const event of handle.events({ from })) {
      if (event.isLive) continue;
      if (event.sequence !== from) throw new Error(`event ${event.sequence} instead of ${from}`);
      return;
    }
    throw new Error("the run did not go on");
  };

/** The first event of a conversation's next run. */
export const seeNextRun =
  (messages: number): See =>
  async (team, runtime) => {
    const session = team.session("long", { runtime });
    const { handle } = session.run("go on");
    handle.result().catch(() => {});
    for await (const event of handle.events()) if (!event.isLive) break;
    const known = await session.messages();
    if (known.length < messages) throw new Error(`${known.length} messages`);
  };
