import { copyFileSync } from "node:fs";
import { listRuns, RoundRobinGroupChat } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { type SqliteStore, sqliteStore } from "@troupe/sqlite";
import { Speaker } from "../agentchat/speakers.ts";
import type { Benchmark } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCost } from "../harness/measure.ts";
import { openTemporaryStore, temporaryFile } from "./temporary-store.ts";

interface LangGraphPeer {
  createResume(messages: number, file: string): Promise<() => Promise<number>>;
}

const runId = "long";

/** Two who say a word in turns. */
function createTeam(turns: number, onTurn?: () => void): RoundRobinGroupChat {
  const participants = [new Speaker("left", onTurn), new Speaker("right")];
  return new RoundRobinGroupChat({ name: "long", participants, maxTurns: turns, budget: "unbounded" });
}

interface LongRun {
  readonly path: string;
  readonly snapshotMs: number;
  readonly remove: () => Promise<void>;
}

/** A run of so many messages in a file; whoever owns it takes snapshots near its end. `isLeft`: its process goes before it is over. */
async function talk(messages: number, isLeft: boolean): Promise<LongRun> {
  const { store, path, remove } = openTemporaryStore({ sync: "normal" });
  const runtime = new InProcessRuntime({ store });
  let turns = 0;
  let snapshotMs = Number.POSITIVE_INFINITY;
  const reached = Promise.withResolvers<void>();
  const team = createTeam(isLeft ? messages * 2 : messages, () => {
    turns += 2;
    if (turns === messages) reached.resolve();
    if (turns < messages - 20 || turns > messages) return;
    const startedAt = performance.now();
    const snapshot = run.handle.snapshot();
    snapshotMs = Math.min(snapshotMs, performance.now() - startedAt);
    if (snapshot.messages.length < turns - 4) throw new Error(`only ${snapshot.messages.length} messages`);
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
  return { path, snapshotMs, remove };
}

/** Attaches in a new runtime on a copy of the file; milliseconds until `seen` is satisfied. */
async function measureAttach(
  from: string,
  repetitions: number,
  seen: (team: RoundRobinGroupChat, runtime: InProcessRuntime) => Promise<void>,
): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const copies = Array.from({ length: repetitions + 1 }, () => temporaryFile());
  for (const copy of copies) copyFileSync(from, copy.path);
  const opened: (readonly [InProcessRuntime, SqliteStore])[] = [];
  const cost = await leastCost(repetitions, async () => {
    const store = sqliteStore(copies[opened.length]?.path ?? "", { sync: "normal" });
    const runtime = new InProcessRuntime({ store });
    opened.push([runtime, store]);
    await seen(createTeam(1_000_000), runtime);
  });
  for (const [runtime, store] of opened) {
    await runtime.close({ graceMs: 0 });
    await store.close();
  }
  for (const copy of copies) copy.remove();
  return cost;
}

/** The result of a run that had ended. */
async function seeResult(messages: number, team: RoundRobinGroupChat, runtime: InProcessRuntime): Promise<void> {
  const result = await team.attach(runId, { runtime });
  if (result.messages.length !== messages + 1) throw new Error(`${result.messages.length} messages`);
}

/** The first event that is new of a run that goes on. */
async function seeEvent(from: number, team: RoundRobinGroupChat, runtime: InProcessRuntime): Promise<void> {
  const { handle } = team.attach(runId, { runtime });
  handle.result().catch(() => {});
  for await (const event of handle.events({ from })) {
    if (event.isLive) continue;
    if (event.sequence !== from) throw new Error(`event ${event.sequence} instead of ${from}`);
    return;
  }
  throw new Error("the run did not go on");
}

const messagesPerRun = 20;

/** A conversation of so many messages, every run of which had a process of its own. */
async function converse(messages: number): Promise<Pick<LongRun, "path" | "remove">> {
  const { store, path, reopen, remove } = openTemporaryStore({ sync: "normal" });
  let opened = store;
  for (let written = 0; written < messages; written += messagesPerRun) {
    const runtime = new InProcessRuntime({ store: opened });
    // The task is a message too.
    await createTeam(messagesPerRun - 1)
      .session("long", { runtime })
      .run("go");
    await runtime.close();
    await opened.close();
    opened = reopen();
  }
  await opened.close();
  return { path, remove };
}

/** The first event of a conversation's next run. */
async function seeNextRun(messages: number, team: RoundRobinGroupChat, runtime: InProcessRuntime): Promise<void> {
  const session = team.session("long", { runtime });
  const { handle } = session.run("go on");
  handle.result().catch(() => {});
  for await (const event of handle.events()) if (!event.isLive) break;
  const known = await session.messages();
  if (known.length < messages) throw new Error(`${known.length} messages`);
}

/** Number of the last event in a file's only cell. */
async function lastSequence(path: string): Promise<number> {
  const store = sqliteStore(path);
  const [cell] = await store.cells();
  const records = await store.read(cell?.cell ?? "");
  await store.close();
  return records.reduce((last, record) => ("events" in record ? (record.events?.at(-1)?.sequence ?? last) : last), 0);
}

/** Milliseconds of listing so many runs that wait for answers, each in a session of its own, in a file just opened. */
async function measureList(count: number, repetitions: number): Promise<number> {
  const { store, reopen, remove } = openTemporaryStore({ sync: "normal" });
  const at = 1_767_225_600_000;
  const note = async (index: number): Promise<void> => {
    const cell = `asker/session-${index}`;
    const runs = [{ runId: `run-${index}`, status: "waiting", sequence: 3, questions: 1 }] as const;
    const fence = await store.claim(cell, "bench");
    await store.append(cell, fence, [{ kind: "recovered", at }], { isBusy: true, runs });
  };
  await Promise.all(Array.from({ length: count }, (_, index) => note(index)));
  await store.close();
  const { wallMs } = await leastCost(repetitions, async () => {
    const again = reopen();
    const runtime = new InProcessRuntime({ store: again });
    const listed = await listRuns(runtime, { status: ["waiting"], limit: count });
    if (listed.length !== count) throw new Error(`${listed.length} of ${count} runs`);
    await runtime.close();
    await again.close();
  });
  await remove();
  return wallMs;
}

/** Milliseconds in which LangGraph.js finds the state of a thread of so many messages in a file. */
async function measureLangGraph(messages: number, repetitions: number): Promise<number> {
  const peer = await loadPeer<LangGraphPeer>("langgraph-tools");
  const file = temporaryFile();
  const again = await peer.createResume(messages, file.path);
  const { wallMs } = await leastCost(repetitions, async () => {
    if ((await again()) !== messages) throw new Error("the thread lost messages");
  });
  file.remove();
  return wallMs;
}

/** What it takes to go on where a process has ended. */
export const resume: Benchmark = {
  claim:
    "a run of 10,000 messages is taken up again in 200 ms after a restart; a snapshot of it takes 5 ms; 10,000 waiting runs are listed in 200 ms",
  run: async (scale) => {
    const [messages, repetitions] = [scale.count(10_000, 60), scale.count(7, 1)];
    const what = `a run of ${messages.toLocaleString("en-US")} messages`;
    const ended = await talk(messages, false);
    const result = await measureAttach(ended.path, repetitions, (team, runtime) => seeResult(messages, team, runtime));
    await ended.remove();
    const left = await talk(messages, true);
    const from = (await lastSequence(left.path)) + 1;
    const event = await measureAttach(left.path, repetitions, (team, runtime) => seeEvent(from, team, runtime));
    await left.remove();
    const conversation = await converse(messages);
    const next = await measureAttach(conversation.path, repetitions, (team, runtime) =>
      seeNextRun(messages, team, runtime),
    );
    await conversation.remove();
    const runs = scale.count(10_000, 50);
    const langGraph = await measureLangGraph(messages, repetitions);
    return [
      { label: `run.snapshot() of ${what}, while it goes on`, value: left.snapshotMs, unit: "ms", limit: 5 },
      { label: `${what} that was left: attach, to its first new event`, value: event.wallMs, unit: "ms", limit: 200 },
      { label: "its CPU", value: event.cpuMs, unit: "ms CPU" },
      {
        label: `${what} that had ended: attach, to its result`,
        value: result.wallMs,
        unit: "ms",
        limit: 200,
        beside: [{ name: "LangGraph.js, getState of a thread", value: langGraph, role: "for-scale" }],
      },
      { label: "its CPU", value: result.cpuMs, unit: "ms CPU" },
      {
        label: `a conversation of ${messages.toLocaleString("en-US")} messages, each run in its own process: its next run's first event`,
        value: next.wallMs,
        unit: "ms",
        limit: 200,
      },
      { label: "its CPU", value: next.cpuMs, unit: "ms CPU" },
      {
        label: `listing ${runs.toLocaleString("en-US")} waiting runs, file just opened`,
        value: await measureList(runs, repetitions),
        unit: "ms",
        limit: 200,
      },
    ];
  },
};
